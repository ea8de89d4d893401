import { describe, expect, test } from '@jest/globals';
import type { WebhookEndpoint } from '../../src/enrollment/webhook-endpoints';
import type { UndeliveredEvent, Webhooks } from '../../src/temporal/webhook-endpoints';
import { as, ids, testApp, workflowId } from './support';

const url = 'https://hooks.example.com/mfa';
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const known: WebhookEndpoint = {
  id: 'whk_8nT2kQ4vB7xZ1mC5wR9yLg',
  ...{ url, events: [], secrets: [{ secret }], createdAt: Date.UTC(2026, 10, 24, 9) },
};
const shown = { id: known.id, url, events: [], createdAt: '2026-11-24T09:00:00.000Z' };
const enrollment = { workflowId, firstRunId: '3f0d2d5e-7a55-4d57-9d3c-3f4c56b1f2aa', keyId: ids.keyId };
const dead: UndeliveredEvent = {
  ...{ webhookId: known.id, eventId: 'evt_x_5', type: 'enrollment.completed', at: '2026-11-24T09:00:00.000Z' },
  ...{ state: 'dead', failure: 'The receiver answered with status 500.', since: 0, enrollment },
};

/** An app over a list of webhooks that is kept in memory. */
async function stage(before: readonly WebhookEndpoint[] = [known]) {
  let endpoints = before;
  const added: unknown[] = [];
  const rotations: unknown[] = [];
  const webhooks: Webhooks = {
    list: () => Promise.resolve(endpoints),
    add: (endpoint, key) => {
      added.push(key);
      const one = { ...known, ...endpoint };
      endpoints = [...endpoints, one];
      return Promise.resolve(one);
    },
    remove: (id) => {
      const there = endpoints.some((each) => each.id === id);
      endpoints = endpoints.filter((each) => each.id !== id);
      return Promise.resolve(there);
    },
    rotate: (id, key) => {
      rotations.push(key);
      return Promise.resolve(
        id === known.id
          ? { ...known, secrets: [{ secret: `${secret}A` }, { secret, until: Date.now() + 3_600_000 }] }
          : undefined,
      );
    },
    undelivered: () => Promise.resolve([dead]),
    redeliver: (_id, eventId) => Promise.resolve(eventId === undefined ? 2 : 1),
  };
  return { ...(await testApp({}, { webhooks })), added, rotations };
}

describe('webhooks', () => {
  test('are added with a secret that is shown once, listed without, and removed', async () => {
    const { app, log, logged } = await stage([]);
    const payload = { url, events: ['enrollment.completed', 'enrollment.completed'] };
    const headers = as('ops');
    const added = await app.inject({ method: 'POST', url: '/v1/webhooks', headers, payload });
    expect([added.statusCode, added.json()]).toEqual([201, { ...shown, events: ['enrollment.completed'], secret }]);
    const listed = await app.inject({ url: '/v1/webhooks', headers });
    expect(listed.json()).toEqual({ webhooks: [{ ...shown, events: ['enrollment.completed'] }] });
    const removed = await app.inject({ method: 'DELETE', url: `/v1/webhooks/${known.id}`, headers });
    expect([removed.statusCode, removed.json()]).toEqual([200, { webhooks: [] }]);
    expect(log()).not.toContain('whsec_');
    expect(logged().filter(({ audit }) => audit === true)).toMatchObject([
      { action: 'add_webhook', webhook: known.id, status: 201 },
      { action: 'list_webhooks' },
      { action: 'remove_webhook', webhook: known.id },
    ]);
  });

  test.each([
    'http://hooks.example.com/',
    'https://10.0.0.1/',
    'https://localhost/',
    'nonsense',
    'https://a:b@example.com/',
  ])('are not added for %s', async (to) => {
    const { app, added } = await stage();
    const answer = await app.inject({ method: 'POST', url: '/v1/webhooks', headers: as('ops'), payload: { url: to } });
    expect([answer.statusCode, answer.json()]).toMatchObject([400, { errors: [{ field: 'url' }] }]);
    expect(added).toEqual([]);
  });

  test('are added once for one Idempotency-Key', async () => {
    const { app, added } = await stage();
    const headers = { ...as('ops'), 'idempotency-key': 'once' };
    for (const _try of [1, 2]) await app.inject({ method: 'POST', url: '/v1/webhooks', headers, payload: { url } });
    expect(added[0]).toMatch(/^upd_/);
    expect(added[1]).toBe(added[0]);
  });

  test('get another secret, which is shown, and the old one holds for a while', async () => {
    const { app } = await stage();
    const answer = await app.inject({ method: 'POST', url: `/v1/webhooks/${known.id}/secret`, headers: as('ops') });
    expect(answer.json()).toMatchObject({ secret: `${secret}A`, secretUntil: expect.any(String) });
  });

  test('get another secret once for one Idempotency-Key, and each webhook its own', async () => {
    const { app, rotations } = await stage();
    const headers = { ...as('ops'), 'idempotency-key': 'once' };
    for (const id of [known.id, known.id, 'whk_AAAAAAAAAAAAAAAAAAAAAA']) {
      await app.inject({ method: 'POST', url: `/v1/webhooks/${id}/secret`, headers });
    }
    expect(rotations[0]).toMatch(/^upd_/);
    expect(rotations[1]).toBe(rotations[0]);
    expect(rotations[2]).not.toBe(rotations[0]);
  });

  test('show what has not arrived, with the id of its enrollment, and send it again', async () => {
    const { app } = await stage();
    const at = `/v1/webhooks/${known.id}`;
    const listed = await app.inject({ url: `${at}/deliveries`, headers: as('ops') });
    const enrollmentId = ids.enrollmentId(workflowId, enrollment.firstRunId);
    expect(listed.json()).toMatchObject({ deliveries: [{ eventId: 'evt_x_5', state: 'dead', enrollmentId }] });
    const send = (payload: object) =>
      app.inject({ method: 'POST', url: `${at}/redeliver`, headers: as('ops'), payload });
    expect((await send({})).json()).toEqual({ redelivered: 2 });
    expect((await send({ eventId: 'evt_x_5' })).json()).toEqual({ redelivered: 1 });
    expect((await send({ eventId: 'no event' })).statusCode).toBe(400);
  });

  test('that are not there are not found', async () => {
    const { app } = await stage([]);
    const at = '/v1/webhooks/whk_AAAAAAAAAAAAAAAAAAAAAA';
    const calls = [
      ['DELETE', at],
      ['POST', `${at}/secret`],
      ['GET', `${at}/deliveries`],
      ['POST', `${at}/redeliver`],
    ] as const;
    for (const [method, path] of calls) {
      const answer = await app.inject({ method, url: path, headers: as('ops') });
      expect([path, answer.statusCode, answer.json()]).toMatchObject([path, 404, { code: 'webhook_not_found' }]);
    }
  });
});
