import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  defineSignal,
  isCancellation,
  log,
  makeContinueAsNewFunc,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { WebhookActivities } from '../activities/webhooks';
import { parseEvents, type OutgoingEvent } from '../enrollment/events';
import { failureTypes } from '../enrollment/failures';
import { isSealed } from '../enrollment/unsealed';
import {
  delivered,
  deliveryLimits,
  giveUp,
  isDelivered,
  isDelivery,
  nothingToDeliver,
  parseRedelivery,
  receiveEvents,
  redeliver,
  route,
  stillTrying,
  timeLeft,
  undelivered,
  type Delivery,
  type Undelivered,
} from '../enrollment/webhook-delivery';
import { createAlarm } from './alarm';
import { hasGrown, waitForKeyOf } from './long-run';
import { count } from './metrics';
import { searchAttributes } from './search-attributes';

export const webhookDeliveryType = 'mfaWebhookDelivery';
/** Named after the first run of the enrollment, so that nobody needs to look for it. */
export const webhookDeliveryId = (firstRunId: string): string => `mfa-webhook-delivery-${firstRunId}`;
/** The member of the memo that says what has not arrived. */
export const webhookDeliveryMemo = 'webhookDelivery';
/** Of a run with events that have not arrived at the first tries, in the search attribute `MfaState`. */
export const undeliveredState = 'undelivered';

/** The enrollment whose events these are, as Temporal names it. */
export interface EnrollmentChain {
  readonly workflowId: string;
  readonly firstRunId: string;
  /** Of the key that its public id is made under. */
  readonly keyId: string;
}

export interface WebhookDeliveryInput {
  readonly enrollment: EnrollmentChain;
  /** The first events, or what the run before this one has left. */
  readonly events?: readonly OutgoingEvent[];
  readonly continued?: Delivery;
  /** How long an event is tried, in milliseconds; a day when absent. For tests of that. */
  readonly retryMs?: number;
}

export interface WebhookDeliveryMemo {
  readonly enrollment: EnrollmentChain;
  readonly undelivered: readonly Undelivered[];
}

/** Sealed; whatever else comes is passed over. */
export const deliverEvents = defineSignal<[unknown?]>('deliver');
/** `{webhookId, eventId?}`, sealed: what was given up is tried again. */
export const redeliverEvents = defineSignal<[unknown?]>('redeliver');

/** An attempt gives up by itself after 10 seconds. */
/**
 * Each attempt holds one of the worker's slots for activities for as long as its receiver takes, up to 10 seconds. Where all are held by
 * slow receivers, the next free one is for an enrollment, whose activities have the usual priority of 3.
 */
const attempt = { startToCloseTimeout: '15s', priority: { priorityKey: 4 } } as const;
/** The first tries: a receiver that starts anew is back by then, and nobody is told. */
const first = proxyActivities<WebhookActivities>({
  ...attempt,
  retry: { initialInterval: '1s', backoffCoefficient: 5, maximumAttempts: 3 },
});
const local = proxyLocalActivities<WebhookActivities>({ startToCloseTimeout: '5s' });

/**
 * Delivers the events of one enrollment, outside of its own run: in order and one at a time to each endpoint, and no endpoint waits for
 * another. Retries for a day, then keeps the event as a dead letter until somebody has it sent again, for 35 days.
 */
export async function mfaWebhookDelivery(input: WebhookDeliveryInput): Promise<void> {
  waitForKeyOf(input);
  let state = deliveryAtStart(input);
  const { enrollment } = input;
  let messages = 0;
  let lastNews = Date.now();
  let shown = JSON.stringify(undelivered(state));
  const runners = new Map<string, CancellationScope>();

  const change = (next: Delivery): void => {
    state = next;
  };
  setHandler(deliverEvents, (value) => {
    messages += 1;
    const events = isSealed(value) ? parseEvents(value) : undefined;
    if (events === undefined) return log.warn('signal ignored: expected sealed events');
    lastNews = Date.now();
    return change(receiveEvents(state, events));
  });
  setHandler(redeliverEvents, (value) => {
    messages += 1;
    const asked = isSealed(value) ? parseRedelivery(value) : undefined;
    if (asked === undefined) return log.warn('signal ignored: expected {webhookId, eventId?}, sealed');
    lastNews = Date.now();
    return change(redeliver(state, asked, Date.now()));
  });

  /** One endpoint's queue, from its first event to its last. */
  async function drain(webhookId: string): Promise<void> {
    for (let event = state.queues[webhookId]?.[0]; event !== undefined; event = state.queues[webhookId]?.[0]) {
      const failure = await attempted(webhookId, event);
      if (failure !== undefined) count('deadLetter');
      change(
        failure === undefined ? delivered(state, webhookId) : giveUp(state, webhookId, { failure, since: Date.now() }),
      );
      show();
    }
  }

  /** The failure of the last attempt; `undefined` when the event has arrived. Throws when this run is about to continue as new. */
  async function attempted(webhookId: string, event: OutgoingEvent): Promise<string | undefined> {
    const given = { webhookId, event, enrollment };
    const options = { summary: event.type };
    try {
      return void (await first.deliverWebhook.executeWithOptions(options, [given]));
    } catch (error) {
      change(stillTrying(state, webhookId, { failure: failureOf(error), since: Date.now() }));
      show();
    }
    const later = proxyActivities<WebhookActivities>({
      ...attempt,
      scheduleToCloseTimeout: timeLeft(event, Date.now(), input.retryMs),
      retry: { initialInterval: '30s', backoffCoefficient: 2, maximumInterval: '1h' },
    });
    try {
      return void (await later.deliverWebhook.executeWithOptions(options, [given]));
    } catch (error) {
      return failureOf(error);
    }
  }

  /** Only what has changed is written: an enrollment whose events arrive writes nothing. */
  function show(): void {
    const memo: WebhookDeliveryMemo = { enrollment, undelivered: undelivered(state) };
    const now = JSON.stringify(memo.undelivered);
    if (now === shown) return;
    upsertMemo({ [webhookDeliveryMemo]: memo });
    if (now === '[]' || shown === '[]') {
      upsertSearchAttributes([{ key: searchAttributes.state, value: now === '[]' ? null : undeliveredState }]);
    }
    shown = now;
  }

  function startRunners(): void {
    for (const webhookId of Object.keys(state.queues)) {
      if (runners.has(webhookId)) continue;
      const scope = new CancellationScope();
      runners.set(webhookId, scope);
      scope
        .run(() => drain(webhookId))
        .catch((error: unknown) => {
          if (!isCancellation(error)) throw error;
        })
        .finally(() => runners.delete(webhookId));
    }
  }

  /** Also a queue that got something just as its runner had come to its end. */
  const hasIdleQueue = () => Object.keys(state.queues).some((webhookId) => !runners.has(webhookId));

  const alarm = createAlarm();
  while (!hasGrown(messages)) {
    if (state.unrouted.length > 0) {
      const events = state.unrouted;
      const startedAt = Math.max(
        ...events.map((event) => Date.parse('status' in event ? event.status.startedAt : event.at)),
      );
      const types = events.map(({ type }) => type);
      const wanted = await local.webhooksFor(types, startedAt);
      change(
        route(
          state,
          events.map((event, index) => ({ event, webhookIds: wanted[index] ?? [] })),
          Date.now(),
        ),
      );
      show();
      continue;
    }
    startRunners();
    if (isDelivered(state) && runners.size === 0) return;
    const until = lastNews + deliveryLimits.keptMs;
    if (Date.now() >= until) return;
    await alarm.until(
      until,
      () =>
        state.unrouted.length > 0 || hasIdleQueue() || (isDelivered(state) && runners.size === 0) || hasGrown(messages),
    );
  }

  // What is under way is given up here and made again by the next run: receivers know a repeated event by its id.
  for (const scope of runners.values()) scope.cancel();
  const memo: WebhookDeliveryMemo = { enrollment, undelivered: undelivered(state) };
  const next = makeContinueAsNewFunc<typeof mfaWebhookDelivery>({
    memo: { [webhookDeliveryMemo]: memo },
    typedSearchAttributes: workflowInfo().typedSearchAttributes,
  });
  await next({ ...input, enrollment, continued: state });
}

/** The sentence of the activity's own failure; never what the receiver has said. */
function failureOf(error: unknown): string {
  if (isCancellation(error)) throw error;
  if (!(error instanceof ActivityFailure)) throw error;
  for (let cause = error.cause; cause !== undefined; cause = cause.cause) {
    if (cause instanceof ApplicationFailure) return cause.message;
    if (!(cause.cause instanceof Error)) break;
  }
  return 'The attempt was not over in time.';
}

function deliveryAtStart(input: unknown): Delivery {
  if (typeof input === 'object' && input !== null && isSealed(input)) {
    if ('continued' in input && isDelivery(input.continued)) return input.continued;
    const events = 'events' in input ? parseEvents(input.events) : undefined;
    if (events !== undefined) return receiveEvents(nothingToDeliver, events);
  }
  throw ApplicationFailure.nonRetryable(
    'The delivery of webhooks begins with {enrollment, events}, sealed by the payload codec.',
    failureTypes.invalidInput,
  );
}
