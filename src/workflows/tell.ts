import {
  ChildWorkflowCancellationType,
  condition,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { tokenExpiry, type Case } from '../enrollment/case';
import { defined } from '../enrollment/defined';
import { eventsSince, nothingTold, type EnrollmentChanged, type Told } from '../enrollment/events';
import { deliverEvents, webhookDeliveryId, webhookDeliveryType, type WebhookDeliveryInput } from './webhook-delivery';

/** Hands the events of one enrollment to a run of their own, which delivers them: nothing here waits for a receiver. */
export interface Teller {
  /** Tells what has changed since the last call. */
  tell(of: Case, now: number): void;
  /** Is something not handed over yet? The run must neither close nor continue as new before it is. */
  readonly busy: boolean;
  handedOver(): Promise<void>;
  /** What the next run has to know, where this one continues as new. */
  readonly told: Told | undefined;
}

/** `keyId`: of the key that the enrollment's public id is made under; absent: nobody wants to hear of it, and nothing is told. */
export function createTeller(keyId: string | undefined, continued: Told | undefined): Teller {
  if (keyId === undefined) {
    return { tell: () => undefined, busy: false, handedOver: () => Promise.resolve(), told: undefined };
  }
  const { firstExecutionRunId: firstRunId, workflowId } = workflowInfo();
  let told = continued ?? nothingTold;
  let started = told.sequence > 0;
  let outbox: readonly EnrollmentChanged[] = [];
  let sending = false;

  /** One at a time, so that they arrive in order. */
  async function handOver(): Promise<void> {
    if (sending) return;
    sending = true;
    while (outbox.length > 0) {
      const events = outbox.slice(0, 100);
      outbox = outbox.slice(events.length);
      try {
        await send(events);
      } catch (error) {
        // A run that somebody has terminated costs its events, never the enrollment.
        log.error('events were not handed over', { error: error instanceof Error ? error.name : 'unknown' });
      }
    }
    sending = false;
  }

  async function send(events: readonly EnrollmentChanged[]): Promise<void> {
    if (started) {
      try {
        return await getExternalWorkflowHandle(webhookDeliveryId(firstRunId)).signal(deliverEvents, events);
      } catch {
        // It is gone: another one goes on.
      }
    }
    started = true;
    await startChild<(input: WebhookDeliveryInput) => Promise<void>>(webhookDeliveryType, {
      workflowId: webhookDeliveryId(firstRunId),
      args: [{ enrollment: { workflowId, firstRunId, keyId: keyId ?? '' }, events }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      staticSummary: 'Tells other systems of an enrollment',
    });
  }

  return {
    tell(of, now) {
      const next = eventsSince(told, of.enrollment, {
        runId: firstRunId,
        now,
        ...defined({ tokenExpiresAt: tokenExpiry(of, now) }),
      });
      told = next.told;
      if (next.events.length === 0) return;
      outbox = [...outbox, ...next.events];
      void handOver();
    },
    handedOver: () => condition(() => !sending),
    get busy() {
      return sending;
    },
    get told() {
      return told;
    },
  };
}
