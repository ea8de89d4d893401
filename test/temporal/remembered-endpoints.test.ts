import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createWebhookActivities, type WebhookRequest, type WebhookToDeliver } from '../../src/activities/webhooks';
import type { EnrollmentChanged } from '../../src/enrollment/events';
import type { WebhookEndpoint } from '../../src/enrollment/webhook-endpoints';
import { rememberedEndpoints } from '../../src/temporal/webhook-endpoints';
import { awaitingCode } from '../api/support';

const endpoint: WebhookEndpoint = {
  id: 'whk_8nT2kQ4vB7xZ1mC5wR9yLg',
  ...{ url: 'https://hooks.example.com/', events: [], createdAt: 0 },
  secrets: [{ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }],
};

const { id: _id, ...status } = awaitingCode;
const event: EnrollmentChanged = {
  id: 'evt_1',
  type: 'enrollment.state_changed',
  sequence: 1,
  at: awaitingCode.startedAt,
  status,
};
const enrollment = { workflowId: 'mfa-enrollment-x', firstRunId: 'run', keyId: 'k' };

/** A list that grows when a test says so, how often it was read, and a clock. */
function stage() {
  const state = { now: 1_000, list: [] as readonly WebhookEndpoint[], reads: 0 };
  const list = () => {
    state.reads += 1;
    return Promise.resolve(state.list);
  };
  return { state, endpoints: rememberedEndpoints({ list }, 5_000, () => state.now) };
}

test('the endpoints are read once in 5 seconds', async () => {
  const { state, endpoints } = stage();
  for (const at of [1_000, 3_000, 5_999]) {
    state.now = at;
    await endpoints();
  }
  expect(state.reads).toBe(1);
  state.now = 6_000;
  await endpoints();
  expect(state.reads).toBe(2);
});

test('an enrollment that starts after an endpoint was added is told to it, whatever was read a moment before', async () => {
  const { state, endpoints } = stage();
  const activities = createWebhookActivities({
    endpoints,
    send: () => Promise.reject(new Error('nothing is sent')),
    enrollmentId: () => 'enr_test',
    linkTo: () => Promise.reject(new Error('no link is made here')),
  });
  expect(await activities.webhooksFor(['enrollment.completed'], 900)).toEqual([[]]);
  [state.now, state.list] = [2_000, [endpoint]];
  expect(await activities.webhooksFor(['enrollment.completed'], 900)).toEqual([[]]);
  expect(await activities.webhooksFor(['enrollment.completed'], 1_500)).toEqual([[endpoint.id]]);
  expect(await activities.webhooksFor(['enrollment.failed'], 1_500)).toEqual([[endpoint.id]]);
  expect(state.reads).toBe(2);
});

test('an event for an endpoint that another worker learnt of first is sent, and not taken for one that was removed', async () => {
  const { state, endpoints } = stage();
  const sent: WebhookRequest[] = [];
  const activities = createWebhookActivities({
    endpoints,
    send: (request) => {
      sent.push(request);
      return Promise.resolve({ type: 'answer', status: 204 });
    },
    enrollmentId: () => 'enr_test',
    linkTo: () => Promise.reject(new Error('no link is made here')),
    now: () => state.now,
  });
  await endpoints();
  [state.now, state.list] = [2_000, [endpoint]];
  const given: WebhookToDeliver = { webhookId: endpoint.id, event, enrollment };
  await new MockActivityEnvironment().run((to: WebhookToDeliver) => activities.deliverWebhook(to), given);
  expect(sent.map(({ id }) => id)).toEqual(['evt_1']);
});
