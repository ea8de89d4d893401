import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from '../../emulator/server';
import { startTenant } from './tenant';

let folder: string;
let stateFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'emulator-state-'));
  stateFile = join(folder, 'deep/tenant.state');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a tenant with a state file goes on where it stopped: users, tokens, open codes, switches and time', async () => {
  const first = await startTenant({ stateFile });
  const userId = await first.newUser();
  const token = await first.token(userId);
  const { json: associated } = await first.associateSms(token);
  await first.switches({ recoveryCodes: true });
  await first.advance(60);
  const time = await first.now();
  await first.close();

  const again = await startTenant({ stateFile, port: Number(new URL(first.publicUrl).port) });
  const code = (await again.inbox()).at(-1)?.code ?? '';
  expect((await again.confirmOob(token, associated['oob_code'], code)).status).toBe(200);
  expect((await again.list(token)).map(({ active }) => active)).toEqual([true]);
  expect((await again.control('GET', '/switches')).json).toMatchObject({ recoveryCodes: true });
  expect(await again.now()).toBeGreaterThanOrEqual(time);
  expect(again.clientSecret).toBe(first.clientSecret);
  await again.close();
});

test('the file is for its owner alone', async () => {
  await (await createEmulator({ stateFile })).close();
  expect(statSync(stateFile).mode & 0o777).toBe(0o600);
});

test('a file of another kind is refused, with what to do', async () => {
  const file = join(folder, 'other');
  writeFileSync(file, 'hello');
  await expect(createEmulator({ stateFile: file })).rejects.toThrow(/is not the state of an emulator\. Remove it/);
});

test('a seed and a state file do not go together', async () => {
  await expect(createEmulator({ stateFile, seed: 'again' })).rejects.toThrow(/not together with a state file/);
});
