import { expect, test } from '@jest/globals';
import type { WebhookEndpoint } from '../../src/enrollment/webhook-endpoints';
import type { UndeliveredEvent, Webhooks } from '../../src/temporal/webhook-endpoints';
import type { Role } from '../../src/scopes';
import { ids, workflowId } from '../api/support';
import { mfa, serveApi } from './support';

const now = Date.UTC(2026, 10, 24, 9);
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const newer = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const known: WebhookEndpoint = {
  id: 'whk_8nT2kQ4vB7xZ1mC5wR9yLg',
  ...{ url: 'https://hooks.example.com/mfa', events: [], secrets: [{ secret }], createdAt: now },
};
const enrollment = { workflowId, firstRunId: '3f0d2d5e-7a55-4d57-9d3c-3f4c56b1f2aa', keyId: ids.keyId };
const undelivered = (state: 'dead' | 'retrying', sequence: number): UndeliveredEvent => ({
  ...{
    webhookId: known.id,
    eventId: `evt_x_${sequence}`,
    type: 'enrollment.completed',
    at: '2026-11-24T09:00:00.000Z',
  },
  ...{ state, failure: 'The receiver answered with status 500.', since: now, enrollment },
});

/** The command line over a list of webhooks that is kept in memory. */
async function stage(before: readonly WebhookEndpoint[] = [known], waiting: readonly UndeliveredEvent[] = []) {
  let endpoints = before;
  const redelivered: (string | undefined)[] = [];
  const webhooks: Webhooks = {
    list: () => Promise.resolve(endpoints),
    add: (endpoint) => {
      endpoints = [...endpoints, { ...known, ...endpoint }];
      return Promise.resolve({ ...known, ...endpoint });
    },
    remove: (id) => {
      endpoints = endpoints.filter((each) => each.id !== id);
      return Promise.resolve(before.some((each) => each.id === id));
    },
    rotate: (id) =>
      Promise.resolve(
        before.some((each) => each.id === id)
          ? { ...known, secrets: [{ secret: newer }, { secret, until: Date.now() + 86_400_000 }] }
          : undefined,
      ),
    undelivered: () => Promise.resolve(waiting),
    redeliver: (_id, eventId) => {
      redelivered.push(eventId);
      return Promise.resolve(eventId === undefined ? waiting.length : 1);
    },
  };
  const { env } = await serveApi({}, { webhooks });
  const run = (args: readonly string[], role: Role = 'ops') => mfa(args, { env: env(role), now: now + 60_000 });
  return { run, redelivered };
}

test('a webhook is added with its secret, and listed without', async () => {
  const { run } = await stage([]);
  expect(await run(['webhooks', 'list'])).toEqual({ exitCode: 0, stdout: 'No webhook.\n', stderr: '' });
  const events = 'enrollment.completed, enrollment.failed';
  const added = await run(['webhooks', 'add', known.url, '--events', events]);
  expect(added).toMatchObject({ exitCode: 0, stderr: '' });
  expect(added.stdout.split('\n')).toEqual([
    `${known.id}  ${known.url}`,
    secret,
    'The secret is shown this once: give it to the receiver.',
    '',
  ]);
  const listed = await run(['webhooks', 'list']);
  expect(listed.stdout).toMatch(/^ID +URL +EVENTS +ADDED +OLD SECRET UNTIL\nwhk_8nT2kQ4vB7xZ1mC5wR9yLg +https/);
  expect(listed.stdout).toContain('enrollment.completed enrollment.failed');
  expect(listed.stdout).not.toContain('whsec_');
});

test('a webhook gets another secret, which says how long the old one holds, and is removed', async () => {
  const { run } = await stage();
  const rotated = await run(['webhooks', 'rotate', known.id]);
  expect(rotated.exitCode).toBe(0);
  expect(rotated.stdout).toContain(`${newer}\n`);
  expect(rotated.stdout).toMatch(/^The old secret signs as well until /m);
  expect(await run(['webhooks', 'remove', known.id])).toEqual({ exitCode: 0, stdout: 'No webhook.\n', stderr: '' });
});

test('what has not arrived is shown, dead or tried again, and sent again', async () => {
  const { run, redelivered } = await stage([known], [undelivered('retrying', 4), undelivered('dead', 5)]);
  const { stdout } = await run(['deliveries', known.id]);
  const [head, ...rows] = stdout.trimEnd().split('\n');
  expect(head?.split(/ {2,}/)).toEqual(['STATE', 'TYPE', 'HAPPENED', 'LAST ATTEMPT', 'EVENT', 'ENROLLMENT']);
  expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual(['retrying', 'dead']);
  expect(stdout).toContain('The receiver answered with status 500.');
  expect(stdout).toContain(ids.enrollmentId(workflowId, enrollment.firstRunId));
  expect((await run(['deliveries', known.id, '--redeliver'])).stdout).toBe('2 events are sent again.\n');
  expect((await run(['deliveries', known.id, '--redeliver', 'evt_x_5'])).stdout).toBe('1 event is sent again.\n');
  expect(redelivered).toEqual([undefined, 'evt_x_5']);
});

test('where everything has arrived, both forms of the command say so', async () => {
  const { run } = await stage();
  expect((await run(['deliveries', known.id])).stdout).toBe('Everything has arrived.\n');
  expect((await run(['deliveries', known.id, '--redeliver'])).stdout).toBe('Nothing was given up.\n');
});

test.each([
  [['webhooks', 'list'], { webhooks: [expect.objectContaining({ id: known.id })] }],
  [['webhooks', 'add', known.url], expect.objectContaining({ secret })],
  [['webhooks', 'rotate', known.id], expect.objectContaining({ secret: newer })],
  [['webhooks', 'remove', known.id], { webhooks: [] }],
  [['deliveries', known.id], { deliveries: [expect.objectContaining({ eventId: 'evt_x_5' })] }],
  [['deliveries', known.id, '--redeliver'], { redelivered: 1 }],
])('%j --json prints the answer of the API', async (args, answer) => {
  const { run } = await stage([known], [undelivered('dead', 5)]);
  const { exitCode, stdout, stderr } = await run([...args, '--json']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual(answer);
});

test.each([
  [['webhooks', 'add'], 'target: expected the https address of the receiver.'],
  [['webhooks', 'add', 'http://10.0.0.1/'], 'url: expected an https address'],
  [['webhooks', 'add', known.url, '--events', 'enrollment.begun'], 'expected one of enrollment.state_changed,'],
  [['webhooks', 'list', known.id], 'takes none'],
  [['webhooks', 'list', '--events', 'enrollment.completed'], 'only `mfa webhooks add` takes it'],
  [['webhooks', 'remove'], 'webhookId: expected'],
  [['webhooks', 'rotate', 'whk_short'], 'webhookId: expected the id of a webhook'],
  [['webhooks', 'change', known.id], 'list, add, remove, rotate'],
  [['deliveries'], 'webhookId'],
  [['deliveries', known.id, '--redeliver', 'five'], 'eventId: expected the eventId of a delivery.'],
])('%j is a usage error that says what was expected', async (args, says) => {
  const { run } = await stage();
  const { exitCode, stdout, stderr } = await run(args);
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 2, stdout: '', stderr: expect.stringContaining(says) });
});

test.each([
  [['webhooks', 'remove', 'whk_AAAAAAAAAAAAAAAAAAAAAA']],
  [['webhooks', 'rotate', 'whk_AAAAAAAAAAAAAAAAAAAAAA']],
  [['deliveries', 'whk_AAAAAAAAAAAAAAAAAAAAAA']],
  [['deliveries', 'whk_AAAAAAAAAAAAAAAAAAAAAA', '--redeliver']],
])('%j of a webhook that is not there ends with 4 and says how to find one', async (args) => {
  const { run } = await stage();
  const { exitCode, stderr } = await run(args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 4, stderr: expect.stringContaining('`mfa webhooks list`') });
});

test('a key that may not manage webhooks is told which scope it lacks', async () => {
  const { run } = await stage();
  for (const args of [
    ['webhooks', 'list'],
    ['deliveries', known.id],
  ]) {
    expect(await run(args, 'support')).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('webhooks:manage'),
    });
  }
});
