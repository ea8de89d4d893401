import { setTimeout as sleep } from 'node:timers/promises';
import { TOTP } from 'otpauth';
import { z } from 'zod';
import type { StackFile } from '../stack/stack-file';
import type { Draw } from './draw';
import { codeOf, sendUntilAnswered, type Answer } from '../stack/http';
import { floodOf, plainJson } from './flood';
import type { JourneyName } from './journeys';
import { mark, nextMove, type Move } from './moves';
import type { Signals } from './signals';
import type { Tenant, Token } from '../stack/tenant';
import { view, type View } from './view';
import { workflowIdOf } from './workflows';

const codeResult = z.object({ result: z.string() });
const appChallenge = z.object({ type: z.literal('otp'), setupKey: z.string() });

/** What a saboteur may wait for. */
export type Moment = 'start' | 'code' | 'resend' | 'cleanup' | 'wait';

export interface PersonParts {
  readonly stack: StackFile;
  /** Addresses of the API: whoever gets no answer at one asks another one. */
  readonly apis: readonly string[];
  readonly tenant: Tenant;
  readonly signals: Signals;
  readonly draw: Draw;
  readonly reached: (moment: Moment) => void;
  /** Told of each answer: how many tries before it had none, or a 503. */
  readonly onAnswer?: (triesBefore: number) => void;
  /** Milliseconds between two looks at a case. */
  readonly lookEveryMs: number;
}

export interface Plan {
  readonly index: number;
  readonly journey: JourneyName;
  readonly userId: string;
  /** The user whose tokens are brought for this case without being its own; the same user where nobody else is around. */
  readonly otherUserId: string;
}

export interface Played {
  /** The last view of the case: its outcome, or wherever it was when time was up; undefined when it never began. */
  readonly view: View | undefined;
  /** The API said yes to a token of another user. */
  readonly tookOtherUsersToken: boolean;
}

const floodSize = 1_500;

/**
 * Everybody around one case: the onboarding system that starts it, the user with the phone, support that types the codes, and
 * operations. They are patient: what gets no answer is asked again with the same Idempotency-Key. Ends with the case, or when
 * `signal` aborts.
 */
export async function play(parts: PersonParts, plan: Plan, signal: AbortSignal): Promise<Played> {
  let last: View | undefined;
  const person = createPerson(parts, plan, signal);
  try {
    for (last = await person.start(); last.endedAt === undefined; last = await person.look(last.id)) {
      await person.act(last);
      await sleep(parts.lookEveryMs * (0.5 + parts.draw('pace', plan.index)), undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return { view: last, tookOtherUsersToken: person.tookOtherUsersToken() };
}

function createPerson(
  { stack, apis, tenant, signals, draw, reached, onAnswer }: PersonParts,
  plan: Plan,
  signal: AbortSignal,
) {
  const { index, journey, userId, otherUserId } = plan;
  const { onboarding, support, ops } = stack.keys;
  const numbers = { first: phoneNumber('415', index), second: phoneNumber('212', index) };
  let calls = 0;
  let turn = 0;
  let tookOtherUsersToken = false;
  const done = new Set<string>();
  /** True the first time it is asked for this thing. */
  const once = (thing: string) => !done.has(thing) && done.add(thing) !== undefined;

  return { start, look, act, tookOtherUsersToken: () => tookOtherUsersToken };

  async function start(): Promise<View> {
    const token = await firstToken();
    reached('start');
    const body = { userId, phoneNumber: numbers.first, ...(token === undefined ? {} : { token }) };
    const { status, body: started } = await ask('POST', '', onboarding, body);
    if (status !== 200 && status !== 201) throw unexpected('start', status, started);
    return view.parse(started);
  }

  async function firstToken(): Promise<Token | undefined> {
    switch (journey) {
      case 'noToken':
      case 'otherUsersToken':
      case 'otherUsersSignal':
        return undefined;
      case 'shortToken':
        return tenant.token(userId, { expiresIn: 120 });
      case 'refreshToken':
        return tenant.token(userId, { expiresIn: 120, refresh: true });
      case 'otherUsersRefreshToken': {
        const { refreshToken } = await tenant.token(otherUserId, { refresh: true });
        return { ...(await tenant.token(userId, { expiresIn: 120 })), refreshToken };
      }
      default:
        return tenant.token(userId);
    }
  }

  async function look(id: string): Promise<View> {
    const { status, body } = await ask('GET', `/${id}`, support);
    if (status !== 200) throw unexpected('look', status, body);
    return view.parse(body);
  }

  async function act(now: View): Promise<void> {
    if (now.state === 'awaiting_code') reached('wait');
    const move = nextMove(journey, now, done);
    if (await make(move, now)) done.add(mark(move, now));
  }

  /** True when it need not be made again. */
  async function make(move: Move, now: View): Promise<boolean> {
    switch (move) {
      case 'nothing':
        return true;
      case 'cancel':
        reached('cleanup');
        await ask('POST', `/${now.id}/cancel`, support, { reason: 'changed their mind' });
        return true;
      case 'bringToken':
        await ask('PUT', `/${now.id}/token`, onboarding, await tenant.token(userId));
        return true;
      case 'bringOtherUsersToken': {
        const { status } = await ask('PUT', `/${now.id}/token`, onboarding, await tenant.token(otherUserId));
        tookOtherUsersToken ||= status < 300;
        return true;
      }
      case 'signalOtherUsersToken': {
        const { accessToken, expiresIn } = await tenant.token(otherUserId);
        const payloads = [plainJson({ accessToken, expiresIn })];
        await signals.send(workflowIdOf(now.id), [{ name: 'provideToken', payloads }], signal);
        return true;
      }
      case 'sendFlood':
        await signals.send(workflowIdOf(now.id), floodOf(draw, index, floodSize), signal);
        return true;
      case 'changeNumber': {
        // Not by support: who sets the number does not type the code that is sent to it.
        const body = { phoneNumber: numbers.second, reason: 'wrong number' };
        return (await ask('PUT', `/${now.id}/phone-number`, ops, body)).status === 200;
      }
      case 'askForSecondText':
      case 'askAgain':
        return resend(now);
      case 'answerText':
        await answerText(now);
        return true;
      case 'answerApp':
        await answerApp(now);
        return true;
    }
  }

  async function answerText(now: View): Promise<void> {
    const codes = (await tenant.texts(userId)).filter(({ to }) => to === currentNumber()).map(({ code }) => code);
    const newest = codes.at(-1);
    if (newest === undefined) return;
    if (journey === 'wrongCodes' && once('wrong text code')) await type(now, 'binding-code', otherThan(newest));
    // The user has two texts and may well take the one that came first.
    const earlier =
      journey === 'resend' && once('earlier code') && draw('earlier', index) < 0.5 ? codes.at(-2) : undefined;
    const result = await type(now, 'binding-code', earlier ?? newest);
    if (result === 'expired' || (result === 'rejected' && earlier === undefined)) await resend(now);
  }

  async function answerApp(now: View): Promise<void> {
    const { status, body } = await ask('GET', `/${now.id}/challenge`, onboarding);
    const shown = appChallenge.safeParse(body);
    if (status !== 200 || !shown.success) return; // the case has gone on in between
    const code = new TOTP({ secret: shown.data.setupKey }).generate();
    if (journey === 'wrongCodes' && once('wrong app code')) await type(now, 'otp', otherThan(code));
    const result = await type(now, 'otp', code);
    if (result === 'expired') await resend(now);
  }

  async function type(now: View, route: 'binding-code' | 'otp', code: string): Promise<string | undefined> {
    reached('code');
    const { status, body } = await ask('POST', `/${now.id}/${route}`, support, { code });
    return status === 200 ? codeResult.parse(body).result : codeOf(body);
  }

  /** Asks for a new challenge once that is allowed: true when it was taken. */
  async function resend(now: View): Promise<boolean> {
    const wait = now.nextTextAt === undefined ? 0 : Date.parse(now.nextTextAt) - Date.now();
    if (wait > 60_000) return false;
    await sleep(Math.max(0, wait), undefined, { signal });
    reached('resend');
    const { status } = await ask('POST', `/${now.id}/resend`, support, { reason: 'no text came' });
    return status === 200;
  }

  async function ask(method: 'GET' | 'POST' | 'PUT', path: string, key: string, body?: unknown): Promise<Answer> {
    const idempotencyKey = method === 'GET' ? {} : { idempotencyKey: `chaos-${index}-${(calls += 1)}` };
    turn += 1;
    const first = index + turn;
    let triesBefore = 0;
    const addressOf = (tries: number) => {
      triesBefore = tries;
      return `${apis[(first + tries) % apis.length] ?? stack.api}/v1/enrollments${path}`;
    };
    const call = { method, url: addressOf(0), key, ...idempotencyKey, ...(body === undefined ? {} : { body }) };
    const answer = await sendUntilAnswered(call, signal, addressOf);
    onAnswer?.(triesBefore);
    return answer;
  }

  function currentNumber(): string {
    return done.has('changeNumber') ? numbers.second : numbers.first;
  }

  function unexpected(what: string, status: number, body: unknown): Error {
    return new Error(`case ${index} (${journey}): ${what} answered ${status} ${codeOf(body) ?? ''}`);
  }
}

/** Of the range 555 that films use. Numbers repeat after 10000 cases, which no user notices. */
const phoneNumber = (area: string, index: number): string => `+1${area}555${String(index % 10_000).padStart(4, '0')}`;

const otherThan = (code: string): string => String((Number(code) + 7) % 1_000_000).padStart(6, '0');
