import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Enrollments } from '../temporal/enrollments';
import { isOutcome, type EnrollmentView } from '../temporal/enrollments/runs';
import { createOpenStreams, type StreamLimits } from './open-streams';
import { createWatches } from './watches';

/** A comment now and then keeps proxies from closing a silent stream. */
const heartbeatMs = 15_000;

export interface PageEventsParts {
  readonly enrollments: Pick<Enrollments, 'watch'>;
  /** What tells one look of a page from another. */
  readonly keyOf: (view: EnrollmentView) => string;
  readonly limits: StreamLimits;
}

/** An open page: the enrollment that it shows, whose streams it is counted with, and when its session ends (epoch ms). */
export interface OpenPage {
  readonly enrollmentId: string;
  readonly countedWith: string;
  readonly expiresAt: number;
}

/**
 * Tells open pages, those of users and those of the support desk, when the enrollment that they show has become another one: the event
 * `key` now and after each change, and `end` at the outcome or when the session is over (server-sent events, WHATWG HTML 9.2). What
 * it has become, the page asks.
 */
export function createPageEvents({ enrollments, keyOf, limits }: PageEventsParts) {
  const closing = new AbortController();
  const watches = createWatches(enrollments);
  const streams = createOpenStreams(limits);

  /** Throws, before the stream begins, for an enrollment that is not there and for too many streams. */
  async function send(reply: FastifyReply, { enrollmentId, countedWith, expiresAt }: OpenPage): Promise<FastifyReply> {
    const ended = streams.open(countedWith);
    const [gone, expired] = [new AbortController(), new AbortController()];
    const expiry = setTimeout(() => expired.abort(), Math.max(0, expiresAt - Date.now())).unref();
    const end = () => {
      gone.abort();
      clearTimeout(expiry);
      ended();
    };
    reply.raw.on('close', end);
    try {
      const looks = watches.watch(enrollmentId, AbortSignal.any([closing.signal, gone.signal, expired.signal]));
      const first = await looks.next();
      void reply.type('text/event-stream').header('X-Accel-Buffering', 'no');
      return reply.send(
        Readable.from(stream({ first: first.value ?? undefined, looks, expired: expired.signal, end })),
      );
    } catch (error) {
      end();
      throw error;
    }
  }

  async function* stream({ first, looks, expired, end }: StreamParts): AsyncGenerator<string> {
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
        yield isSilent ? ': still here\n\n' : keyEvent(view);
      }
      if (expired.aborted || (last !== undefined && isOutcome(last))) yield 'event: end\ndata: over\n\n';
    } catch {
      // The connection ends and the page opens another one: it is told then what is the matter.
    } finally {
      end();
    }
  }

  const keyEvent = (view: EnrollmentView): string => `event: key\ndata: ${keyOf(view)}\n\n`;

  return { send, close: () => closing.abort() };
}

interface StreamParts {
  readonly first: EnrollmentView | undefined;
  readonly looks: AsyncIterable<EnrollmentView | undefined>;
  readonly expired: AbortSignal;
  readonly end: () => void;
}
