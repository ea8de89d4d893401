import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { parseJson } from '../classification';
import { retryAfterMs } from '../retry-after';
import { exchange, type Exchange } from '../transport';

/** What came of one look at a tenant. Never holds a secret. */
export type Reading<Value> =
  | { readonly type: 'read'; readonly value: Value }
  /** 404. */
  | { readonly type: 'missing' }
  /** 401, or 403 for want of a scope. */
  | { readonly type: 'denied'; readonly status: 401 | 403 }
  /** 403 for another reason: the call is not there on this kind of tenant. */
  | { readonly type: 'closed' }
  /** No usable answer; `why` is a sentence of ours. */
  | { readonly type: 'unreadable'; readonly why: string };

export interface Question {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One origin of Auth0. Nothing it is asked changes anything, so a lost or limited question is asked again, at most 3 times. */
export interface Questions {
  /** The answer as it came; a value in place of an error. */
  answer(question: Question): Promise<Exchange>;
  /** The body of a 200, read by `schema`. */
  read<Value>(question: Question, schema: z.ZodType<Value>): Promise<Reading<Value>>;
}

const callMs = 10_000;
/** A list of callbacks and grants is far smaller. */
const answerBytes = 256 * 1024;
const tries = 3;
const pauseMs = 500;

export function createQuestions(origin: string, dispatcher: Dispatcher): Questions {
  const once = ({ method = 'GET', path, headers = {}, body }: Question) =>
    exchange(
      dispatcher,
      { origin, method, path, headers: { accept: 'application/json', ...headers }, body: body ?? null },
      { callMs, answerBytes },
    );

  const answer = async (question: Question): Promise<Exchange> => {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await once(question);
      const wait = pauseAfter(outcome);
      if (wait === undefined || attempt === tries) return outcome;
      await sleep(wait);
    }
  };

  return {
    answer,
    async read(question, schema) {
      const outcome = await answer(question);
      if (outcome.type === 'fault') return { type: 'unreadable', why: `No answer from ${origin}.` };
      const { status, body } = outcome;
      if (status === 404) return { type: 'missing' };
      if (status === 401) return { type: 'denied', status };
      if (status === 403) return isScopeMissing(body) ? { type: 'denied', status } : { type: 'closed' };
      const parsed = status === 200 ? schema.safeParse(parseJson(body)) : undefined;
      if (parsed?.success) return { type: 'read', value: parsed.data };
      return { type: 'unreadable', why: `${origin} answered ${status}, and not as the Auth0 API does.` };
    },
  };
}

/** Milliseconds until the same question may be asked again; undefined when its answer stands. */
function pauseAfter(outcome: Exchange): number | undefined {
  if (outcome.type === 'fault') return pauseMs;
  const { status, headers } = outcome;
  if (status === 429) {
    const reset = headers['x-ratelimit-reset'];
    const rateLimitReset = typeof reset === 'string' ? reset : undefined;
    return retryAfterMs({ retryAfter: headers['retry-after'], rateLimitReset, date: headers.date }, Date.now());
  }
  return status >= 500 ? pauseMs : undefined;
}

/** The Management API's own envelope. */
const managementError = z.object({ errorCode: z.string().optional(), message: z.string().optional() });

function isScopeMissing(body: string): boolean {
  const error = managementError.safeParse(parseJson(body));
  return (
    error.success &&
    (error.data.errorCode === 'insufficient_scope' || /^insufficient scope/i.test(error.data.message ?? ''))
  );
}
