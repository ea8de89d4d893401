import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient, type Client } from '@auth0-mfa-enrollment/client';
import { TOTP, URI } from 'otpauth';
import { z } from 'zod';
import { freePortsOf } from '../../scripts/stack/ports';

const root = join(__dirname, '../..');
const told = z.object({
  api: z.string(),
  emulatorControl: z.string(),
  keys: z.object({ onboarding: z.string(), support: z.string(), ops: z.string() }),
});
const run = promisify(execFile);
const children: ChildProcess[] = [];
let stack: z.infer<typeof told>;
let onboarding: Client;
let support: Client;

const tsx = (script: string, ...args: string[]) => ['--import', 'tsx', join(root, script), ...args];

/** Starts a program of ours, and gives what it prints first. */
async function startProgram(args: readonly string[], env: NodeJS.ProcessEnv, within: RegExp): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let output = '';
  return await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (within.test(output)) resolve(output);
    });
    child.once('exit', () => reject(new Error(`It ended: ${output}`)));
  });
}

beforeAll(async () => {
  const { TEMPORAL_ADDRESS: _shared, ...env } = process.env;
  stack = told.parse(JSON.parse(await startProgram(tsx('test/scripts/stack-process.ts'), env, /\n/)));
  onboarding = createClient({ baseUrl: stack.api, token: stack.keys.onboarding });
  support = createClient({ baseUrl: stack.api, token: stack.keys.support, actingPerson: 'Sam Support' });
}, 120_000);

afterAll(async () => {
  for (const child of children.toReversed()) {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
  }
});

async function control<Answer extends z.ZodType>(answer: Answer, path: string, body?: object) {
  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${stack.emulatorControl}${path}`, body === undefined ? {} : json);
  return answer.parse(await response.json());
}
const newUser = async (email: string) => (await control(z.object({ userId: z.string() }), '/users', { email })).userId;
const newestCode = async (user: string) => {
  const inbox = z.array(z.object({ code: z.string() })).min(1);
  return (await control(inbox, `/inbox?userId=${encodeURIComponent(user)}`)).at(-1)?.code ?? '';
};

test('a user is enrolled in both factors with the client alone', async () => {
  const user = await newUser('ada@example.com');
  const { accessToken } = await control(z.object({ accessToken: z.string() }), '/tokens', { userId: user });
  const { id } = await onboarding.start({ userId: user, phoneNumber: '+14155550123', token: { accessToken } });
  const ended = onboarding.waitFor(id, 'completed');

  const texted = await support.submitBindingCode(id, { code: await newestCode(user) });
  expect(texted).toMatchObject({ result: 'confirmed' });
  await support.waitFor(id, ({ challenge }) => challenge?.type === 'otp');
  const challenge = await onboarding.challenge(id, { qrSvg: 'false' });
  const app = URI.parse(challenge.type === 'otp' ? challenge.barcodeUri : '');
  if (!(app instanceof TOTP)) throw new Error('The challenge is not that of an app.');
  expect(await onboarding.submitOtp(id, { code: app.generate() })).toMatchObject({ result: 'confirmed' });

  expect((await ended).factors).toMatchObject([{ active: true }, { active: true }]);
  const { entries } = await support.timeline(id);
  expect(entries.at(-1)).toMatchObject({ what: 'ended', state: 'completed' });
});

test('the examples start an enrollment, lead the user to the sign-in, and help at the phone', async () => {
  const ports = await freePortsOf(z.strictObject({ onboarding: z.number(), page: z.number() }), {});
  const env = (key: string, more = {}) => ({ ...process.env, MFA_API: stack.api, MFA_KEY: key, ...more });
  const at = (port: number) => `http://localhost:${port}`;
  const { keys } = stack;

  const server = tsx('examples/onboarding-server.ts');
  await startProgram(server, env(keys.onboarding, { PORT: String(ports.onboarding) }), /http/);
  const phoneNumber = '+14155550177';
  const body = JSON.stringify({ userId: await newUser('grace@example.com'), phoneNumber });
  const answer = await fetch(`${at(ports.onboarding)}/employees`, { method: 'POST', body });
  const started = z.object({ id: z.string(), state: z.string(), signInUrl: z.url() }).parse(await answer.json());
  expect(started.state).toBe('awaiting_token');

  const page = tsx('examples/page-with-link.ts', started.id);
  await startProgram(page, env(keys.onboarding, { PORT: String(ports.page) }), /http/);
  expect(await (await fetch(at(ports.page))).text()).toContain('Set up your second factor');
  const led = await fetch(`${at(ports.page)}/set-up`, { method: 'POST', redirect: 'manual' });
  expect(led.headers.get('location')).toMatch(/\/sign-in\//);

  const script = tsx('examples/support-script.ts', phoneNumber);
  const { stdout } = await run(process.execPath, script, { cwd: root, env: env(keys.support) });
  expect(stdout).toContain(`${started.id}: awaiting_token.`);
});
