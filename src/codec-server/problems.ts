import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { IssuerError } from '../access-tokens';

/** Answers with `application/problem+json` (RFC 9457). The detail never holds a part of the request. */
export const problem = (reply: FastifyReply, status: number, detail: string): FastifyReply =>
  reply.code(status).type('application/problem+json').send({ type: 'about:blank', status, detail });

/** What Fastify itself turns down, and what breaks, in the same form as our own refusals. */
export function setProblemHandlers(app: FastifyInstance): void {
  app.setNotFoundHandler((_request, reply) => problem(reply, 404, 'expected POST /decode or POST /{namespace}/decode'));
  app.setErrorHandler((error: FastifyError, request: FastifyRequest, reply) => {
    if (error instanceof IssuerError) {
      request.log.error({ err: error }, 'the token issuer cannot be reached');
      return problem(reply.header('Retry-After', '5'), 503, 'the token cannot be checked now; try again');
    }
    const status = error.statusCode ?? 500;
    const detail = details[status];
    if (detail !== undefined) return problem(reply, status, detail);
    request.log.error({ err: error }, 'a request failed');
    return problem(reply, 500, 'something broke; the log of the codec server says what');
  });
}

const details: Readonly<Record<number, string>> = {
  400: 'expected a JSON object {"payloads": [{"metadata": {…}, "data": "…"}]} with base64 values',
  413: 'the body is larger than 8 MiB',
  415: 'expected Content-Type: application/json',
};
