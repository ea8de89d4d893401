import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { IssuerError } from '../access-tokens';
import { ApiProblem, problemBody, type ApiProblemCode } from './problems';

/** Answers every error as a problem. Faults of ours are logged in full and answered in general (ASVS 5.0, 16.5.1). */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error);
  const body = problemBody(problem, request.id);
  if (body.status >= 500) request.log.error({ err: error }, 'call failed');
  if (body.retryAfter !== undefined) void reply.header('Retry-After', Math.ceil(body.retryAfter));
  void reply
    .code(body.status)
    .type('application/problem+json')
    .serializer((payload) => String(payload)) // written already, so that no response schema is asked
    .send(JSON.stringify(body));
}

export const answerNotFound = (request: FastifyRequest, reply: FastifyReply): void =>
  answerError(new ApiProblem('not_found'), request, reply);

function problemOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof IssuerError) {
    return new ApiProblem('unavailable', { detail: 'Callers cannot be checked now. Try again.' });
  }
  if (hasZodFastifySchemaValidationErrors(error)) return invalid(error);
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const known = fastifyCodes[code];
  return known === undefined ? new ApiProblem('internal') : new ApiProblem(known.code, { detail: known.detail });
}

function invalid({ validation, validationContext }: ZodFault): ApiProblem {
  if (validationContext === 'params') return new ApiProblem('enrollment_not_found');
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

const fastifyCodes: Readonly<Record<string, { readonly code: ApiProblemCode; readonly detail: string }>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'invalid_request', detail: 'The body is not JSON.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'invalid_request', detail: 'The body is empty.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'invalid_request', detail: 'Content-Length does not fit the body.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'unsupported_media_type', detail: 'Send Content-Type: application/json.' },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body_too_large', detail: 'At most 16 KiB.' },
};
