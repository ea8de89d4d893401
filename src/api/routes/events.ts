import { Readable } from 'node:stream';
import { z } from 'zod';
import { ApiProblem, problemBody } from '../problems';
import type { EnrollmentView } from '../runs';
import * as schemas from '../schemas';
import { caseProblem, needs, type App, type RouteParts } from './shared';

/** A comment now and then keeps proxies from closing a silent stream. */
const heartbeatMs = 15_000;

/** Server-sent events (WHATWG HTML, 9.2): the enrollment now and after each change, until its outcome. */
export function eventRoutes(app: App, { enrollments }: RouteParts): void {
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());

  app.get(
    '/enrollments/:id/events',
    {
      config: { scope: 'enrollments:read' },
      schema: {
        operationId: 'watchEnrollment',
        summary: 'Follow an enrollment',
        description: 'Event `enrollment` with the enrollment as JSON, now and after each change; ends at an outcome.',
        ...needs('enrollments:read'),
        params: schemas.enrollmentParams,
        response: {
          ...caseProblem,
          200: { description: 'The stream.', content: { 'text/event-stream': { schema: z.unknown() } } },
        },
      },
    },
    async (request, reply) => {
      const gone = new AbortController();
      reply.raw.on('close', () => gone.abort());
      const looks = enrollments.watch(request.params.id, AbortSignal.any([closing.signal, gone.signal]));
      const first = await looks.next(); // before the stream begins: an unknown enrollment is a problem, not an event
      void reply.type('text/event-stream').header('X-Accel-Buffering', 'no');
      return reply.send(Readable.from(stream(first.value ?? undefined, looks, request.id)));
    },
  );
}

async function* stream(
  first: EnrollmentView | undefined,
  looks: AsyncIterable<EnrollmentView | undefined>,
  requestId: string,
): AsyncGenerator<string> {
  let id = 0;
  const event = (name: string, data: unknown) => `id: ${++id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  let spokeAt = performance.now();
  yield `retry: 3000\n\n`;
  if (first !== undefined) yield event('enrollment', first);
  try {
    for await (const enrollment of looks) {
      const silentMs = performance.now() - spokeAt;
      if (enrollment === undefined && silentMs < heartbeatMs) continue;
      spokeAt = performance.now();
      yield enrollment === undefined ? ': still here\n\n' : event('enrollment', enrollment);
    }
  } catch (error) {
    const problem = error instanceof ApiProblem ? error : new ApiProblem('internal');
    yield event('problem', problemBody(problem, requestId));
  }
}
