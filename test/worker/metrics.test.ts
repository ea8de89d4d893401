import { expect, test } from '@jest/globals';
import type { MetricMeter, MetricTags } from '@temporalio/common';
import { processMetrics, createWorkerMetrics, metricsOptions } from '../../src/worker/metrics';
import { workflowMetrics } from '../../src/enrollment/metrics';

/** A meter that keeps what it is told: name, value and labels. */
function keepingMeter() {
  const told: (readonly [string, number, MetricTags])[] = [];
  const metric = (name: string) => ({
    name,
    add: (value: number, tags: MetricTags = {}) => void told.push([name, value, tags]),
    record: (value: number, tags: MetricTags = {}) => void told.push([name, value, tags]),
    withTags: () => metric(name),
  });
  const meter = { createCounter: metric, createHistogram: metric } as unknown as MetricMeter; // of all that a meter can do, what is used
  return { meter, told };
}

test('every counter is there from the start, at 0, for an alert does not see the first of something that was not', () => {
  const { meter, told } = keepingMeter();
  createWorkerMetrics(meter, { namespace: 'n', taskQueue: 't' });
  const counters = [
    ...Object.values(workflowMetrics).filter((metric) => metric !== workflowMetrics.wait),
    ...[processMetrics.delivery, processMetrics.renewal, processMetrics.webhookAttempt, processMetrics.unreadable],
  ].map(({ name }) => name);
  expect([...new Set(told.map(([name]) => name))].sort()).toEqual(counters.sort());
  expect(told.filter(([, value]) => value !== 0)).toEqual([]);
  // As the SDK labels what a workflow counts: other labels would make it another series.
  expect(told.find(([name]) => name === workflowMetrics.outcome.name)?.[2]).toEqual({
    ...{ namespace: 'n', taskQueue: 't', workflowType: 'mfaEnrollment' },
    ...{ outcome: 'completed', failure: 'none' },
  });
});

test('a call is measured by its name and result; texts, renewals, turns and payloads are counted by their words', () => {
  const { meter, told } = keepingMeter();
  const metrics = createWorkerMetrics(meter, {});
  const from = told.length;
  metrics.call('confirm_oob')('code_rejected', 403);
  metrics.turn('background', 'refused', 0.5);
  metrics.activities.delivery('sms', 'sent');
  metrics.activities.renewal('refreshed');
  metrics.activities.webhookAttempt('unreachable');
  metrics.unreadable('key_missing');
  expect(told.slice(from).map(([name, , tags]) => [name, tags])).toEqual([
    ['mfa_auth0_call_seconds', { call: 'confirm_oob', result: 'code_rejected' }],
    ['mfa_auth0_turn_seconds', { priority: 'background', result: 'refused' }],
    ['mfa_text', { channel: 'sms', result: 'sent' }],
    ['mfa_token_renewal', { result: 'refreshed' }],
    ['mfa_webhook_attempt', { result: 'unreachable' }],
    ['mfa_payload_unreadable', { reason: 'key_missing' }],
  ]);
});

test('metrics answer on a port of their own, also of an IPv6 address, and nowhere without one', () => {
  expect(metricsOptions({ healthHost: '127.0.0.1' })).toEqual({});
  expect(metricsOptions({ healthHost: '::1', metricsPort: 9464 })).toMatchObject({
    metrics: { prometheus: { bindAddress: '[::1]:9464' } },
  });
});
