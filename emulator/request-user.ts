import type { FastifyRequest } from 'fastify';
import { textField, words } from './fields';
import type { Tenant } from './tenant';

/**
 * The user whose token a request carries, be it good or expired: in the bearer header, as `mfa_token` or `refresh_token`,
 * or as an authorization code. Undefined without a token of this tenant.
 */
export async function userOfRequest(tenant: Tenant, { body, headers }: FastifyRequest): Promise<string | undefined> {
  const { refreshTokens, authorizationCodes } = tenant.state;
  const token = textField(body, 'mfa_token') ?? bearerOf(headers.authorization);
  return (
    refreshTokens.get(textField(body, 'refresh_token') ?? '')?.userId ??
    authorizationCodes.get(textField(body, 'code') ?? '')?.session.userId ??
    (token === undefined ? undefined : await userOfToken(tenant, token))
  );
}

function bearerOf(header: string | undefined): string | undefined {
  const [scheme, token] = words(header);
  return scheme?.toLowerCase() === 'bearer' ? token : undefined;
}

async function userOfToken({ seals, tokens }: Tenant, token: string): Promise<string | undefined> {
  if (token.startsWith('Fe26.')) {
    const content = await seals.unseal(token);
    return content?.kind === 'mfa_token' ? content.userId : undefined;
  }
  const verified = await tokens.verify(token);
  return verified.state === 'invalid' ? undefined : verified.claims.sub;
}
