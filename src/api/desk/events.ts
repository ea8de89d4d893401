import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Enrollments } from '../enrollments';
import { createOpenStreams } from '../open-streams';
import type { EnrollmentView } from '../runs';
import { createWatches } from '../watches';

/** A comment now and then keeps proxies from closing a silent stream. */
const heartbeatMs = 15_000;
const streamLimits = { perCaller: 50, perProcess: 500 };

/**
 * Tells open pages when the enrollment that they show has become another one: the event `key` now and after each change, and
 * `end` at the outcome or when the session is over (server-sent events, WHATWG HTML 9.2). What it has become, the page asks.
 */
export function createDeskEvents(enrollments: Pick<Enrollments, 'watch'>, keyOf: (view: EnrollmentView) => string) {
  const closing = new AbortController();
  const watches = createWatches(enrollments);
  const streams = createOpenStreams(streamLimits);

  /** Throws, before the stream begins, for an enrollment that is not there and for too many streams of one caller. */
  async function send(reply: FastifyReply, id: string, caller: string, expiresAt: number): Promise<FastifyReply> {
    const ended = streams.open(caller);
    const over = new AbortController();
    const expiry = setTimeout(() => over.abort(), Math.max(0, expiresAt - Date.now())).unref();
    const end = () => {
      over.abort();
      clearTimeout(expiry);
      ended();
    };
    reply.raw.on('close', end);
    try {
      const looks = watches.watch(id, AbortSignal.any([closing.signal, over.signal]));
      const first = await looks.next();
      void reply.type('text/event-stream').header('X-Accel-Buffering', 'no');
      return reply.send(Readable.from(stream(first.value ?? undefined, looks)));
    } catch (error) {
      end();
      throw error;
    }

    async function* stream(
      first: EnrollmentView | undefined,
      looks: AsyncIterable<EnrollmentView | undefined>,
    ): AsyncGenerator<string> {
      let spokeAt = performance.now();
      try {
        yield 'retry: 2000\n\n';
        if (first !== undefined) yield keyEvent(first);
        for await (const view of looks) {
          if (view === undefined && performance.now() - spokeAt < heartbeatMs) continue;
          spokeAt = performance.now();
          yield view === undefined ? ': still here\n\n' : keyEvent(view);
        }
        if (!closing.signal.aborted) yield 'event: end\ndata: over\n\n';
      } catch {
        // The connection ends and the page opens another one: it is told then what is the matter.
      } finally {
        end();
      }
    }
  }

  const keyEvent = (view: EnrollmentView): string => `event: key\ndata: ${keyOf(view)}\n\n`;

  return { send, close: () => closing.abort() };
}
