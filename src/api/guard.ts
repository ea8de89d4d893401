import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { defined } from '../enrollment/defined';
import { redactFreeText } from '../enrollment/redact';
import type { FactorName } from '../factors';
import type { Scope } from '../scopes';
import { mustGiveReason, type Authenticate, type Caller } from './access';
import { ApiProblem } from './problems';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; null before it is known and when it is not. */
    caller: Caller | null;
    /** What the audit line says beyond who and what. */
    audited: { enrollment?: string; reason?: string; result?: string; factor?: FactorName };
  }
  interface FastifyContextConfig {
    /** A route of the API without a scope answers nobody. */
    scope?: Scope;
    /** How the audit log names the call. Calls without one leave no line when they succeed. */
    action?: string;
    /** The caller may have to say why. */
    reason?: true;
  }
}

/** Knows the caller before the rate limit counts, and asks for the route's scope before the body is read. */
export function guard(app: FastifyInstance, authenticate: Authenticate): void {
  app.decorateRequest('caller', null);
  app.decorateRequest('audited');

  app.addHook('onRequest', async (request) => {
    request.audited = hasId(request.params) ? { enrollment: request.params.id } : {};
    request.caller = (await authenticate(request.headers.authorization)) ?? null;
  });

  app.addHook('preParsing', async (request, reply) => {
    const { scope } = request.routeOptions.config;
    if (request.caller === null) throw unauthorized(request, reply);
    if (scope === undefined || !request.caller.scopes.includes(scope)) throw forbidden(reply, scope);
  });

  app.addHook('preHandler', async (request) => {
    if (request.routeOptions.config.reason === undefined) return;
    const reason = reasonOf(request);
    if (reason !== undefined) request.audited.reason = reason;
    else if (request.caller !== null && mustGiveReason(request.caller)) throw reasonNeeded();
  });

  app.addHook('onResponse', async (request, reply) => {
    const { action, scope } = request.routeOptions.config;
    const denied = reply.statusCode === 401 || reply.statusCode === 403;
    if (scope === undefined || (action === undefined && !denied)) return;
    const { reason, ...audited } = request.audited;
    const said = defined({ reason: reason && redactFreeText(reason) });
    const what = action ?? `${request.method} ${request.routeOptions.url ?? ''}`;
    const line = { audit: true, caller: request.caller?.name ?? null, action: what, ...audited, ...said };
    request.log.info({ ...line, status: reply.statusCode }, 'audit');
  });
}

function unauthorized(request: FastifyRequest, reply: FastifyReply): ApiProblem {
  const given = request.headers.authorization !== undefined;
  // RFC 6750, 3: no error code when the call carried no credential at all.
  void reply.header('WWW-Authenticate', `Bearer realm="mfa-enrollment"${given ? ', error="invalid_token"' : ''}`);
  return new ApiProblem('unauthorized', { detail: 'Send an API key or an access token as "Authorization: Bearer …".' });
}

function forbidden(reply: FastifyReply, scope: Scope | undefined): ApiProblem {
  if (scope === undefined) return new ApiProblem('forbidden');
  void reply.header('WWW-Authenticate', `Bearer realm="mfa-enrollment", error="insufficient_scope", scope="${scope}"`);
  return new ApiProblem('forbidden', { detail: `The caller needs the scope ${scope}.` });
}

function reasonNeeded(): ApiProblem {
  const expected = 'why you do this for the user, in 1 to 200 characters';
  return new ApiProblem('reason_needed', {
    detail: `Send the member "reason" or the header X-Reason: ${expected}.`,
    errors: [{ field: 'reason', expected }],
  });
}

/** The schema has checked both by now. */
function reasonOf({ body, headers }: FastifyRequest): string | undefined {
  if (typeof body === 'object' && body !== null && 'reason' in body && typeof body.reason === 'string')
    return body.reason;
  const header = headers['x-reason'];
  return typeof header === 'string' ? header : undefined;
}

/** Whatever else stands in the address is not ours, and stays out of the log. */
const hasId = (params: unknown): params is { id: string } =>
  typeof params === 'object' && params !== null && 'id' in params && /^enr_[\w-]{1,100}$/.test(String(params.id));
