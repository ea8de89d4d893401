import { createHash, randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { EventType } from '../enrollment/events';
import type { Undelivered } from '../enrollment/webhook-delivery';
import { parseEndpoints, type WebhookEndpoint } from '../enrollment/webhook-endpoints';
import {
  redeliverEvents,
  undeliveredState,
  webhookDeliveryMemo,
  webhookDeliveryType,
  type EnrollmentChain,
  type WebhookDeliveryMemo,
} from '../workflows/webhook-delivery';
import {
  addWebhook,
  removeWebhook,
  rotateWebhookSecret,
  webhookEndpointsId,
  webhookEndpointsMemo,
  webhookEndpointsType,
  type WebhookEndpointsInput,
} from '../workflows/webhook-endpoints';
import { createKeptList } from './kept-list';
import { remembered } from './remembered';
import { listRuns } from './sealed-memos';

/** Something that has not arrived, and the enrollment that it is about. */
export interface UndeliveredEvent extends Undelivered {
  readonly enrollment: EnrollmentChain;
}

/** Where events go, and what has not arrived. Every function rejects with the Temporal client's errors. */
export interface Webhooks {
  /** With their secrets. Needs no worker. */
  list(): Promise<readonly WebhookEndpoint[]>;
  /** The endpoint with its secret. Rejects with WorkflowUpdateFailedError of type `too_many`. The same `key` adds it once. */
  add(
    endpoint: { readonly url: string; readonly events: readonly EventType[] },
    key?: string,
  ): Promise<WebhookEndpoint>;
  /** False: there was none. */
  remove(id: string): Promise<boolean>;
  /**
   * Gives it another secret; the one before it signs for a day more. The same `updateId` does so once, and is answered the same
   * secret again. Undefined: there is no such endpoint.
   */
  rotate(id: string, updateId?: string): Promise<WebhookEndpoint | undefined>;
  /** What is tried again and what was given up, of all enrollments: the first 1,000 that visibility names. */
  undelivered(id: string): Promise<readonly UndeliveredEvent[]>;
  /** Has what was given up sent again: how many events. */
  redeliver(id: string, eventId?: string): Promise<number>;
}

export interface WebhooksParts {
  readonly client: Client;
  readonly taskQueue: string;
  /** Milliseconds for each call. */
  readonly deadlineMs?: number;
}

const mostListed = 1_000;

export function createWebhooks({ client, taskQueue, deadlineMs = 5_000 }: WebhooksParts): Webhooks {
  const within = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + deadlineMs, call);
  const { list, change } = createKeptList<WebhookEndpoint, WebhookEndpointsInput>({
    ...{ client, taskQueue, deadlineMs, parse: parseEndpoints },
    workflowType: webhookEndpointsType,
    workflowId: webhookEndpointsId,
    memo: webhookEndpointsMemo,
    staticSummary: 'Where events are sent',
    inputOf: (endpoints) => ({ endpoints }),
  });

  /** With the run that delivers each: an enrollment has one for its events, and one for each link of a campaign. */
  async function undelivered(id: string): Promise<readonly (UndeliveredEvent & { readonly delivery: string })[]> {
    const query = `WorkflowType = '${webhookDeliveryType}' AND MfaState = '${undeliveredState}' AND ExecutionStatus = 'Running'`;
    const found: (UndeliveredEvent & { readonly delivery: string })[] = [];
    let seen = 0;
    await within(async () => {
      for await (const { workflowId, memo } of listRuns(client, query)) {
        const shown = memo[webhookDeliveryMemo] as WebhookDeliveryMemo | undefined; // sealed, so written by the workflow alone
        for (const each of shown?.undelivered ?? []) {
          if (shown !== undefined && each.webhookId === id)
            found.push({ ...each, enrollment: shown.enrollment, delivery: workflowId });
        }
        seen += 1;
        if (seen >= mostListed) return;
      }
    });
    return found.sort((one, other) => (one.at < other.at ? -1 : 1));
  }

  return {
    list,
    add: ({ url, events }, key) => {
      const id = `whk_${(key === undefined ? randomBytes(16) : createHash('sha256').update(key).digest().subarray(0, 16)).toString('base64url')}`;
      return change(addWebhook, { id, url, events, secrets: [{ secret: newSecret() }], createdAt: Date.now() }, key);
    },
    remove: async (id) => {
      const known = (await list()).some((each) => each.id === id);
      if (known) await change(removeWebhook, { id });
      return known;
    },
    rotate: async (id, updateId) => {
      const known = (await list()).some((each) => each.id === id);
      return known ? change(rotateWebhookSecret, { id, secret: newSecret() }, updateId) : undefined;
    },
    undelivered: async (id) => (await undelivered(id)).map(({ delivery: _run, ...event }) => event),
    redeliver: async (id, eventId) => {
      const dead = (await undelivered(id)).filter(
        (each) => each.state === 'dead' && (eventId === undefined || each.eventId === eventId),
      );
      const asked = eventId === undefined ? { webhookId: id } : { webhookId: id, eventId };
      for (const delivery of new Set(dead.map((event) => event.delivery))) {
        await within(() => client.workflow.getHandle(delivery).signal(redeliverEvents, asked));
      }
      return dead.length;
    },
  };
}

/** 192 bits, as Standard Webhooks asks for 192 to 512. */
const newSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`;

/**
 * The endpoints as of at most `forMs` ago: one call to Temporal for all events of this time. `asOf`, in epoch ms: what is given was
 * read no earlier than that, so that it has what was added before.
 */
export function rememberedEndpoints(
  { list }: Pick<Webhooks, 'list'>,
  forMs = 5_000,
  now: () => number = Date.now,
): (asOf?: number) => Promise<readonly WebhookEndpoint[]> {
  return remembered(list, forMs, now);
}
