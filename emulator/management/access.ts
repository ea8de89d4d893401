import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { words } from '../fields';
import { issuerFor, managementAudiences } from '../place';
import type { Tenant } from '../tenant';
import type { User } from '../user';
import type { ManagementScope } from './scopes';

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
};

/** An answer of the Management API that is not 2xx: another envelope than the authentication endpoints'. */
export class ManagementError extends Error {
  override readonly name = 'ManagementError';

  constructor(
    readonly status: 400 | 401 | 403 | 404 | 409,
    readonly errorCode: string,
    message: string,
  ) {
    super(message);
  }

  body(): Record<string, unknown> {
    const { status, message, errorCode } = this;
    return { statusCode: status, error: reasons[status], message, errorCode };
  }
}

/** @throws ManagementError 401 or 403 */
export async function requireScope(tenant: Tenant, request: FastifyRequest, scope: ManagementScope): Promise<void> {
  const [scheme, token] = words(request.headers.authorization);
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined) {
    throw new ManagementError(401, 'missing_token', 'Missing authentication');
  }
  const verified = await tenant.tokens.verify(token);
  if (verified.state === 'expired') throw new ManagementError(401, 'invalid_token', 'Expired token received');
  const forUs =
    verified.state === 'valid' &&
    verified.claims.iss === issuerFor(tenant.place, request.host) &&
    verified.claims.aud.some((one) => managementAudiences(tenant.place).includes(one));
  if (!forUs) throw new ManagementError(401, 'invalid_token', 'Invalid token');
  if (!verified.claims.scope.includes(scope)) {
    throw new ManagementError(403, 'insufficient_scope', `Insufficient scope; expected any of: \`${scope}\`.`);
  }
}

/** @throws ManagementError 404 */
export function requireUser(tenant: Tenant, userId: string): User {
  const user = tenant.state.users.get(userId);
  if (user === undefined) throw new ManagementError(404, 'inexistent_user', 'The user does not exist.');
  return user;
}

/** @throws ManagementError 400 that says what was expected */
export function readBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ManagementError(400, 'invalid_body', `Payload validation error: ${z.prettifyError(parsed.error)}`);
}
