import type { components } from './openapi.ts';
import { readEventStream } from './event-stream.ts';
import { isProblem, NoAnswerError, ProblemError, UnexpectedAnswerError } from './problem.ts';
import { isProblemBody, pause, type Transport } from './transport.ts';

type Enrollment = components['schemas']['Enrollment'];
type EnrollmentState = Enrollment['state'];

export interface WatchOptions {
  readonly signal?: AbortSignal;
  /** How long the API may be away before the watch gives up, in milliseconds. 300,000 when absent: longer than a roll-out takes. */
  readonly patienceMs?: number;
}

export interface WaitOptions extends WatchOptions {
  /** How long to wait in all, in milliseconds; without an end when absent, as an enrollment has deadlines of its own. */
  readonly timeoutMs?: number;
}

/** The enrollment did not come to what `waitFor` waited for. */
export class WaitError extends Error {
  override readonly name = 'WaitError';
  /** `ended`: it has come to another outcome. `timeout`: it has not come to it yet. */
  readonly why: 'ended' | 'timeout';
  /** As it was last seen; undefined when the API never told. */
  readonly enrollment: Enrollment | undefined;

  constructor(why: 'ended' | 'timeout', enrollment: Enrollment | undefined) {
    super(
      why === 'ended'
        ? `The enrollment has ended: ${enrollment?.state ?? 'unknown'}.`
        : `The enrollment did not get there in time; last seen: ${enrollment?.state ?? 'never'}.`,
    );
    this.why = why;
    this.enrollment = enrollment;
  }
}

const outcomes = ['completed', 'partial', 'expired', 'cancelled', 'failed'] as const satisfies EnrollmentState[];

/** Has the enrollment ended, well or not? */
export const isOutcome = ({ state }: Pick<Enrollment, 'state'>): boolean =>
  (outcomes as readonly EnrollmentState[]).includes(state); // `includes` takes only what the array is known to hold

/** The API sends a comment every 15 seconds: a stream that is silent for three of them is dead. Milliseconds. */
const silenceMs = 45_000;
/** Until a stream says how long to wait before the next connection. Milliseconds. */
const firstPauseMs = 1_000;
const longestPauseMs = 15_000;

/** The enrollment now and after each change, until its outcome; goes on over a new connection when one breaks. */
export async function* watch(
  transport: Transport,
  path: string,
  { signal, patienceMs = 300_000 }: WatchOptions,
): AsyncGenerator<Enrollment, void, undefined> {
  let last: string | undefined;
  let pauseMs = firstPauseMs;
  let failures = 0;
  let heardAt = performance.now();
  for (;;) {
    const stop = new AbortController();
    const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => stop.abort(), silenceMs);
    };
    let fault: unknown = new NoAnswerError('The stream of events ended before the enrollment.');
    try {
      const stream = await transport.open(path, stopped);
      heard();
      for await (const message of readEventStream(chunksOf(stream, stopped))) {
        heard();
        if (message.type === 'retry') pauseMs = Math.min(message.ms, longestPauseMs);
        if (message.type !== 'event') continue;
        const body: unknown = JSON.parse(message.data);
        if (message.event === 'problem' && isProblemBody(body)) throw new ProblemError(body);
        if (message.event !== 'enrollment') continue; // a newer API may tell more
        failures = 0;
        heardAt = performance.now();
        if (message.data === last) continue; // a new stream begins with what the old one has told
        last = message.data;
        const enrollment = body as Enrollment; // as the OpenAPI file says of this event
        yield enrollment;
        heardAt = performance.now(); // the listener may have taken its time
        if (isOutcome(enrollment)) return;
      }
    } catch (error) {
      fault = error;
    } finally {
      clearTimeout(silence);
      stop.abort();
    }
    signal?.throwIfAborted();
    if (!passes(fault, failures) || performance.now() - heardAt > patienceMs) throw fault;
    const askedMs = isProblem(fault) ? (fault.retryAfter ?? 0) * 1000 : 0;
    const backOffMs = Math.min(pauseMs * 2 ** failures, longestPauseMs);
    failures += 1;
    await pause(Math.max(askedMs, backOffMs / 2) + (Math.random() * backOffMs) / 2, signal);
  }
}

/** Does it pass by itself? A stream whose credential has expired is opened again once, with the one that is given then. */
function passes(fault: unknown, failures: number): boolean {
  if (isProblem(fault, 'unauthorized')) return failures === 0;
  if (isProblem(fault)) return isProblem(fault, 'too_many_requests', 'unavailable', 'busy');
  if (fault instanceof UnexpectedAnswerError) return [502, 503, 504].includes(fault.status);
  return fault instanceof NoAnswerError;
}

/** Not every browser lets a stream be iterated. */
async function* chunksOf(stream: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  // Whether an abort reaches the body is up to the `fetch` that was given.
  const abort = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', abort);
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new NoAnswerError('The stream of events broke.', { cause });
      });
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    abort();
  }
}

/** A state, several, or a question about the enrollment. */
export type Wanted = EnrollmentState | readonly EnrollmentState[] | ((enrollment: Enrollment) => boolean);

/** Resolves with the enrollment as soon as it is what is wanted. Throws WaitError, and whatever `watch` throws. */
export async function waitFor(
  transport: Transport,
  path: string,
  wanted: Wanted,
  { timeoutMs, signal, ...options }: WaitOptions,
): Promise<Enrollment> {
  const isWanted = questionOf(wanted);
  const late = new AbortController();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => late.abort(), timeoutMs);
  const signals = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  let last: Enrollment | undefined;
  try {
    for await (const enrollment of watch(transport, path, { ...options, signal: signals })) {
      last = enrollment;
      if (isWanted(enrollment)) return enrollment;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw late.signal.aborted && error === late.signal.reason ? new WaitError('timeout', last) : error;
  } finally {
    clearTimeout(timer);
  }
  throw new WaitError('ended', last);
}

function questionOf(wanted: Wanted): (enrollment: Enrollment) => boolean {
  if (typeof wanted === 'function') return wanted;
  const states: readonly EnrollmentState[] = typeof wanted === 'string' ? [wanted] : wanted;
  return ({ state }) => states.includes(state);
}
