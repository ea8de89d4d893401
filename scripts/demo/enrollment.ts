import { randomBytes } from 'node:crypto';
import { TOTP, URI } from 'otpauth';
import { z } from 'zod';
import { send } from '../stack/http';
import type { DesklessStack } from '../stack/stack-file';
import type { Narrator } from './narrator';

const enrollment = z.object({
  id: z.string(),
  state: z.string(),
  attemptsLeft: z.number(),
  factors: z.array(z.object({ factor: z.string(), state: z.string(), active: z.boolean() })),
  lastProblem: z.object({ message: z.string() }).optional(),
});
const confirmed = z.object({ result: z.string(), attemptsLeft: z.number() });
const appChallenge = z.object({ type: z.literal('otp'), barcodeUri: z.string() });
const inbox = z.array(z.object({ to: z.string(), code: z.string(), userId: z.string() }));
const records = z.array(z.object({ authenticator_type: z.string(), active: z.boolean() }).partial());

/** What happens to the stack while the user is on the way. */
export interface Disturbances {
  /** The text is sent, and its code not entered yet. */
  readonly beforeBindingCode?: () => Promise<void>;
  /** The QR code is shown, and the app's code not entered yet. */
  readonly beforeOtp?: () => Promise<void>;
}

/** One user, from nothing to two active factors. Throws with the reason when anything is not as it should be. */
export async function runDemo(
  stack: DesklessStack,
  narrator: Narrator,
  { beforeBindingCode, beforeOtp }: Disturbances = {},
): Promise<void> {
  const { onboarding, support } = stack.keys;
  const control = (path: string, body?: unknown) => call(`${stack.emulatorControl}${path}`, undefined, body);
  const api = (key: string, path: string, body?: unknown) =>
    call(`${stack.api}/v1/enrollments${path}`, key, body, key === support ? 'Sam Support' : undefined);

  narrator.title('The emulated tenant gets a user, who signs in for the MFA API');
  const email = `demo-${randomBytes(4).toString('hex')}@example.com`;
  const { userId } = z
    .object({ userId: z.string() })
    .parse(await control('/users', { email, password: 'correct horse battery' }));
  const token = z
    .object({ accessToken: z.string(), expiresIn: z.number() })
    .parse(await control('/tokens', { userId, scope: 'enroll read:authenticators remove:authenticators' }));
  narrator.step(`${email} has a token that lives ${token.expiresIn} s`);

  narrator.title('The onboarding system starts the enrollment: POST /v1/enrollments');
  const { accessToken, expiresIn } = token;
  const started = enrollment.parse(
    await api(onboarding, '', {
      userId,
      phoneNumber: '+14155550123',
      factors: ['sms', 'otp'],
      token: { accessToken, expiresIn },
    }),
  );
  expectState(started, 'awaiting_code');
  narrator.step(`${started.id.slice(0, 16)}… is ${started.state}; a text message is on its way`);

  await beforeBindingCode?.();
  narrator.title('Support types what the user reads from the phone: POST …/binding-code');
  const text = inbox.parse(await control('/inbox')).findLast((each) => each.userId === userId);
  if (text === undefined) throw new Error('No text message reached the emulated phone.');
  const wrong = confirmed.parse(await api(support, `/${started.id}/binding-code`, { code: otherThan(text.code) }));
  if (wrong.result !== 'rejected') throw new Error(`A wrong code was answered with ${wrong.result}, not rejected.`);
  narrator.step(`a wrong code: ${wrong.result}, ${wrong.attemptsLeft} attempts left`);
  const right = confirmed.parse(await api(support, `/${started.id}/binding-code`, { code: text.code }));
  if (right.result !== 'confirmed') throw new Error(`The texted code was answered with ${right.result}.`);
  narrator.step(`the code of the emulated phone, ${text.code}: ${right.result}`);

  narrator.title('The user scans the QR code (GET …/challenge) and types what the app shows: POST …/otp');
  await until(narrator, async () => enrollment.parse(await api(support, `/${started.id}`)).state === 'awaiting_code');
  const challenge = appChallenge.parse(await api(onboarding, `/${started.id}/challenge`));
  const app = URI.parse(challenge.barcodeUri);
  if (!(app instanceof TOTP)) throw new Error('The QR code is not of a time-based code.');
  narrator.step(`the QR code holds a setup key for ${app.issuer}; support never sees it`);
  await beforeOtp?.();
  const last = confirmed.parse(await api(support, `/${started.id}/otp`, { code: app.generate() }));
  if (last.result !== 'confirmed') throw new Error(`The code of the app was answered with ${last.result}.`);
  narrator.step(`the code of the app: ${last.result}`);

  narrator.title('Both factors are read back');
  await until(narrator, async () => enrollment.parse(await api(support, `/${started.id}`)).state === 'completed');
  const ended = enrollment.parse(await api(support, `/${started.id}`));
  for (const { factor, state, active } of ended.factors)
    narrator.step(`${factor}: ${state}, ${active ? 'active' : 'not active'}`);
  const truth = records.parse(await control(`/users/${encodeURIComponent(userId)}/authenticators`));
  const active = truth.filter((record) => record.active === true).length;
  if (active < 2 || !ended.factors.every((factor) => factor.active))
    throw new Error('The tenant does not list both factors as active.');
  narrator.step(`the tenant itself lists ${active} active authenticators`);

  const { temporalUi, namespace } = stack;
  if (temporalUi === undefined) return;
  narrator.title(`The enrollment in Temporal UI: ${await pageOfNewestCase(temporalUi, namespace)}`);
}

const executions = z.object({
  executions: z.array(z.object({ execution: z.object({ workflowId: z.string(), runId: z.string() }) })).min(1),
});

/** Temporal lists the newest run first, and the demo's is the newest. */
async function pageOfNewestCase(temporalUi: string, namespace: string): Promise<string> {
  const query = encodeURIComponent("WorkflowType='mfaEnrollment'");
  const list = executions.parse(
    await call(`${temporalUi}/api/v1/namespaces/${namespace}/workflows?query=${query}`, undefined),
  );
  const newest = list.executions[0]?.execution;
  return `${temporalUi}/namespaces/${namespace}/workflows/${newest?.workflowId ?? ''}/${newest?.runId ?? ''}/timeline`;
}

async function call(url: string, key: string | undefined, body?: unknown, person?: string): Promise<unknown> {
  const { status, body: answer } = await send({
    method: body === undefined ? 'GET' : 'POST',
    url,
    ...(key === undefined ? {} : { key }),
    ...(person === undefined ? {} : { person }),
    ...(body === undefined ? {} : { body }),
  });
  if (status < 400) return answer;
  const { detail } = z.object({ detail: z.string().optional() }).parse(answer);
  throw new Error(`${new URL(url).pathname} answered ${status}: ${detail ?? 'no detail'}`);
}

async function until(narrator: Narrator, condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  narrator.detail('waited 30 s');
  throw new Error('The enrollment did not go on within 30 s.');
}

function expectState(actual: z.infer<typeof enrollment>, state: string): void {
  if (actual.state !== state)
    throw new Error(`The enrollment is ${actual.state}, not ${state}. ${actual.lastProblem?.message ?? ''}`);
}

const otherThan = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
