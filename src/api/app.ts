import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Registry } from 'prom-client';
import type { BrandConfig } from '../config/brand';
import { ApiProblem } from '../problems';
import type { Authenticate } from './access';
import { createActs } from './acts';
import type { DeskSignInParts } from './desk/parts';
import { answerError, answerNotFound, answerUnreadable, isOfParams } from './error-handler';
import { guard } from './guard';
import { assetRoutes, readAssets } from './html/assets';
import { brandOf } from './html/brand';
import type { Shell } from './html/document';
import { methodsByPath } from './methods';
import { measureRequests } from './metrics';
import { networkOf } from './network';
import type { StreamLimits } from './open-streams';
import { openApi } from './openapi';
import { createOwnership } from './ownership';
import { campaignRoutes } from './routes/campaigns';
import { caseRoutes } from './routes/cases';
import { codeRoutes } from './routes/codes';
import { deskRoutes } from './routes/desk';
import { enrollRoutes } from './routes/enroll';
import { eventRoutes } from './routes/events';
import { manageRoutes } from './routes/manage';
import type { App, RouteParts } from './routes/shared';
import { signInRoutes, type SignInParts } from './routes/sign-in';
import { startRoutes } from './routes/start';
import { textRoutes } from './routes/texts';
import { webhookRoutes } from './routes/webhooks';

export interface AppParts extends Omit<RouteParts, 'ownership'>, Omit<SignInParts, 'shell'> {
  readonly authenticate: Authenticate;
  /** Must calls with `enrollments:manage` say which person acts? Outside of development they must. */
  readonly personNeeded: boolean;
  /** The support desk; absent: there is none. */
  readonly desk?: DeskSignInParts;
  /** Shown on the start page, in development: addresses by name. Absent: the page of users. */
  readonly startLinks?: Readonly<Record<string, string>>;
  /** How the pages look. */
  readonly brand: BrandConfig;
  /** Addresses and networks (CIDR) of proxies whose `X-Forwarded-For` is believed; none when absent. */
  readonly trustedProxies?: readonly string[];
  readonly registry: Registry;
  /** Makes each call a span of a trace; none is when absent. */
  readonly trace?: (app: FastifyInstance) => void;
  readonly logger: FastifyBaseLogger;
  /** Calls a minute of one caller, or of one address without a caller. */
  readonly callsPerMinute?: number;
  readonly streamLimits?: StreamLimits;
}

/** The HTTP API without a socket: `listen` or `inject` it. */
export async function createApp(parts: AppParts): Promise<App> {
  const app: App = Fastify({
    loggerInstance: parts.logger,
    bodyLimit: 16 * 1024,
    requestTimeout: 30_000,
    genReqId: () => randomUUID(),
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 1024 },
    frameworkErrors: answerError,
    clientErrorHandler: answerUnreadable,
    trustProxy: [...(parts.trustedProxies ?? [])],
  });
  const methodsOf = methodsByPath(app);
  const notFound = (request: FastifyRequest, reply: FastifyReply) =>
    answerNotFound(methodsOf(pathOf(request)), request, reply);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) =>
    // Before a method that no route takes is turned down, Fastify may ask for the type of its body. And where a path of its own does not
    // take the method, Fastify reads its end as the id of another route.
    (request.is404 && !(error instanceof ApiProblem)) ||
    (isOfParams(error) && !methodsOf(pathOf(request)).includes(request.method))
      ? notFound(request, reply)
      : answerError(error, request, reply),
  );
  takeBodies(app);
  app.addHook('onRequest', async (request, reply) => void reply.header('X-Request-Id', request.id));
  measureRequests(app, parts.registry);
  parts.trace?.(app);

  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  });
  await app.register(rateLimit, {
    max: parts.callsPerMinute ?? 600,
    timeWindow: 60_000,
    keyGenerator: bucketOf,
    errorResponseBuilder: (_request, { ttl }) =>
      new ApiProblem('too_many_requests', { retryAfter: Math.ceil(ttl / 1000) }),
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, notFound);
  await app.register(swagger, openApi(parts.publicUrl));
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: docsPolicy,
    theme: { title: 'MFA enrollment: HTTP API' },
    uiConfig: { layout: 'BaseLayout', deepLinking: true, defaultModelsExpandDepth: 0 },
  });

  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  const routeParts = { ...parts, ownership: createOwnership(parts) };
  const acts = createActs(app, routeParts);
  await app.register(
    async (v1: App) => {
      guard(v1, parts);
      v1.addHook('onSend', async (_request, reply) => void reply.header('Cache-Control', 'no-store'));
      caseRoutes(v1, routeParts);
      codeRoutes(v1, acts);
      manageRoutes(v1, acts, routeParts);
      textRoutes(v1, routeParts);
      eventRoutes(v1, routeParts);
      webhookRoutes(v1, routeParts);
      campaignRoutes(v1, routeParts);
    },
    { prefix: '/v1' },
  );
  const { brand, assets: brandAssets } = brandOf(parts.brand);
  const assets = readAssets();
  const shell: Shell = { brand, assets };
  assetRoutes(app, [...assets.all, ...brandAssets]);
  await app.register((scope: App) => signInRoutes(scope, { ...parts, shell }));
  const { desk } = parts;
  if (desk !== undefined) {
    await app.register((scope: App) => deskRoutes(scope, { ...routeParts, acts, shell, desk }), { prefix: '/desk' });
  }
  await app.register((scope: App) => enrollRoutes(scope, { ...parts, shell }));
  await app.register((scope: App) => startRoutes(scope, { ...parts, shell }));
  return app;
}

/**
 * Whose calls a call is counted with: those of its caller, else those of its network. Users who sign in have buckets of their own,
 * and the way back from Auth0 has one apart from the links, so that nobody who floods other addresses of ours keeps a user out.
 */
function bucketOf({ caller, ip, routeOptions }: FastifyRequest): string {
  if (caller) return `caller ${caller.name}`; // undefined outside of the guard
  const { url = '' } = routeOptions;
  const part = parts.find(([start]) => url.startsWith(start))?.[1] ?? 'address';
  return `${part} ${networkOf(ip)}`;
}

/** The addresses of users, by their beginnings. */
const parts = [
  ['/sign-in/callback', 'callback'],
  ['/sign-in/', 'sign-in'],
  ['/enroll', 'enroll'],
  ['/desk', 'desk'],
] as const;

const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0] ?? '';

/** JSON is UTF-8 (RFC 8259, 8.1). Many clients send the JSON type with every POST, also when there is nothing to send. */
function takeBodies(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    if (bytes.length === 0) return done(null, undefined);
    const body = textOf(bytes);
    if (body === undefined) done(new ApiProblem('invalid_request', { detail: 'The body is not UTF-8.' }));
    else void parse(request, body, done);
  });
}

function textOf(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Swagger UI draws with inline styles and data images; scripts come from here alone. */
const docsPolicy = {
  'default-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' data:",
  'frame-ancestors': "'none'",
};
