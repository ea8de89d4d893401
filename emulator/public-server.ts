import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import formbody from '@fastify/formbody';
import Fastify, { type FastifyInstance } from 'fastify';
import { OAuthError } from './errors';
import { addFaultHooks } from './fault-hooks';
import { addRateLimit } from './rate-limit';
import { addRequestLog } from './request-log';
import { associateRoute } from './routes/associate';
import { authenticatorsRoutes } from './routes/authenticators';
import { authorizeRoute } from './routes/authorize';
import { discoveryRoutes } from './routes/discovery';
import { ManagementError } from './management/access';
import { authenticationMethodsRoutes } from './management/authentication-methods';
import { managementClientsRoutes } from './management/clients';
import { enrollmentsRoutes } from './management/enrollments';
import { guardianRoutes } from './management/guardian';
import { tenantSettingsRoutes } from './management/tenant-settings';
import { managementUsersRoutes } from './management/users';
import { challengeRoute } from './routes/challenge';
import { sessionRoutes } from './routes/session';
import { loginRoutes } from './routes/login';
import { mfaChallengePageRoutes } from './routes/mfa-challenge-page';
import { tokenRoute } from './routes/token';
import type { Tenant } from './tenant';

/** What the world sees: Auth0's own paths and nothing else. */
export async function createPublicServer(
  tenant: Tenant,
  closing: AbortSignal,
  /** Null: plain http. */
  https: { readonly key: string; readonly cert: string } | null,
): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    https,
    forceCloseConnections: true,
    bodyLimit: 64 * 1024,
    routerOptions: { maxParamLength: 300 },
  });
  addRequestLog(app, tenant);
  addRateLimit(app, tenant);
  addFaultHooks(app, tenant, closing);
  app.addHook('onSend', async (_request, reply) => {
    // Clients measure clock skew against this header, so it must tell the emulator's time.
    reply.header('date', new Date(tenant.clock.now()).toUTCString());
  });
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof ManagementError) return reply.code(error.status).send(error.body());
    if (error instanceof OAuthError) return reply.code(error.status).send(error.body());
    const status = statusOf(error);
    return reply.code(status).send({
      error: status < 500 ? 'invalid_request' : 'server_error',
      error_description: error instanceof Error ? error.message : 'Internal server error',
    });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: 'not_found', error_description: 'Not Found' }),
  );

  // Auth0's own SDK sends DELETE with a JSON content type and nothing in it, and a real tenant takes that.
  const readJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void readJson(request, body, done);
  });
  await app.register(cookie);
  await app.register(formbody);
  await app.register(cors, {
    origin: (origin, answer) => {
      answer(null, origin !== undefined && isAllowedOrigin(tenant, origin) ? origin : false);
    },
    methods: ['GET', 'POST', 'DELETE', 'PATCH', 'PUT'],
    allowedHeaders: ['Auth0-Client', 'Authorization', 'Content-Type', 'DPoP'],
    exposedHeaders: ['DPoP-Nonce', 'X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'Retry-After'],
    credentials: true,
  });
  for (const add of [
    discoveryRoutes,
    authorizeRoute,
    loginRoutes,
    mfaChallengePageRoutes,
    tokenRoute,
    associateRoute,
    authenticatorsRoutes,
    challengeRoute,
    sessionRoutes,
    managementUsersRoutes,
    authenticationMethodsRoutes,
    enrollmentsRoutes,
    guardianRoutes,
    managementClientsRoutes,
    tenantSettingsRoutes,
  ]) {
    add(app, tenant);
  }
  return app;
}

const statusOf = (error: unknown): number =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;

/** An application lists its callbacks; the origins of these may call from a browser. No list: any origin. */
function isAllowedOrigin(tenant: Tenant, origin: string): boolean {
  return [...tenant.state.applications.values()].some(
    ({ callbacks }) => callbacks.length === 0 || callbacks.some((callback) => new URL(callback).origin === origin),
  );
}
