import { describe, expect, jest, test } from '@jest/globals';
import { shortIds, temporalRunOf } from '../../src/cli/text/ids';
import type { Enrollments } from '../../src/temporal/enrollments';
import { awaitingCode, id, ids, workflowId } from '../api/support';
import { mfa, serveApi } from './support';

const runId = (last: string) => `3f0d2d5e-7a55-4d57-9d3c-3f4c56b1f2${last}`;
const other = ids.enrollmentId(workflowId, runId('ab'));
const { startedAt } = awaitingCode;
const listed = (...found: readonly string[]) =>
  jest.fn<Enrollments['list']>(async () => ({
    enrollments: found.map((one) => ({ id: one, state: 'awaiting_code' as const, startedAt })),
  }));

test('the beginning of an id stands for the one enrollment whose id begins so', async () => {
  const list = listed(id);
  const get = jest.fn<Enrollments['get']>(async () => awaitingCode);
  const { env } = await serveApi({ list, get });
  const name = id.slice(0, 12);
  const ran = await mfa(['status', name], { env: env('ops') });
  expect(list).toHaveBeenCalledWith({ idPrefix: name, limit: 100 });
  expect(get).toHaveBeenCalledWith(id);
  expect(ran.stdout).toContain(`mfa code ${name}\n`); // what was typed is enough for the next command too
});

test('a whole id is looked up nowhere', async () => {
  const { env } = await serveApi({ get: async () => awaitingCode }); // `list` must not be called
  expect((await mfa(['status', id], { env: env('ops') })).exitCode).toBe(0);
});

test('a beginning that several ids share changes nothing, and the message shows what tells them apart', async () => {
  const { env } = await serveApi({ list: listed(id, other) }); // `cancel` must not be called
  const ran = await mfa(['cancel', id.slice(0, 12), '--reason', 'lost'], { env: env('ops') });
  expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
  const [first = '', second = ''] = [...ran.stderr.matchAll(/^ +(enr_\S+) {2}awaiting_code$/gm)].map(
    ([, each]) => each,
  );
  expect(id.startsWith(first) && !other.startsWith(first)).toBe(true);
  expect(other.startsWith(second) && !id.startsWith(second)).toBe(true);
});

test.each([
  ['enr_zzzz', 4, 'No enrollment that this key may see begins with enr_zzzz.'],
  ['enr_zzz', 2, 'This one is too short.'],
  ['auth0|507f1f77bcf86cd799439020', 2, 'expected the id of an enrollment'],
])('mfa status %s ends with %d', async (name, exitCode, says) => {
  const { env } = await serveApi({ list: listed() });
  const ran = await mfa(['status', name], { env: env('ops') });
  expect(ran).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(says) });
});

describe('the shortest names', () => {
  test('have 8 characters behind enr_, and more where another id begins alike', () => {
    const alone = `enr_${'x'.repeat(64)}`;
    const names = shortIds([id, other, alone]);
    expect(names.get(alone)).toBe(`enr_${'x'.repeat(8)}`);
    for (const [one, another] of [
      [id, other],
      [other, id],
    ] as const) {
      const name = names.get(one) ?? '';
      expect(one.startsWith(name)).toBe(true);
      expect(another.startsWith(name)).toBe(false);
      expect(another.startsWith(name.slice(0, -1))).toBe(true);
    }
  });

  test('are shown at a terminal alone', async () => {
    const { env } = await serveApi({ list: listed(id) });
    const atTerminal = await mfa(['list'], { env: { ...env('ops'), NO_COLOR: '1' }, stdoutIsTTY: true });
    expect(atTerminal.stdout).toMatch(new RegExp(`^${id.slice(0, 12)}  awaiting_code`, 'm'));
    expect((await mfa(['list'], { env: env('ops') })).stdout).toContain(id);
  });
});

test('an id tells the workflow and the run that it was made of', () => {
  expect(temporalRunOf(id)).toEqual({ workflowId, runId: runId('aa') });
  expect(temporalRunOf(id.slice(0, 20))).toBeUndefined();
});
