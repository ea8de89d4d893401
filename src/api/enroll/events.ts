import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Enrollments } from '../enrollments';
import { createOpenStreams } from '../open-streams';
import type { PageSession } from '../page-session';
import { isOutcome, type EnrollmentView } from '../runs';
import { createWatches } from '../watches';
import { keyOf } from './model';

/** A comment now and then keeps proxies from closing a silent stream. */
const heartbeatMs = 15_000;
/** Pages of one enrollment that are open at once, in all tabs and on all devices of its user; and all pages of this process. */
const streamLimits = { perCaller: 20, perProcess: 2_000 };

/**
 * Tells open pages when the enrollment that they show has become another one: the event `key` now and after each change, and
 * `end` at the outcome or when the session is over (server-sent events, WHATWG HTML 9.2). What it has become, the page asks.
 */
export function createPageEvents(enrollments: Pick<Enrollments, 'watch'>) {
  const closing = new AbortController();
  const watches = createWatches(enrollments);
  const streams = createOpenStreams(streamLimits);

  /** Throws, before the stream begins, for an enrollment that is not there and for too many streams. */
  async function send(reply: FastifyReply, { enrollmentId, expiresAt }: PageSession): Promise<FastifyReply> {
    const ended = streams.open(enrollmentId);
    const over = new AbortController();
    const expiry = setTimeout(() => over.abort(), Math.max(0, expiresAt - Date.now())).unref();
    const end = () => {
      over.abort();
      clearTimeout(expiry);
      ended();
    };
    reply.raw.on('close', end);
    try {
      const looks = watches.watch(enrollmentId, AbortSignal.any([closing.signal, over.signal]));
      const first = await looks.next();
      void reply.type('text/event-stream').header('X-Accel-Buffering', 'no');
      return reply.send(Readable.from(stream(first.value ?? undefined, looks, end)));
    } catch (error) {
      end();
      throw error;
    }
  }

  return { send, close: () => closing.abort() };
}

async function* stream(
  first: EnrollmentView | undefined,
  looks: AsyncIterable<EnrollmentView | undefined>,
  end: () => void,
): AsyncGenerator<string> {
  let last = first;
  let spokeAt = performance.now();
  try {
    yield 'retry: 2000\n\n';
    if (first !== undefined) yield keyEvent(first);
    for await (const view of looks) {
      const isSilent = view === undefined || (last !== undefined && keyOf(view) === keyOf(last));
      last = view ?? last;
      if (isSilent && performance.now() - spokeAt < heartbeatMs) continue;
      spokeAt = performance.now();
      yield view === undefined || isSilent ? ': still here\n\n' : keyEvent(view);
    }
    if (last !== undefined && isOutcome(last)) yield 'event: end\ndata: outcome\n\n';
  } catch {
    // The connection ends and the page opens another one: it is told then what is the matter.
  } finally {
    end();
  }
}

const keyEvent = (view: EnrollmentView): string => `event: key\ndata: ${keyOf(view)}\n\n`;
