import { cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { defined } from '../enrollment/defined';
import { linkCreated, type EventType, type LinkCreated, type OutgoingEvent } from '../enrollment/events';
import { signingSecrets, wants, type WebhookEndpoint } from '../enrollment/webhook-endpoints';
import { noObserver, type ActivityObserver, type AttemptResult } from './observer';

/** An event on its way to one endpoint. */
export interface WebhookToDeliver {
  readonly webhookId: string;
  readonly event: OutgoingEvent;
  readonly enrollment: { readonly workflowId: string; readonly firstRunId: string; readonly keyId: string };
}

/** One signed request (Standard Webhooks). */
export interface WebhookRequest {
  readonly url: string;
  readonly id: string;
  /** What was signed is exactly what is sent. */
  readonly body: string;
  /** Each signs; the newest first. */
  readonly secrets: readonly string[];
}

export type WebhookAnswer =
  | { readonly type: 'answer'; readonly status: number; readonly retryAfterMs?: number }
  /** One sentence, without anything of the answer or the address. */
  | { readonly type: 'fault'; readonly message: string };

export interface WebhookDependencies {
  /** May be some seconds old; when `asOf` (epoch ms) is given, no older than that. */
  readonly endpoints: (asOf?: number) => Promise<readonly WebhookEndpoint[]>;
  /** Never rejects. */
  readonly send: (request: WebhookRequest, signal: AbortSignal) => Promise<WebhookAnswer>;
  readonly enrollmentId: (of: WebhookToDeliver['enrollment']) => string;
  /** The sign-in link of this name, with its life beginning now. */
  readonly linkTo: (
    enrollmentId: string,
    link: Pick<LinkCreated, 'linkId' | 'linkSeconds' | 'publicUrl'>,
  ) => Promise<{ readonly url: string; readonly expiresAt: string }>;
  readonly now?: () => number;
  /** Hears what became of each attempt; nobody does when absent. */
  readonly observer?: Pick<ActivityObserver, 'webhookAttempt'>;
}

/** What an endpoint is sent: the members that Standard Webhooks asks for, and the event. */
export async function webhookBody(
  event: OutgoingEvent,
  enrollmentId: string,
  linkTo: WebhookDependencies['linkTo'],
): Promise<object> {
  if (event.type !== linkCreated) {
    const { id: _id, type, at, ...data } = event;
    return { type, timestamp: at, data: { enrollmentId, ...data } };
  }
  const { type, at, campaignId, userId, reminder, ...link } = event;
  const { url, expiresAt } = await linkTo(enrollmentId, link);
  return { type, timestamp: at, data: { enrollmentId, campaignId, userId, reminder, link: { url, expiresAt } } };
}

export const webhookFailures = { refused: 'webhook_refused', unreachable: 'webhook_unreachable' } as const;

export function createWebhookActivities({
  endpoints,
  send,
  enrollmentId,
  linkTo,
  now = Date.now,
  observer = noObserver,
}: WebhookDependencies) {
  return {
    /**
     * For each of these events the ids of the endpoints that want it. `startedAt`: of the enrollment, in epoch ms. An endpoint that was
     * added before then is among them.
     */
    async webhooksFor(types: readonly EventType[], startedAt: number): Promise<readonly (readonly string[])[]> {
      const known = types.length === 0 ? [] : await endpoints(startedAt);
      return types.map((type) => known.filter((endpoint) => wants(endpoint, type)).map(({ id }) => id));
    },

    /**
     * One attempt to deliver an event to one endpoint. Does nothing for an endpoint that was removed. Throws ApplicationFailure, to
     * be tried again, when the receiver does not answer with 2xx.
     */
    async deliverWebhook({ webhookId, event, enrollment }: WebhookToDeliver): Promise<void> {
      const isIt = ({ id }: WebhookEndpoint) => id === webhookId;
      // Another worker may have learnt of it a moment ago: only a list that was read now says that it is gone.
      const endpoint = (await endpoints()).find(isIt) ?? (await endpoints(now())).find(isIt);
      if (endpoint === undefined) return;
      const request = {
        url: endpoint.url,
        id: event.id,
        body: JSON.stringify(await webhookBody(event, enrollmentId(enrollment), linkTo)),
        secrets: signingSecrets(endpoint, now()),
      };
      const answer = await send(request, cancellationSignal());
      observer.webhookAttempt(resultOf(answer));
      if (answer.type === 'fault') {
        throw ApplicationFailure.create({ type: webhookFailures.unreachable, message: answer.message });
      }
      if (isTaken(answer.status)) return;
      throw ApplicationFailure.create({
        type: webhookFailures.refused,
        message: `The receiver answered with status ${answer.status}.`,
        ...defined({ nextRetryDelay: answer.retryAfterMs }),
      });
    },
  };
}

const isTaken = (status: number): boolean => status >= 200 && status < 300;

function resultOf(answer: WebhookAnswer): AttemptResult {
  if (answer.type === 'fault') return 'unreachable';
  return isTaken(answer.status) ? 'delivered' : 'refused';
}

export type WebhookActivities = ReturnType<typeof createWebhookActivities>;
