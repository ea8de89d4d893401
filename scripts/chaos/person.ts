import { setTimeout as sleep } from 'node:timers/promises';
import { TOTP } from 'otpauth';
import { z } from 'zod';
import type { StackFile } from '../stack/stack-file';
import type { Draw } from './draw';
import { codeOf, sendUntilAnswered, type Answer } from '../stack/http';
import type { JourneyName } from './journeys';
import type { Tenant } from '../stack/tenant';

const view = z.object({
  id: z.string(),
  state: z.string(),
  factor: z.string().optional(),
  factors: z.array(z.object({ factor: z.string(), state: z.string(), active: z.boolean() })),
  textsLeft: z.number(),
  nextTextAt: z.string().optional(),
  challenge: z.object({ challengeId: z.string(), type: z.string(), expiresAt: z.string() }).optional(),
  lastProblem: z.object({ code: z.string(), message: z.string() }).optional(),
  endedAt: z.string().optional(),
});
export type View = z.infer<typeof view>;

const codeResult = z.object({ result: z.string() });
const appChallenge = z.object({ type: z.literal('otp'), setupKey: z.string() });

/** What a saboteur may wait for. */
export type Moment = 'start' | 'code' | 'resend' | 'cleanup' | 'wait';

export interface PersonParts {
  readonly stack: StackFile;
  readonly tenant: Tenant;
  readonly draw: Draw;
  readonly reached: (moment: Moment) => void;
  /** Milliseconds between two looks at a case. */
  readonly lookEveryMs: number;
}

export interface Plan {
  readonly index: number;
  readonly journey: JourneyName;
  readonly userId: string;
}

/**
 * Everybody around one case: the onboarding system that starts it, the user with the phone, and support that types the
 * codes. They are patient: what gets no answer is asked again with the same Idempotency-Key. Gives the last view of the
 * case: its outcome, or, when `signal` aborts first, wherever it was; undefined when it never began.
 */
export async function play(parts: PersonParts, plan: Plan, signal: AbortSignal): Promise<View | undefined> {
  let last: View | undefined;
  try {
    const person = createPerson(parts, plan, signal);
    for (last = await person.start(); last.endedAt === undefined; last = await person.look(last.id)) {
      await person.act(last);
      await sleep(parts.lookEveryMs * (0.5 + parts.draw('pace', plan.index)), undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return last;
}

function createPerson({ stack, tenant, draw, reached }: PersonParts, plan: Plan, signal: AbortSignal) {
  const { index, journey, userId } = plan;
  const { onboarding, support } = stack.keys;
  const numbers = { first: phoneNumber('415', index), second: phoneNumber('212', index) };
  let calls = 0;
  const done = new Set<string>();
  /** True the first time it is asked for this thing. */
  const once = (thing: string) => !done.has(thing) && done.add(thing) !== undefined;

  return { start, look, act };

  async function start(): Promise<View> {
    const token = await firstToken();
    reached('start');
    const body = { userId, phoneNumber: numbers.first, ...(token === undefined ? {} : { token }) };
    const { status, body: started } = await ask('POST', '', onboarding, body);
    if (status !== 200 && status !== 201) throw unexpected('start', status, started);
    return view.parse(started);
  }

  function firstToken() {
    switch (journey) {
      case 'noToken':
        return undefined;
      case 'shortToken':
        return tenant.token(userId, { expiresIn: 120 });
      case 'refreshToken':
        return tenant.token(userId, { expiresIn: 120, refresh: true });
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
    const half = now.factors.some(({ state }) => state === 'confirmed' || state === 'accepted');
    if (journey === 'cancelsHalfWay' && half && once('cancel')) return cancel(now);
    switch (now.state) {
      case 'awaiting_token':
        await ask('PUT', `/${now.id}/token`, onboarding, await tenant.token(userId));
        return;
      case 'associating':
        return unblock(now);
      case 'awaiting_code':
        reached('wait');
        if (journey === 'cancelsEarly' && once('cancel')) return cancel(now);
        return now.challenge?.type === 'oob' ? answerText(now) : answerApp(now);
      default:
        return;
    }
  }

  /** A case that cannot go on by itself says so in its last problem. */
  async function unblock(now: View): Promise<void> {
    const waitsForUs = ['answer_lost', 'too_many_texts', 'authenticator_limit'];
    if (waitsForUs.includes(now.lastProblem?.code ?? '')) await resend(now);
  }

  async function answerText(now: View): Promise<void> {
    if (journey === 'newNumber' && once('number')) {
      await ask('PUT', `/${now.id}/phone-number`, support, { phoneNumber: numbers.second, reason: 'wrong number' });
      return;
    }
    if (journey === 'resend' && !done.has('resent')) {
      if (await resend(now)) done.add('resent');
      return;
    }
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

  async function cancel(now: View): Promise<void> {
    reached('cleanup');
    await ask('POST', `/${now.id}/cancel`, support, { reason: 'changed their mind' });
  }

  function ask(method: 'GET' | 'POST' | 'PUT', path: string, key: string, body?: unknown): Promise<Answer> {
    const idempotencyKey = method === 'GET' ? {} : { idempotencyKey: `chaos-${index}-${(calls += 1)}` };
    const url = `${stack.api}/v1/enrollments${path}`;
    return sendUntilAnswered({ method, url, key, ...idempotencyKey, ...(body === undefined ? {} : { body }) }, signal);
  }

  function currentNumber(): string {
    return journey === 'newNumber' && done.has('number') ? numbers.second : numbers.first;
  }

  function unexpected(what: string, status: number, body: unknown): Error {
    return new Error(`case ${index} (${journey}): ${what} answered ${status} ${codeOf(body) ?? ''}`);
  }
}

/** Of the range 555 that films use. Numbers repeat after 10000 cases, which no user notices. */
const phoneNumber = (area: string, index: number): string => `+1${area}555${String(index % 10_000).padStart(4, '0')}`;

const otherThan = (code: string): string => String((Number(code) + 7) % 1_000_000).padStart(6, '0');
