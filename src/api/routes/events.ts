import { Readable } from 'node:stream';
import { ApiProblem, problemBody } from '../../problems';
import type { EnrollmentView } from '../../temporal/enrollments/runs';
import { callerOf } from '../actor';
import { createOpenStreams, defaultStreamLimits, type StreamLimits } from '../open-streams';
import { described } from '../openapi';
import * as schemas from '../schemas';
import { createWatches } from '../watches';
import { caseProblem, needs, type App, type RouteParts } from './shared';

/** A comment now and then keeps proxies from closing a silent stream. */
const heartbeatMs = 15_000;

export interface EventParts extends RouteParts {
  readonly streamLimits?: StreamLimits;
}

/** Server-sent events (WHATWG HTML, 9.2): the enrollment now and after each change, until its outcome. */
export function eventRoutes(
  app: App,
  { enrollments, ownership, streamLimits = defaultStreamLimits }: EventParts,
): void {
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());
  const watches = createWatches(enrollments);
  const streams = createOpenStreams(streamLimits);

  app.get(
    '/enrollments/:id/events',
    {
      config: { scope: 'enrollments:read', action: 'watch' },
      schema: {
        operationId: 'watchEnrollment',
        ...described('Enrollments'),
        summary: 'Follow an enrollment',
        description:
          'Event `enrollment` with the enrollment as JSON, now and after each change; ends at an outcome. When the credential of the caller expires, the stream ends with the event `problem` and the code `unauthorized`.',
        ...needs('enrollments:read'),
        params: schemas.enrollmentParams,
        response: {
          ...caseProblem,
          200: {
            description: 'The stream: events, each as lines `id:`, `event:` and `data:` with an empty line behind it.',
            content: { 'text/event-stream': { schema: schemas.streamEvent } },
          },
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      await ownership.check(caller, request.params.id, 'read');
      const ended = streams.open(caller.name);
      const gone = new AbortController();
      reply.raw.on('close', () => {
        gone.abort();
        ended();
      });
      const expiry = expiryOf(caller.expiresAt);
      const end = () => {
        expiry.forget();
        ended();
      };
      try {
        const signal = AbortSignal.any([closing.signal, gone.signal, expiry.signal]);
        const looks = watches.watch(request.params.id, signal);
        const first = await looks.next(); // before the stream begins: an unknown enrollment is a problem, not an event
        void reply.type('text/event-stream').header('X-Accel-Buffering', 'no');
        return reply.send(
          Readable.from(
            stream({ first: first.value ?? undefined, looks, expiry: expiry.signal, requestId: request.id, end }),
          ),
        );
      } catch (error) {
        end();
        throw error;
      }
    },
  );
}

/** Timers cannot wait longer (2^31 - 1 milliseconds, about 25 days); no enrollment lives that long. */
const longestTimerMs = 2_147_483_647;

/** A signal that is aborted when the caller's credential expires: a stream must not outlive it. */
function expiryOf(expiresAt: number | undefined): { readonly signal: AbortSignal; forget(): void } {
  const expired = new AbortController();
  if (expiresAt === undefined) return { signal: expired.signal, forget: () => undefined };
  const waitMs = Math.min(Math.max(expiresAt - Date.now(), 0), longestTimerMs);
  const timer = setTimeout(() => expired.abort(), waitMs).unref();
  return { signal: expired.signal, forget: () => clearTimeout(timer) };
}

const expired = new ApiProblem('unauthorized', {
  detail: 'The credential that opened this stream has expired. Open another one with a new credential.',
});

interface StreamParts {
  readonly first: EnrollmentView | undefined;
  readonly looks: AsyncIterable<EnrollmentView | undefined>;
  readonly expiry: AbortSignal;
  readonly requestId: string;
  readonly end: () => void;
}

async function* stream({ first, looks, expiry, requestId, end }: StreamParts): AsyncGenerator<string> {
  let id = 0;
  const event = (name: string, data: unknown) => `id: ${++id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  let spokeAt = performance.now();
  try {
    yield `retry: 3000\n\n`;
    if (first !== undefined) yield event('enrollment', first);
    for await (const enrollment of looks) {
      const silentMs = performance.now() - spokeAt;
      if (enrollment === undefined && silentMs < heartbeatMs) continue;
      spokeAt = performance.now();
      yield enrollment === undefined ? ': still here\n\n' : event('enrollment', enrollment);
    }
    if (expiry.aborted) yield event('problem', problemBody(expired, requestId));
  } catch (error) {
    const problem = error instanceof ApiProblem ? error : new ApiProblem('internal');
    yield event('problem', problemBody(problem, requestId));
  } finally {
    end();
  }
}
