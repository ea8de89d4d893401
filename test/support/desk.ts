import { z } from 'zod';
import type { StackFile } from '../../scripts/stack/stack-file';
import type { Place } from '../secrets/search';

type Caller = 'onboarding' | 'support' | 'ops' | 'nobody';
export type Desk = ReturnType<typeof openDesk>;

const texts = z.array(z.object({ to: z.string(), code: z.string(), userId: z.string() }));
const enrollment = z.looseObject({
  id: z.string(),
  state: z.string(),
  factor: z.string().optional(),
  signInUrl: z.string().optional(),
});
const challenge = z.looseObject({ setupKey: z.string().optional(), recoveryCode: z.string().optional() });

/** The callers of a stack's API and the hand on the emulated tenant. Keeps every answer but those that are meant to hold a secret. */
export function openDesk(stack: StackFile) {
  const answers: Place[] = [];

  async function ask(caller: Caller, method: string, path: string, body?: unknown, holdsSecret = false) {
    const response = await fetch(`${stack.api}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(caller === 'nobody' ? {} : { authorization: `Bearer ${stack.keys[caller]}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const headers = Array.from(response.headers, ([name, value]) => `${name}: ${value}`).join('\n');
    if (!holdsSecret) {
      answers.push({ name: `answer to ${caller}, ${method} ${path}`, bytes: Buffer.from(`${headers}\n\n${text}`) });
    }
    return { status: response.status, headers: response.headers, text };
  }

  async function control(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<unknown> {
    const response = await fetch(`${stack.emulatorControl}${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} at the emulator: ${response.status} ${answer}`);
    return answer === '' ? undefined : JSON.parse(answer);
  }

  const status = async (id: string) =>
    enrollment.parse(JSON.parse((await ask('support', 'GET', `/v1/enrollments/${id}`)).text));

  /** The test's own time limit ends it. */
  async function lookUntil(id: string, reached: (now: z.infer<typeof enrollment>) => boolean): Promise<void> {
    while (!reached(await status(id))) await new Promise((resolve) => setTimeout(resolve, 100));
  }

  return {
    answers,
    ask,
    control,
    status,
    /** Starts a case; the answer counts as one with a secret when it holds a sign-in link. */
    async start(body: unknown) {
      const { text, status: code } = await ask('onboarding', 'POST', '/v1/enrollments', body, true);
      if (code !== 201) throw new Error(`the case did not start: ${code} ${text}`);
      return enrollment.parse(JSON.parse(text));
    },
    until: (id: string, ...states: readonly string[]) => lookUntil(id, ({ state }) => states.includes(state)),
    /** Until the code of this factor is awaited. */
    untilAwaits: (id: string, awaited: string) =>
      lookUntil(id, ({ state, factor }) => state === 'awaiting_code' && factor === awaited),
    /** What the user must see: a secret, for onboarding alone. */
    async challenge(id: string) {
      return challenge.parse(
        JSON.parse((await ask('onboarding', 'GET', `/v1/enrollments/${id}/challenge`, undefined, true)).text),
      );
    },
    async texted(userId: string): Promise<string> {
      const code = texts.parse(await control('/inbox')).findLast((each) => each.userId === userId)?.code;
      if (code === undefined) throw new Error('no text came');
      return code;
    },
    async newUser(): Promise<{ userId: string; email: string }> {
      const email = `user-${Math.random().toString(36).slice(2)}@example.com`;
      return z.object({ userId: z.string(), email: z.string() }).parse(await control('/users', { email }));
    },
    async token(userId: string, expiresIn?: number) {
      const scope = 'openid enroll read:authenticators remove:authenticators offline_access';
      return z
        .object({ accessToken: z.string(), expiresIn: z.number(), refreshToken: z.string() })
        .parse(await control('/tokens', { userId, scope, ...(expiresIn === undefined ? {} : { expiresIn }) }));
    },
  };
}
