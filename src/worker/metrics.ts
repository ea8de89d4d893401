import type { MetricMeter } from '@temporalio/common';
import type { TelemetryOptions } from '@temporalio/worker';
import { attemptResults, deliveryResults, renewalResults, type ActivityObserver } from '../activities/observer';
import type { ObserveCall, ObserveTurn } from '../auth0/measured';
import type { WorkerServerConfig } from '../config';
import { failureTypes } from '../enrollment/failures';
import { workflowMetrics } from '../enrollment/metrics';
import { outcomes } from '../enrollment/status';
import { unreadableReasons } from '../enrollment/unsealed';
import { factors, type FactorName } from '../factors';
import type { ObserveUnreadable } from '../temporal/payload-codec';

/** What a worker counts outside of workflows (docs/monitoring.md). Every label is a word of a closed list. */
export const processMetrics = {
  auth0Call: {
    name: 'mfa_auth0_call_seconds',
    description: 'Time until Auth0 answered a call, or until it was given up; by what became of it.',
  },
  auth0Turn: {
    name: 'mfa_auth0_turn_seconds',
    description: 'How long calls to Auth0 waited for their turn within the limits of the tenant.',
  },
  delivery: { name: 'mfa_text', description: 'Texts, calls and mails asked for, by what became of them.' },
  renewal: { name: 'mfa_token_renewal', description: 'Tokens renewed by a refresh token, by result.' },
  webhookAttempt: { name: 'mfa_webhook_attempt', description: 'Attempts to deliver an event, by result.' },
  unreadable: { name: 'mfa_payload_unreadable', description: 'Sealed payloads that did not open, by reason.' },
} as const;

// Seconds. A person waits for most of these: the steps are fine where "at once" becomes "slow".
const interactive = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 15, 30];
/** Of people: from a code that is copied at once to a case of three days. */
const human = [
  1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1_200, 1_800, 3_600, 14_400, 43_200, 86_400, 172_800, 259_200,
];

/** Temporal's own, in milliseconds where the SDK keeps them so; it shows them in seconds. */
const ofSdk = [
  'workflow_task_schedule_to_start_latency',
  'workflow_task_execution_latency',
  'workflow_task_replay_latency',
  'activity_schedule_to_start_latency',
  'activity_execution_latency',
  'activity_succeed_endtoend_latency',
  'local_activity_execution_latency',
  'local_activity_succeed_endtoend_latency',
  'request_latency',
];

/**
 * The metrics of Temporal's SDK and our own as Prometheus text, at `/metrics` of a port of its own; none without a port. Names end
 * with their unit, counters with `_total`.
 */
export const metricsOptions = ({ healthHost, metricsPort }: WorkerServerConfig): Pick<TelemetryOptions, 'metrics'> =>
  metricsPort === undefined
    ? {}
    : {
        metrics: {
          prometheus: {
            bindAddress: `${healthHost.includes(':') ? `[${healthHost}]` : healthHost}:${metricsPort}`,
            unitSuffix: true,
            countersTotalSuffix: true,
            useSecondsForDurations: true,
            histogramBucketOverrides: {
              ...Object.fromEntries(ofSdk.map((name) => [name, interactive])),
              workflow_endtoend_latency: human,
              [processMetrics.auth0Call.name]: interactive,
              [processMetrics.auth0Turn.name]: interactive,
              [workflowMetrics.wait.name]: human,
            },
          },
        },
      };

export interface WorkerMetrics {
  readonly activities: ActivityObserver;
  readonly call: ObserveCall;
  readonly turn: ObserveTurn;
  readonly unreadable: ObserveUnreadable;
}

/**
 * Counts into this meter. Each counter that an alert asks about is there from the start, at 0: Prometheus does not see the first of
 * something that was not there before it. `workflowTags`: what the worker adds to all that its workflows count.
 */
export function createWorkerMetrics(meter: MetricMeter, workflowTags: Readonly<Record<string, string>>): WorkerMetrics {
  const counter = ({ name, description }: { readonly name: string; readonly description: string }) =>
    meter.createCounter(name, '', description);
  const histogram = ({ name, description }: { readonly name: string; readonly description: string }) =>
    meter.createHistogram(name, 'float', '', description);
  const calls = histogram(processMetrics.auth0Call);
  const turns = histogram(processMetrics.auth0Turn);
  const deliveries = counter(processMetrics.delivery);
  const renewals = counter(processMetrics.renewal);
  const attempts = counter(processMetrics.webhookAttempt);
  const unreadables = counter(processMetrics.unreadable);

  for (const channel of channels) for (const result of deliveryResults) deliveries.add(0, { channel, result });
  for (const result of renewalResults) renewals.add(0, { result });
  for (const result of attemptResults) attempts.add(0, { result });
  for (const reason of unreadableReasons) unreadables.add(0, { reason });
  beginWorkflowCounters(meter, workflowTags);

  return {
    activities: {
      delivery: (channel, result) => deliveries.add(1, { channel, result }),
      renewal: (result) => renewals.add(1, { result }),
      webhookAttempt: (result) => attempts.add(1, { result }),
    },
    call(call) {
      const began = performance.now();
      return (result) => calls.record((performance.now() - began) / 1000, { call, result });
    },
    turn: (priority, result, seconds) => turns.record(seconds, { priority, result }),
    unreadable: (reason) => unreadables.add(1, { reason }),
  };
}

const channels = (Object.keys(factors) as FactorName[]) // Object.keys forgets the key type; the object is closed
  .filter((factor) => factors[factor].delivery.type === 'sent');

function beginWorkflowCounters(meter: MetricMeter, workflowTags: Readonly<Record<string, string>>): void {
  const begin = (
    metric: Exclude<keyof typeof workflowMetrics, 'wait'>,
    workflowType: string,
    ...all: Record<string, string>[]
  ) => {
    const { name, unit, description } = workflowMetrics[metric];
    const counter = meter.createCounter(name, unit, description);
    for (const labels of all) counter.add(0, { ...workflowTags, workflowType, ...labels });
  };
  begin('start', 'mfaEnrollment', {});
  begin(
    'outcome',
    'mfaEnrollment',
    ...outcomes.filter((outcome) => outcome !== 'failed').map((outcome) => ({ outcome, failure: 'none' })),
    ...[failureTypes.configuration, failureTypes.malformedRequest, failureTypes.unavailable].map((failure) => ({
      outcome: 'failed',
      failure,
    })),
  );
  for (const factor of Object.keys(factors)) {
    begin('code', 'mfaEnrollment', ...['confirmed', 'rejected'].map((result) => ({ factor, result })));
    begin('challenge', 'mfaEnrollment', { factor });
  }
  begin(
    'token',
    'mfaEnrollment',
    ...['taken', 'token_of_another_user', 'token_unreadable'].map((result) => ({ result })),
  );
  begin('deadLetter', 'mfaWebhookDelivery', {});
}
