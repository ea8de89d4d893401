import { expect, test } from '@jest/globals';
import type { StoppedPrefix } from '../../src/enrollment/stopped-prefixes';
import { mfa, serveApi } from './support';

const now = Date.UTC(2026, 10, 24, 9);

/** The API over a list of stopped prefixes that is kept in memory. */
async function stage() {
  let stopped: readonly StoppedPrefix[] = [];
  const stoppedPrefixes = {
    list: () => Promise.resolve(stopped),
    stop: (prefix: string, reason: string) => Promise.resolve((stopped = [...stopped, { prefix, reason, since: now }])),
    resume: (prefix: string) => Promise.resolve((stopped = stopped.filter((each) => each.prefix !== prefix))),
  };
  const { env } = await serveApi({}, { stoppedPrefixes });
  return (...args: readonly string[]) => mfa(['texts', ...args], { env: env('ops'), now: now + 60_000 });
}

test('texts to a prefix are stopped, listed and resumed', async () => {
  const texts = await stage();
  const stopped = await texts('stop', '+88213', '--reason', 'nobody asked for these');
  expect(stopped).toMatchObject({ exitCode: 0, stderr: '' });
  expect(stopped.stdout).toMatch(/^\+88213 {2}since .* \(60 s ago\) {2}nobody asked for these\n$/);
  expect((await texts('list')).stdout).toBe(stopped.stdout);
  expect(JSON.parse((await texts('list', '--json')).stdout)).toEqual({
    stoppedPrefixes: [{ prefix: '+88213', reason: 'nobody asked for these', since: '2026-11-24T09:00:00.000Z' }],
  });
  expect(await texts('resume', '88213', '--reason', 'over')).toMatchObject({
    exitCode: 0,
    stdout: 'No prefix is stopped.\n',
  });
});

test.each([
  [['stop', '+14155550123', '--reason', 'fraud'], 'expected a plus sign and 1 to 7 digits'],
  [['stop', '--reason', 'fraud'], 'expected a plus sign and 1 to 7 digits'],
  [['stop', '+882'], 'Add --reason'],
  [['pause', '+882'], 'stop, resume, list'],
])('%j is a usage error that does not repeat what was typed', async (args, says) => {
  const texts = await stage();
  const { exitCode, stderr } = await texts(...args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(says) });
  expect(stderr).not.toContain('14155550123');
});
