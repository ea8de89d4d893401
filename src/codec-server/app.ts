import cors from '@fastify/cors';
import type { Payload, PayloadCodec, WorkflowSerializationContext } from '@temporalio/common';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Authenticate } from './authenticate';
import { decodePayloads, encodePayloads, payloadsBody } from './payloads';
import { problem, setProblemHandlers } from './problems';
import { redactedPayload } from './redact';

export interface CodecServerOptions {
  readonly codec: PayloadCodec;
  /** Web origins that may call, to the letter; a page of any other is refused, whatever it asks for. */
  readonly allowedOrigins: readonly string[];
  /** Absent: open to every program that reaches the port. */
  readonly authenticate?: Authenticate;
  /** Does `/encode` answer? Needed only to send messages by hand through the codec. */
  readonly encode: boolean;
  /** Are tokens, codes and keys shown, too? Otherwise what is decoded is redacted. */
  readonly revealSecrets: boolean;
  readonly logger: FastifyBaseLogger;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks for payloads, as far as it is known. */
    subject: string;
  }
}

/**
 * The codec server that Temporal's web interface and command line ask to decrypt payloads: `POST /decode` and
 * `POST /{namespace}/decode`, and the same for `encode` (docs.temporal.io, "Codec Server"). Each call leaves one line in the
 * log: who, which namespace, how many; never what.
 */
export async function createCodecServer(options: CodecServerOptions): Promise<FastifyInstance> {
  const { codec, encode, revealSecrets } = options;
  const show = revealSecrets ? (payload: Payload) => payload : redactedPayload;
  const app = Fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }), // the audit lines say what matters, and an address may hold anything
    bodyLimit: 8 * 1024 * 1024, // a page of a history comes in one call; the server sends up to 4 MiB of payloads, base64 adds a third
    requestTimeout: 30_000,
  });
  app.removeContentTypeParser('text/plain'); // JSON alone: a web page cannot send that without a preflight
  app.decorateRequest('subject', 'anyone');
  setProblemHandlers(app);
  guardOrigins(app, options.allowedOrigins);
  await app.register(cors, {
    origin: [...options.allowedOrigins],
    methods: ['POST'],
    allowedHeaders: ['Content-Type', 'X-Namespace', 'X-Workflow-Id', 'Authorization', 'Authorization-Extras'],
    maxAge: 600,
  });

  app.get('/health/live', () => ({ status: 'up' }));

  const authenticated = authentication(options.authenticate);
  for (const prefix of ['', '/:namespace']) {
    app.post(`${prefix}/decode`, { onRequest: authenticated }, async (request, reply) => {
      const body = payloadsBody.safeParse(request.body ?? undefined);
      if (!body.success) return malformed(reply);
      const { payloads, unreadable } = await decodePayloads(codec, body.data, show);
      audit(request, 'payloads decoded', { payloads: payloads.length, unreadable });
      return { payloads };
    });
    app.post(`${prefix}/encode`, { onRequest: authenticated }, async (request, reply) => {
      const body = payloadsBody.safeParse(request.body ?? undefined);
      if (!body.success) return malformed(reply);
      // The command line asks also for a query without arguments: where nothing is to be encrypted, nothing is refused.
      if (!encode && body.data.payloads.length > 0) {
        return problem(reply, 403, 'encoding is off: set CODEC_ENCODE=true to turn it on');
      }
      const context = contextOf(request);
      if (context === undefined && body.data.payloads.length > 0) return problem(reply, 400, contextExpected);
      const payloads = context === undefined ? [] : await encodePayloads(codec, body.data, context);
      audit(request, 'payloads encoded', { payloads: payloads.length });
      return { payloads };
    });
    app.route({
      method: ['GET', 'PUT', 'PATCH', 'DELETE'],
      url: `${prefix}/:call(^(?:decode|encode)$)`,
      handler: (_request, reply) => problem(reply.header('Allow', 'POST, OPTIONS'), 405, 'expected POST'),
    });
  }
  return app;
}

/**
 * Beyond CORS, which only keeps a page from reading the answer: a page of another origin gets none. That also holds where a
 * hostile name is made to point to this machine, since the browser still sends that name as the origin.
 */
function guardOrigins(app: FastifyInstance, allowedOrigins: readonly string[]): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    const { origin } = request.headers;
    if (origin !== undefined && !allowedOrigins.includes(origin)) {
      audit(request, 'origin refused', {});
      return problem(reply, 403, 'this origin is not in CODEC_ALLOWED_ORIGINS');
    }
    // A page in the internet that calls a private address must be let in by it (WICG Private Network Access).
    if (request.headers['access-control-request-private-network'] === 'true') {
      reply.header('Access-Control-Allow-Private-Network', 'true');
    }
    return undefined;
  });
}

/** Before the body is read. */
const authentication =
  (authenticate: Authenticate | undefined) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    if (authenticate === undefined) return undefined;
    const result = await authenticate(request.headers.authorization);
    request.subject = result.subject ?? 'unknown';
    if (!('refused' in result)) return undefined;
    audit(request, 'caller refused', { reason: result.refused });
    // RFC 6750, section 3: no error code for a caller that brought nothing.
    if (result.refused === 'missing') {
      return problem(reply.header('WWW-Authenticate', 'Bearer'), 401, 'expected Authorization: Bearer <token>');
    }
    const error = result.refused === 'invalid' ? 'invalid_token' : result.refused;
    reply.header('WWW-Authenticate', `Bearer error="${error}"`);
    return error === 'invalid_token'
      ? problem(reply, 401, 'this token is not valid here')
      : problem(reply, 403, 'this token does not grant the scope that decoding needs');
  };

const malformed = (reply: FastifyReply): FastifyReply =>
  problem(reply, 400, 'expected a JSON object {"payloads": [{"metadata": {…}, "data": "…"}]} with base64 values');

/**
 * What is encoded is bound to one workflow id, so the caller must say which. The command line does with
 * `--codec-header X-Workflow-Id=<id>`; the web interface has no way to, so what it sends cannot be sealed.
 */
function contextOf(request: FastifyRequest): WorkflowSerializationContext | undefined {
  const namespace = namespaceOf(request);
  const workflowId = request.headers['x-workflow-id'];
  const isWhole = namespace !== undefined && namespace !== '' && typeof workflowId === 'string' && workflowId !== '';
  return isWhole ? { type: 'workflow', namespace, workflowId } : undefined;
}

const contextExpected =
  'expected the namespace in the path or in X-Namespace, and in X-Workflow-Id the id of the workflow that the message is for: ' +
  'a sealed message is bound to both. The command line sends the id with --codec-header X-Workflow-Id=<id>';

/** As the caller says. */
function namespaceOf(request: FastifyRequest): string | undefined {
  const { namespace } = request.params as { namespace?: string }; // both routes' only parameter
  const header = request.headers['x-namespace'];
  return namespace ?? (typeof header === 'string' ? header : undefined);
}

function audit(request: FastifyRequest, message: string, fields: Readonly<Record<string, string | number>>): void {
  const claimed = namespaceOf(request) ?? '';
  request.log.info({ audit: true, namespace: claimed.slice(0, 255), subject: request.subject, ...fields }, message);
}
