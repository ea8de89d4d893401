import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Registry } from 'prom-client';
import type { Authenticate } from './access';
import { answerError, answerNotFound } from './error-handler';
import { guard } from './guard';
import { measureRequests } from './metrics';
import { openApi } from './openapi';
import { ApiProblem } from './problems';
import { caseRoutes } from './routes/cases';
import { codeRoutes } from './routes/codes';
import { eventRoutes } from './routes/events';
import { healthRoutes } from './routes/health';
import { manageRoutes } from './routes/manage';
import type { App, RouteParts } from './routes/shared';
import { signInRoutes, type SignInParts } from './routes/sign-in';

export interface AppParts extends RouteParts, SignInParts {
  readonly authenticate: Authenticate;
  /** Rejects when Temporal cannot be reached. */
  readonly ready: () => Promise<void>;
  readonly registry: Registry;
  readonly logger: FastifyBaseLogger;
  /** Calls a minute of one caller, or of one address without a caller. */
  readonly callsPerMinute?: number;
}

/** The HTTP API without a socket: `listen` or `inject` it. */
export async function createApp(parts: AppParts): Promise<App> {
  const app: App = Fastify({
    loggerInstance: parts.logger,
    bodyLimit: 16 * 1024,
    genReqId: () => randomUUID(),
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 1024 },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  takeEmptyBodies(app);
  app.addHook('onRequest', async (request, reply) => void reply.header('X-Request-Id', request.id));
  measureRequests(app, parts.registry);

  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  });
  await app.register(rateLimit, {
    max: parts.callsPerMinute ?? 600,
    timeWindow: 60_000,
    keyGenerator: ({ caller, ip }) => (caller ? `caller ${caller.name}` : `address ${ip}`),
    errorResponseBuilder: (_request, { ttl }) =>
      new ApiProblem('too_many_requests', { retryAfter: Math.ceil(ttl / 1000) }),
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, answerNotFound);
  await app.register(swagger, openApi(parts.publicUrl));
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: docsPolicy });

  healthRoutes(app, parts);
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.register(
    async (v1: App) => {
      guard(v1, parts.authenticate);
      v1.addHook('onSend', async (_request, reply) => void reply.header('Cache-Control', 'no-store'));
      caseRoutes(v1, parts);
      codeRoutes(v1, parts);
      manageRoutes(v1, parts);
      eventRoutes(v1, parts);
    },
    { prefix: '/v1' },
  );
  await app.register((scope: App) => signInRoutes(scope, parts));
  return app;
}

/** Many clients send the JSON type with every POST, also when there is nothing to send. */
function takeEmptyBodies(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body, done);
  });
}

/** Swagger UI draws with inline styles and data images; scripts come from here alone. */
const docsPolicy = {
  'default-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' data:",
  'frame-ancestors': "'none'",
};
