import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';

const root = join(__dirname, '../..');
const keys = z.strictObject({ onboarding: z.string(), support: z.string(), ops: z.string() });
const login = z.object({ email: z.string(), password: z.string() });
const staff = z.object({ support: login, ops: login });
const told = z.object({ api: z.string(), folder: z.string(), logs: z.string(), pids: z.array(z.number()), keys });
interface StackProcess extends z.infer<typeof told> {
  readonly child: ChildProcess;
}

const started = new Set<ChildProcess>();

function launch(state?: string): ChildProcess {
  const script = join(root, 'test/scripts/stack-process.ts');
  const { TEMPORAL_ADDRESS: _shared, ...env } = process.env;
  const args = ['--import', 'tsx', script, ...(state === undefined ? [] : [state])];
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  started.add(child);
  return child;
}

async function startStackProcess(state?: string): Promise<StackProcess> {
  const child = launch(state);
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => output.includes('\n') && resolve());
    child.once('exit', () => reject(new Error(`The stack ended: ${errors}`)));
  });
  return { ...told.parse(JSON.parse(output)), child };
}

const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', (code) => resolve(code)));

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const allGone = async (pids: readonly number[]): Promise<void> => {
  while (pids.some(isAlive)) await sleep(50); // the test's own time limit ends it
};
const isListening = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

afterAll(async () => {
  for (const child of started) child.kill('SIGTERM');
  await Promise.all([...started].map(ended));
});

describe('stacks side by side', () => {
  let one: StackProcess;
  let other: StackProcess;
  beforeAll(async () => {
    [one, other] = await Promise.all([startStackProcess(), startStackProcess()]);
  }, 120_000);

  const file = (stack: StackProcess) => join(stack.folder, 'stack.json');
  const read = (stack: StackProcess) =>
    z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(file(stack), 'utf8')));

  test('two stacks share no address and no key', () => {
    const [first, second] = [read(one), read(other)];
    const same = Object.keys(first).filter((name) => JSON.stringify(first[name]) === JSON.stringify(second[name]));
    expect(same.sort()).toEqual(['namespace', 'taskQueue']);
  });

  test('a key of one stack opens nothing of the other', async () => {
    const ask = (key: string) =>
      fetch(`${one.api}/v1/enrollments`, { headers: { authorization: `Bearer ${key}` } }).then(({ status }) => status);
    expect([await ask(one.keys.ops), await ask(other.keys.ops)]).toEqual([200, 401]);
  });

  test('stack.json is for its owner alone and holds its addresses and keys, nothing else', () => {
    expect(statSync(file(one)).mode & 0o777).toBe(0o600);
    expect(Object.keys(read(one)).sort()).toEqual(
      [
        ...['api', 'temporal', 'temporalUi', 'emulator', 'emulatorControl', 'page', 'keys', 'codecServer', 'apiHealth'],
        ...['clientId', 'clientSecret', 'taskQueue', 'namespace', 'desk', 'staff', 'workerHealth'],
      ].sort(),
    );
  });

  test('no log holds a key or a secret of the stack', () => {
    const held = z.object({ clientSecret: z.string(), keys, staff }).parse(read(one));
    const passwords = [held.staff.support.password, held.staff.ops.password];
    const logs = readdirSync(one.logs).map((name) => readFileSync(join(one.logs, name), 'utf8'));
    for (const secret of [held.clientSecret, ...passwords, ...Object.values(held.keys)])
      expect(logs.join('\n')).not.toContain(secret);
  });

  test('a stack that is killed leaves no process behind, and the other one goes on', async () => {
    one.child.kill('SIGKILL');
    await allGone(one.pids);
    expect(await isListening(one.api)).toBe(false);
    expect((await fetch(`${other.api}/openapi.json`)).status).toBe(200);
  });

  test('a stack that is asked to stop leaves no process and no folder behind', async () => {
    other.child.kill('SIGTERM');
    expect(await ended(other.child)).toBe(0);
    await allGone(other.pids);
    expect(existsSync(other.folder)).toBe(false);
  });
});

describe('a stack that stays', () => {
  const state = mkdtempSync(join(tmpdir(), 'mfa-state-'));
  afterEach(() => rmSync(state, { recursive: true, force: true }));

  test('comes back with its addresses and keys, and a second one on the same folder is refused', async () => {
    const first = await startStackProcess(state);
    await expect(startStackProcess(state)).rejects.toThrow(/Another stack runs in /);
    first.child.kill('SIGTERM');
    await ended(first.child);

    const again = await startStackProcess(state);
    expect([again.api, again.keys]).toEqual([first.api, first.keys]);
    again.child.kill('SIGTERM');
    expect(await ended(again.child)).toBe(0);
    expect(existsSync(join(state, 'dev.db'))).toBe(true);
  }, 120_000);
});
