import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { defined } from '../enrollment/defined';
import { redactFreeText } from '../enrollment/redact';
import type { FactorName } from '../factors';
import { ApiProblem } from '../problems';
import type { Scope } from '../scopes';
import type { Authenticate, Caller } from './access';
import { actingPerson } from './schemas';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; null before it is known and when it is not. */
    caller: Caller | null;
    /** What the audit line says beyond who and what. */
    audited: {
      enrollment?: string;
      prefix?: string;
      webhook?: string;
      campaign?: string;
      reason?: string;
      result?: string;
      factor?: FactorName;
    };
  }
  interface FastifyContextConfig {
    /** A route of the API without a scope answers nobody. */
    scope?: Scope;
    /** How the audit log names the call; a route without one is named by its method and pattern. */
    action?: string;
    /** Must the call say which person acts, where those with `enrollments:manage` must? */
    namesPerson?: true;
  }
}

export interface GuardParts {
  readonly authenticate: Authenticate;
  /** Must calls with `enrollments:manage`, and codes from callers that hold it, say which person acts? */
  readonly personNeeded: boolean;
  /** The credential of a call, as an `Authorization` header has it; that header when absent. */
  readonly credentialOf?: (request: FastifyRequest) => Promise<string | undefined>;
}

/** Knows the caller before the rate limit counts, and asks for the route's scope before the body is read. */
export function guard(app: FastifyInstance, { authenticate, personNeeded, credentialOf = inHeader }: GuardParts): void {
  app.decorateRequest('caller', null);
  app.decorateRequest('audited');

  app.addHook('onRequest', async (request) => {
    request.audited = hasId(request.params) ? { enrollment: request.params.id } : {};
    request.caller = (await authenticate(await credentialOf(request), request.ip)) ?? null;
  });

  app.addHook('preParsing', async (request, reply) => {
    const { scope } = request.routeOptions.config;
    if (request.caller === null) throw unauthorized(request, reply);
    if (scope === undefined || !request.caller.scopes.includes(scope)) throw forbidden(reply, scope);
    request.caller = withPerson(request.caller, request.headers[personHeader]);
    if (personNeeded && actsForOthers(request, request.caller) && request.caller.person === undefined) {
      throw personIsNeeded(request.caller);
    }
  });

  app.addHook('preHandler', async (request) => {
    if (!isAccountable(request)) return;
    const reason = reasonOf(request);
    if (reason === undefined) throw reasonNeeded();
    request.audited.reason = reason;
  });

  app.addHook('onResponse', async (request, reply) => {
    const { action, scope } = request.routeOptions.config;
    if (scope === undefined) return;
    const { reason, ...audited } = request.audited;
    request.log.info(
      {
        audit: true,
        ...whoOf(request),
        action: action ?? `${request.method} ${request.routeOptions.url ?? ''}`,
        ...audited,
        ...defined({ reason: reason && redactFreeText(reason) }),
        status: reply.statusCode,
      },
      'audit',
    );
  });
}

const inHeader = ({ headers }: FastifyRequest) => Promise.resolve(headers.authorization);

/** The part of an audit line that says who did it and from where; `caller` is null when that is not known. */
const whoOf = ({ caller, ip }: FastifyRequest) => ({
  caller: caller?.name ?? null,
  ...defined({ kind: caller?.kind, person: caller?.person }),
  ip,
});

const personHeader = 'x-acting-person';

/** Whoever manages enrollments of users acts on somebody else's account: each call says who does it and why. */
const isAccountable = ({ routeOptions }: FastifyRequest): boolean => routeOptions.config.scope === 'enrollments:manage';

/**
 * Does this call need a person? A desk that may change numbers says also who sends a code: otherwise one person with two
 * credentials would count as two.
 */
const actsForOthers = (request: FastifyRequest, { scopes }: Caller): boolean =>
  isAccountable(request) ||
  request.routeOptions.config.namesPerson === true ||
  (request.routeOptions.config.scope === 'enrollments:code' && scopes.includes('enrollments:manage'));

/** The caller with the person that the header names. Throws when this caller may not name one, or when it is no name. */
function withPerson(caller: Caller, header: string | string[] | undefined): Caller {
  if (header === undefined) return caller;
  if (caller.kind === 'jwt') throw invalidPerson('no such header: an access token says itself who acts');
  if (!caller.namesPersons)
    throw invalidPerson('no such header: this API key is not trusted to name persons ("namesPersons" in API_KEYS)');
  const person = actingPerson.safeParse(header);
  if (person.success) return { ...caller, person: person.data };
  throw invalidPerson(person.error.issues[0]?.message ?? 'a name');
}

function invalidPerson(expected: string): ApiProblem {
  return new ApiProblem('invalid_request', {
    detail: `X-Acting-Person: expected ${expected}.`,
    errors: [{ field: personHeader, expected }],
  });
}

function personIsNeeded({ kind, namesPersons }: Caller): ApiProblem {
  if (namesPersons) return new ApiProblem('person_needed', { detail: 'Name the person who acts in X-Acting-Person.' });
  const why =
    kind === 'jwt' ? 'This access token is of an application.' : 'This API key does not say which person acts.';
  const instead = 'Use the access token of a person, or an API key with "namesPersons" and the header X-Acting-Person.';
  return new ApiProblem('person_needed', { detail: `${why} ${instead}` });
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
