import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { send, type Call } from '../../stack/http';
import type { StackFile } from '../../stack/stack-file';
import type { CodeFactor, Engine } from '../engine';

const status = z.object({ state: z.string(), factor: z.string().optional() });
type Status = z.infer<typeof status>;
const started = status.extend({ id: z.string() });
/** 202 while the code is still being tried. `status` is not there in older checkouts. */
const codeAnswer = z.object({ result: z.string(), status: status.optional() });
const appChallenge = z.object({ setupKey: z.string() });

const patienceMs = 60_000;
/** Between two looks: the first soon, and each later than the one before, so that a person who waits half a minute costs little. */
const pollMs = { first: 20, most: 500 };

/**
 * Through the HTTP API, as an onboarding system and a support tool would: the one that starts with a phone number does not send
 * the code that is texted to it.
 */
export function throughApi({ api, keys }: Pick<StackFile, 'api' | 'keys'>): Pick<Engine, 'start' | 'code' | 'next'> {
  const call = async (
    method: Call['method'],
    path: string,
    body?: unknown,
    key = keys.onboarding,
  ): Promise<unknown> => {
    const url = `${api}/v1/enrollments${path}`;
    const answer = await send({ method, url, key, ...(body === undefined ? {} : { body }) });
    if (answer.status >= 400) throw new Error(`${method} ${path.replace(/^\/[^/]*/, '…')} answered ${answer.status}`);
    return answer.body;
  };
  const until = async (id: string, holds: (status: Status) => boolean, known?: Status): Promise<void> => {
    let seen = known ?? status.parse(await call('GET', `/${id}`));
    const end = Date.now() + patienceMs;
    for (let pause = pollMs.first; !holds(seen); pause = Math.min(pollMs.most, pause * 1.5)) {
      if (ended.has(seen.state) || Date.now() > end) throw new Error(`An enrollment stayed ${seen.state}.`);
      await sleep(pause);
      seen = status.parse(await call('GET', `/${id}`));
    }
  };
  /** What the answer to a code has told of the enrollment. */
  const told = new Map<string, Status>();

  return {
    async start({ userId, phoneNumber, accessToken, expiresIn }) {
      const token = { accessToken, expiresIn };
      const { id, ...rest } = started.parse(await call('POST', '', { userId, phoneNumber, token }));
      await until(id, awaitsCodeOf('sms'), rest);
      return id;
    },
    async code(id, factor, code) {
      const path = factor === 'sms' ? `/${id}/binding-code` : `/${id}/otp`;
      const answer = codeAnswer.parse(await call('POST', path, { code }, keyFor(factor)));
      if (answer.result === 'pending') return until(id, isPast(factor));
      if (!taken.has(answer.result)) throw new Error(`A right code was ${answer.result}.`);
      if (answer.status !== undefined) told.set(id, answer.status);
    },
    async next(id, factor) {
      const known = told.get(id);
      told.delete(id);
      await until(id, isPast(factor), known);
      return factor === 'otp' ? '' : appChallenge.parse(await call('GET', `/${id}/challenge`)).setupKey;
    },
  };

  function keyFor(factor: CodeFactor): string {
    return factor === 'sms' ? keys.support : keys.onboarding;
  }
}

const taken = new Set(['confirmed', 'already_confirmed']);
const ended = new Set(['completed', 'partial', 'expired', 'cancelled', 'failed']);

const awaitsCodeOf =
  (factor: CodeFactor) =>
  (status: Status): boolean =>
    status.state === 'awaiting_code' && status.factor === factor;

const isPast = (factor: CodeFactor): ((status: Status) => boolean) =>
  factor === 'sms' ? awaitsCodeOf('otp') : ({ state }) => state === 'completed';
