import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { IssuerError } from '../access-tokens';
import { ApiProblem, problemBody, type ApiProblemCode, type ProblemBody } from '../problems';

/** Answers every error as a problem. Faults of ours are logged in full and answered in general (ASVS 5.0, 16.5.1). */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const body = noteError(error, request, reply);
  void reply
    .code(body.status)
    .type(problemType)
    .serializer((payload) => String(payload)) // written already, so that no response schema is asked
    .send(JSON.stringify(body));
}

/** The problem that an error is to whoever called; log, audit line and `Retry-After` have it from here. */
export function noteError(error: unknown, request: FastifyRequest, reply: FastifyReply): ProblemBody {
  const isGone = request.raw.readableAborted;
  const body = problemBody(isGone ? cutOff : problemOf(error), request.id);
  if (isGone) request.log.info('the caller went away');
  else if (body.status >= 500) request.log.error({ err: error }, 'call failed');
  const { audited } = request as Partial<Pick<FastifyRequest, 'audited'>>; // only requests behind the guard have it
  if (audited !== undefined) audited.result ??= body.code;
  if (body.retryAfter !== undefined) void reply.header('Retry-After', Math.ceil(body.retryAfter));
  return body;
}

/** What is no route: an address that leads nowhere (404), or a method that it does not take (405; RFC 9110, 15.5.6). */
export function answerNotFound(methods: readonly string[], request: FastifyRequest, reply: FastifyReply): void {
  if (methods.length === 0) return answerError(new ApiProblem('not_found'), request, reply);
  void reply.header('Allow', methods.join(', '));
  return answerError(new ApiProblem('method_not_allowed'), request, reply);
}

/** Bytes that are no HTTP. Node's error holds them, so it is not logged. */
export function answerUnreadable(_error: unknown, socket: Socket): void {
  if (socket.writable) {
    const problem = new ApiProblem('invalid_request', { detail: 'This is not a request that can be read.' });
    const body = JSON.stringify(problemBody(problem, 'unread'));
    const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: ${problemType}\r\nConnection: close`;
    socket.write(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }
  socket.destroy();
}

const problemType = 'application/problem+json';

/** Nobody reads this answer any more. */
const cutOff = new ApiProblem('invalid_request', { detail: 'The body did not come whole.' });

function problemOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof IssuerError) {
    return new ApiProblem('unavailable', { detail: 'Callers cannot be checked now. Try again.' });
  }
  if (hasZodFastifySchemaValidationErrors(error)) return invalid(error);
  return refusedByFramework(error) ?? new ApiProblem('internal');
}

/** Does a part of the path not fit the schema of its route? */
export const isOfParams = (error: unknown): boolean =>
  hasZodFastifySchemaValidationErrors(error) && (error as ZodFault).validationContext === 'params'; // Fastify adds it to each

function invalid({ validation, validationContext }: ZodFault): ApiProblem {
  if (validationContext === 'params') {
    const isCampaign = validation.some(({ instancePath }) => instancePath === '/campaignId');
    return new ApiProblem(isCampaign ? 'campaign_not_found' : 'enrollment_not_found');
  }
  const errors = validation.map(({ instancePath, message }) => ({
    field: instancePath.slice(1).replaceAll('/', '.') || (validationContext ?? 'body'),
    expected: message ?? 'another value',
  }));
  const detail = errors.map(({ field, expected }) => `${field}: expected ${expected}.`).join(' ');
  return new ApiProblem('invalid_request', { detail, errors });
}

type ZodFault = Pick<FastifyError, 'validationContext'> & {
  readonly validation: readonly { readonly instancePath: string; readonly message?: string }[];
};

/** Fastify and its plugins name their refusals by code, or at least by a status of 4xx. Undefined for everything else. */
function refusedByFramework(error: unknown): ApiProblem | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const known = 'code' in error ? byCode[String(error.code)] : undefined;
  if (known !== undefined) return new ApiProblem(known.code, { detail: known.detail });
  const status = 'statusCode' in error ? Number(error.statusCode) : NaN;
  if (!(status >= 400 && status < 500)) return undefined;
  // 403 of a file server is an address outside of its folder, 414 a path that is longer than any of ours.
  return new ApiProblem([403, 404, 414].includes(status) ? 'not_found' : 'invalid_request');
}

const byCode: Readonly<Record<string, { readonly code: ApiProblemCode; readonly detail: string }>> = {
  FST_ERR_BAD_URL: { code: 'invalid_request', detail: 'The address holds bytes that no address has.' },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'invalid_request', detail: 'The body is not JSON.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'invalid_request', detail: 'The body is empty.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'invalid_request', detail: 'Content-Length does not fit the body.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'unsupported_media_type', detail: 'Send Content-Type: application/json.' },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body_too_large', detail: 'At most 16 KiB; 128 KiB with users of a campaign.' },
};
