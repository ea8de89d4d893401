import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { WebhookAnswer, WebhookRequest } from '../../src/activities/webhooks';
import type { EnrollmentOptions } from '../../src/enrollment/commands';
import type { EnrollmentChanged } from '../../src/enrollment/events';
import type { WebhookEndpoint } from '../../src/enrollment/webhook-endpoints';
import { mfaWebhookDelivery, mfaWebhookEndpoints } from '../../src/workflows';
import { cancelEnrollment, confirmCode } from '../../src/workflows/messages';
import { searchAttributes } from '../../src/workflows/search-attributes';
import {
  redeliverEvents,
  undeliveredState,
  webhookDeliveryId,
  webhookDeliveryMemo,
  type WebhookDeliveryInput,
  type WebhookDeliveryMemo,
} from '../../src/workflows/webhook-delivery';
import {
  addWebhook,
  removeWebhook,
  rotateWebhookSecret,
  webhookEndpointsMemo,
} from '../../src/workflows/webhook-endpoints';
import { awaitingCode } from '../api/support';
import { keep, recordHistories } from './histories';
import { onStage, otherThan, refusal } from './support';

recordHistories();

const { id: _id, ...status } = awaitingCode;
const endpointOf = (name: string, events: WebhookEndpoint['events'] = []): WebhookEndpoint => ({
  id: `whk_${name.padEnd(22, 'A')}`,
  url: `https://${name}.example.com/hooks`,
  events,
  secrets: [{ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }],
  createdAt: 0,
});
const first = endpointOf('first');
const second = endpointOf('second');

let endpoints: readonly WebhookEndpoint[] = [];
let answer: (request: WebhookRequest, attempt: number) => WebhookAnswer | Promise<WebhookAnswer>;
let sent: { readonly url: string; readonly body: Body; readonly id: string }[] = [];
interface Body {
  readonly type: string;
  readonly timestamp: string;
  readonly data: {
    readonly enrollmentId: string;
    readonly sequence: number;
    readonly status: { readonly state: string; readonly factor?: string };
  };
}

const stage = onStage('real', {
  webhooks: {
    endpoints: () => Promise.resolve(endpoints),
    enrollmentId: ({ firstRunId, keyId }) => `enr_${keyId}_${firstRunId}`,
    linkTo: (enrollmentId, { linkId }) =>
      Promise.resolve({ url: `https://mfa.example.com/${enrollmentId}/${linkId}`, expiresAt: 'soon' }),
    send: async (request) => {
      // The body is ours: what the test says of it is checked by the schema of the API elsewhere.
      const body = JSON.parse(request.body) as Body;
      sent.push({ url: request.url, body, id: request.id });
      return answer(request, sent.filter(({ id, url }) => id === request.id && url === request.url).length);
    },
  },
});

beforeEach(() => {
  [endpoints, sent, answer] = [[first], [], () => ({ type: 'answer', status: 204 })];
});
const webhooks = { keyId: 'k' };

/** An enrollment at its first challenge, and what was sent of it. */
async function started(options: EnrollmentOptions) {
  const own = await stage().start({ options });
  const { runId } = await own.handle.describe();
  const sentTo = ({ url } = first) => sent.filter((each) => each.url === url && each.id.includes(runId));
  return {
    ...own,
    runId,
    sent: sentTo,
    types: (to?: WebhookEndpoint) => sentTo(to).map(({ body }) => body.type),
    sequences: (to?: WebhookEndpoint) => sentTo(to).map(({ body }) => body.data.sequence),
    delivery: stage().client.workflow.getHandle(webhookDeliveryId(runId)),
  };
}

/** A run that delivers events with these numbers, of which the last one ends the enrollment. */
async function delivering(sequences: readonly number[], more: Pick<WebhookDeliveryInput, 'retryMs'>) {
  const firstRunId = randomUUID();
  const events = sequences.map((sequence, index): EnrollmentChanged => ({
    id: `evt_${firstRunId}_${sequence}`,
    type: index === sequences.length - 1 ? 'enrollment.completed' : 'enrollment.state_changed',
    sequence,
    at: new Date().toISOString(),
    status,
  }));
  const delivery = await stage().client.workflow.start(mfaWebhookDelivery, {
    taskQueue: 'workflow-tests',
    workflowId: webhookDeliveryId(firstRunId),
    args: [{ enrollment: { workflowId: 'mfa-enrollment-x', firstRunId, keyId: 'k' }, events, ...more }],
  });
  const sentNow = () => sent.filter(({ id }) => id.includes(firstRunId)).map(({ body }) => body.data.sequence);
  return { delivery, sentNow };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20); // the test's own time limit ends it
}

describe('events', () => {
  test('tell of an enrollment from its start to its end, in order, each once', async () => {
    const own = await started({ webhooks });
    await own.finish();
    await until(() => own.types().includes('enrollment.completed'));
    expect(own.types().filter((type) => type !== 'enrollment.state_changed')).toEqual([
      'enrollment.factor_confirmed',
      'enrollment.factor_confirmed',
      'enrollment.completed',
    ]);
    const asked = own.sent().filter(({ body }) => body.data.status.state === 'awaiting_code');
    expect(asked.map(({ body }) => body.data.status.factor)).toEqual(['sms', 'otp']);
    const counted = own.sent().map((_each, index) => index + 1);
    expect(own.sequences()).toEqual(counted);
    expect(own.sent().map(({ id }) => id)).toEqual(counted.map((sequence) => `evt_${own.runId}_${sequence}`));
    expect(own.sent().at(-1)?.body).toMatchObject({
      type: 'enrollment.completed',
      data: { enrollmentId: `enr_k_${own.runId}`, status: { state: 'completed', phoneNumber: '••••••••••23' } },
    });
    expect(JSON.stringify(sent)).not.toContain('14155550123');
    await until(async () => (await own.delivery.describe()).status.name === 'COMPLETED');
    const { events } = await own.delivery.fetchHistory();
    const priorities = events?.flatMap(
      ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.priority?.priorityKey ?? [],
    );
    expect(new Set(priorities)).toEqual(new Set([4])); // enrollments come first
    await keep(own, 'with-webhooks');
  });

  test('are not made of an enrollment that nobody wants to hear of', async () => {
    const own = await started({});
    await own.finish();
    await expect(own.delivery.describe()).rejects.toThrow(/not found/i);
    expect(own.sent()).toEqual([]);
  });

  test('go on in order when the enrollment continues as new', async () => {
    const own = await started({ webhooks, messagesPerRun: 3 });
    const chain = stage().client.workflow.getHandle(own.handle.workflowId);
    const text = await own.texted();
    for (let tries = 1; (await chain.describe()).runId === own.runId; tries += 1) {
      const code = { factor: 'sms', code: otherThan(text, tries) } as const;
      await chain.executeUpdate(confirmCode, { args: [code] }).catch(() => undefined);
    }
    await chain.signal(cancelEnrollment);
    await until(() => own.types().includes('enrollment.cancelled'));
    expect(own.sequences()).toEqual(own.sequences().map((_each, index) => index + 1));
    const states = own.sent().map(({ body }) => body.data.status.state);
    expect(states.at(-1)).toBe('cancelled');
    expect(new Set(states).size).toBe(states.length); // nothing is told again
  });

  test('go only to the endpoints that want them', async () => {
    endpoints = [first, endpointOf('outcomes', ['enrollment.completed'])];
    const own = await started({ webhooks });
    await own.finish();
    await until(() => own.types(endpointOf('outcomes')).length > 0);
    expect(own.types(endpointOf('outcomes'))).toEqual(['enrollment.completed']);
  });
});

describe('a receiver', () => {
  test('that does not answer holds neither the enrollment nor another receiver', async () => {
    endpoints = [first, second];
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    answer = async ({ url }) => {
      if (url === first.url) await held;
      return { type: 'answer', status: 200 };
    };
    const own = await started({ webhooks });
    expect(await own.finish()).toMatchObject({ state: 'completed' });
    await until(() => own.types(second).includes('enrollment.completed'));
    expect(own.types(first)).toEqual(['enrollment.state_changed']);
    release();
    await until(() => own.types(first).includes('enrollment.completed'));
    expect(own.sequences(first)).toEqual(own.sequences(second));
  });

  test('that is back after the first tries gets every event in order', async () => {
    answer = (_request, attempt) => ({ type: 'answer', status: attempt > 2 ? 200 : 500 });
    endpoints = [first];
    const { delivery, sentNow } = await delivering([1, 2], {});
    await until(async () => (await delivery.describe()).status.name === 'COMPLETED');
    expect(sentNow()).toEqual([1, 1, 1, 2, 2, 2]);
  });

  test('that fails until the time is over leaves dead letters, which are sent again when somebody asks', async () => {
    answer = () => ({ type: 'fault', message: 'The receiver was not reached (ECONNREFUSED).' });
    const { delivery, sentNow } = await delivering([1, 2], { retryMs: 1 });
    const shown = async () => {
      const { memo } = await delivery.describe();
      return (memo?.[webhookDeliveryMemo] as WebhookDeliveryMemo | undefined)?.undelivered ?? []; // written by the workflow alone
    };
    await until(async () => (await shown()).filter(({ state }) => state === 'dead').length === 2);
    const dead = await shown();
    expect(dead.map(({ eventId, failure }) => [eventId.at(-1), failure])).toEqual([
      ['1', 'The receiver was not reached (ECONNREFUSED).'],
      ['2', 'The receiver was not reached (ECONNREFUSED).'],
    ]);
    const { typedSearchAttributes } = await delivery.describe();
    expect(typedSearchAttributes.get(searchAttributes.state)).toBe(undeliveredState);
    answer = () => ({ type: 'answer', status: 200 });
    const before = sentNow().length;
    await delivery.signal(redeliverEvents, { webhookId: first.id, eventId: dead[1]?.eventId });
    await until(() => sentNow().length === before + 1);
    await delivery.signal(redeliverEvents, { webhookId: first.id });
    await until(async () => (await delivery.describe()).status.name === 'COMPLETED');
    expect(sentNow().slice(before)).toEqual([2, 1]);
    await keep({ handle: delivery }, 'webhook-delivery');
  });

  test('that was removed is sent nothing more', async () => {
    answer = () => {
      endpoints = [];
      return { type: 'answer', status: 500 };
    };
    const { delivery, sentNow } = await delivering([1, 2], {});
    await until(async () => (await delivery.describe()).status.name === 'COMPLETED');
    expect(sentNow()).toEqual([1]);
  });
});

test('the list of endpoints keeps what was added, with its secrets, and ends when it is empty', async () => {
  const list = await stage().client.workflow.start(mfaWebhookEndpoints, {
    ...{ taskQueue: 'workflow-tests', workflowId: `mfa-webhook-endpoints-${randomUUID()}` },
    args: [{ endpoints: [] }],
  });
  await list.executeUpdate(addWebhook, { args: [first] });
  await list.executeUpdate(addWebhook, { args: [second] });
  const secret = 'whsec_dGhlIG90aGVyIG9uZSBvZiB0d28gc2VjcmV0cw==';
  const rotated = await list.executeUpdate(rotateWebhookSecret, { args: [{ id: first.id, secret }] });
  expect(rotated.secrets.map((each) => each.secret)).toEqual([secret, first.secrets[0]?.secret]);
  await expect(list.executeUpdate('add', { args: [{ url: 'nowhere' }] })).rejects.toMatchObject(refusal('malformed'));
  expect((await list.describe()).memo?.[webhookEndpointsMemo]).toEqual([rotated, second]);
  for (const { id } of [first, second]) await list.executeUpdate(removeWebhook, { args: [{ id }] });
  await list.result();
  await keep({ handle: list }, 'webhook-endpoints');
});
