import { describe, expect, test } from '@jest/globals';
import { campaignLimits, openCampaign, summaryOf } from '../../src/enrollment/campaign';
import type { Campaigns, CampaignView } from '../../src/temporal/campaigns';
import type { WebhookEndpoint } from '../../src/enrollment/webhook-endpoints';
import { as, testApp, uncalledCampaigns, uncalledWebhooks, userId } from './support';

const id = `cmp_${'c'.repeat(22)}`;
const view: CampaignView = {
  ...summaryOf(
    openCampaign(
      {
        ...{ factors: ['sms', 'otp'], perMinute: 60, maxOpen: 100_000, remindAfterSeconds: [86_400, 259_200] },
        ...{ finishWithinSeconds: 604_800, linkSeconds: 86_400, checkEverySeconds: 300 },
      },
      Date.UTC(2026, 10, 24, 9),
    ),
  ),
  id,
};
const receiver: WebhookEndpoint = {
  ...{ id: `whk_${'w'.repeat(22)}`, url: 'https://notify.example.com/', createdAt: 0 },
  ...{ events: ['enrollment.link_created'], secrets: [{ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }] },
};

/** An app over campaigns that do what a test says. */
async function stage(
  parts: Partial<Campaigns> = {},
  endpoints: readonly WebhookEndpoint[] = [receiver],
  personNeeded = false,
) {
  const webhooks = { ...uncalledWebhooks, list: () => Promise.resolve(endpoints) };
  const campaigns: Campaigns = { ...uncalledCampaigns, ...parts };
  const own = await testApp({}, { campaigns, webhooks, personNeeded });
  const post = (path: string, payload: object = {}, headers: object = as('ops')) =>
    own.app.inject({ method: 'POST', url: `/v1/campaigns${path}`, headers: { ...headers }, payload });
  const get = (path: string) => own.app.inject({ url: `/v1/campaigns${path}`, headers: as('ops') });
  return { ...own, post, get };
}

describe('campaigns', () => {
  test('are made with what was left out, for the caller', async () => {
    const made: unknown[] = [];
    const { post, logged } = await stage({ create: async (asked) => (made.push(asked), view) });
    const answer = await post('');
    expect([answer.statusCode, answer.headers['location']]).toEqual([201, `/v1/campaigns/${id}`]);
    expect(answer.json()).toMatchObject({ id, state: 'collecting', users: 0, counts: {}, perMinute: 60, rate: 60 });
    expect(made).toEqual([{ settings: view.settings, caller: 'ops-desk' }]);
    expect(logged().filter(({ audit }) => audit === true)).toMatchObject([{ action: 'create_campaign', campaign: id }]);
  });

  test('begin at once with the users of the same call', async () => {
    const calls: unknown[] = [];
    const { post, log } = await stage({
      create: () => Promise.resolve(view),
      addUsers: async (to, page) => (calls.push([to, page]), view),
      act: async (on, order) => (
        calls.push([on, order]),
        { ...view, state: 'running' as const, startedAt: view.createdAt }
      ),
    });
    const users = [{ userId, phoneNumber: '+1 415 555 0123' }];
    expect((await post('', { users })).json()).toMatchObject({
      state: 'running',
      startedAt: '2026-11-24T09:00:00.000Z',
    });
    const added = { key: 'first', users: [{ userId, phoneNumber: '+14155550123' }] };
    expect(calls).toEqual([
      [id, added],
      [id, { action: 'start' }],
    ]);
    expect(log()).not.toContain('4155550123');
    expect(log()).not.toContain(userId);
  });

  test.each([
    ['a webhook that takes everything', [{ ...receiver, events: [] }]],
    ['no webhook', []],
  ])('are refused where %s is all there is: nobody would get the links', async (_name, endpoints) => {
    const { post } = await stage({}, endpoints);
    for (const path of ['', `/${id}/start`]) {
      const answer = await post(path);
      expect([answer.statusCode, answer.json()]).toMatchObject([409, { code: 'no_link_receiver' }]);
    }
  });

  test.each([
    [{ users: [] }, 'users'],
    [{ users: [{ userId }, { userId }] }, 'users'],
    [{ users: [{ userId, phoneNumber: '+1900' }] }, 'users.0.phoneNumber'],
    [{ users: Array.from({ length: 501 }, (_none, index) => ({ userId: `auth0|${index}` })) }, 'users'],
    [{ remindAfterSeconds: [60, 60] }, 'remindAfterSeconds'],
    [{ perMinute: 0 }, 'perMinute'],
    [{ linkSeconds: 4 * 86_400 }, 'linkSeconds'],
    [{ token: 'x' }, 'body'],
  ])('are not made from %j', async (payload, field) => {
    const { post } = await stage();
    const answer = await post('', payload);
    expect([answer.statusCode, answer.json()]).toMatchObject([400, { code: 'invalid_request', errors: [{ field }] }]);
  });

  test('take a page of 500 users, once for one Idempotency-Key', async () => {
    const keys: string[] = [];
    const { post } = await stage({ addUsers: async (_to, { key }) => (keys.push(key), view) });
    const users = Array.from({ length: 500 }, (_none, index) => ({ userId: `auth0|${'x'.repeat(200)}${index}` }));
    const headers = { ...as('ops'), 'idempotency-key': 'page-1' };
    for (let tries = 0; tries < 2; tries += 1) {
      expect((await post(`/${id}/users`, { users }, headers)).statusCode).toBe(200);
    }
    await post(`/${id}/users`, { users: users.slice(1) }, headers);
    expect(keys[0]).toBe(keys[1]);
    expect(new Set(keys).size).toBe(2);
  });

  test.each(['pause', 'resume', 'cancel'] as const)('%s', async (action) => {
    const orders: unknown[] = [];
    const { post } = await stage({ act: async (_on, order) => (orders.push(order), view) });
    expect((await post(`/${id}/${action}`)).statusCode).toBe(200);
    expect(orders).toEqual([{ action }]);
  });

  test('are listed by the page, without what belongs to their runs', async () => {
    const asked: unknown[] = [];
    const nextCursor = `${'s'.repeat(22)}.next`;
    const { get } = await stage({ list: async (page) => (asked.push(page), { campaigns: [view], nextCursor }) });
    const answer = await get('');
    expect(answer.json()).toMatchObject({
      campaigns: [{ id, state: 'collecting', factors: ['sms', 'otp'] }],
      nextCursor,
    });
    expect(answer.json<{ campaigns: object[] }>().campaigns[0]).not.toHaveProperty('settings');
    await get(`?limit=5&cursor=${nextCursor}`);
    expect(asked).toEqual([{ limit: 20 }, { limit: 5, cursor: nextCursor }]);
    expect((await get('?limit=101')).json()).toMatchObject({ status: 400, errors: [{ field: 'limit' }] });
  });

  test('that do not take it now, or are not there, say so', async () => {
    const busy = await stage({
      act: () => Promise.resolve('campaign_state'),
      addUsers: () => Promise.resolve('too_many_users'),
    });
    expect((await busy.post(`/${id}/pause`)).json()).toMatchObject({ status: 409, code: 'campaign_conflict' });
    const full = await busy.post(`/${id}/users`, { users: [{ userId }] });
    expect(full.json()).toMatchObject({
      code: 'campaign_conflict',
      detail: expect.stringContaining(String(campaignLimits.users)),
    });
    const none = await stage({ act: async () => undefined, get: async () => undefined });
    for (const answer of [await none.post(`/${id}/pause`), await none.get(`/${id}`), await none.get('/cmp_x')]) {
      expect(answer.json()).toMatchObject({ status: 404, code: 'campaign_not_found' });
    }
  });

  test('report page by page', async () => {
    const { get } = await stage({
      get: () => Promise.resolve({ ...view, pages: 2 }),
      report: async (_of, page) => [{ userId: `user-${page}`, state: 'refused', links: 0, why: 'enrollment_conflict' }],
    });
    const first = await get(`/${id}/report`);
    expect(first.json()).toEqual({
      users: [{ userId: 'user-0', state: 'refused', links: 0, why: 'enrollment_conflict' }],
      nextCursor: '1',
    });
    const last = await get(`/${id}/report?cursor=1`);
    expect(last.json()).toEqual({ users: [expect.objectContaining({ userId: 'user-1' })] });
    expect((await get(`/${id}/report?cursor=x`)).statusCode).toBe(400);
  });

  test('are the business of ops alone, and of a person who is named', async () => {
    const { post } = await stage({}, [receiver], true);
    for (const role of ['onboarding', 'support'] as const) {
      expect((await post('', {}, as(role))).json()).toMatchObject({ status: 403, code: 'forbidden' });
    }
    expect((await post('')).json()).toMatchObject({ status: 403, code: 'person_needed' });
  });
});
