import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { TOTP } from 'otpauth';
import { startStack, type Stack } from '../../scripts/stack';
import { freePorts } from '../../scripts/stack/ports';
import { expressions } from '../monitoring/files';
import { samplesOf, selectedBy, type Sample } from '../monitoring/promql';
import { openDesk } from '../support/desk';

// What `npm start` does, in a folder of the test's own.
const state = mkdtempSync(join(tmpdir(), 'mfa-start-'));
const { TEMPORAL_ADDRESS: shared } = process.env;
let stack: Stack | undefined;

beforeAll(() => {
  delete process.env['TEMPORAL_ADDRESS']; // a server of its own is what is kept
});
afterAll(async () => {
  await stack?.stop();
  rmSync(state, { recursive: true, force: true });
  if (shared !== undefined) process.env['TEMPORAL_ADDRESS'] = shared;
}, 60_000);

test('an enrollment that waits for its code when everything is stopped goes on when everything is started again, its end is counted, and everything that alerts and dashboard ask for is told', async () => {
  stack = await startStack({ state });
  const before = openDesk(stack);
  const { userId } = await before.newUser();
  const { accessToken } = await before.token(userId);
  const body = { userId, phoneNumber: '+14155550123', factors: ['sms', 'otp'], token: { accessToken } };
  const { id } = await before.start(body);
  await stack.stop();
  const { workerHealth: metricsPort, apiHealth: temporalMetricsPort } = await freePorts(); // any that are free

  const workerVariables = { WORKER_METRICS_PORT: String(metricsPort) };
  stack = await startStack({ state, workerVariables, temporalMetricsPort });
  const desk = openDesk(stack);
  const answer = async (route: 'binding-code' | 'otp', code: string) =>
    JSON.parse((await desk.ask('support', 'POST', `/v1/enrollments/${id}/${route}`, { code })).text) as unknown;
  await desk.untilAwaits(id, 'sms');
  expect(await desk.control('/inbox')).toHaveLength(1);
  expect(await answer('binding-code', await desk.texted(userId))).toMatchObject({ result: 'confirmed' });
  await desk.untilAwaits(id, 'otp');
  const { setupKey = '' } = await desk.challenge(id);
  expect(await answer('otp', new TOTP({ secret: setupKey }).generate())).toMatchObject({ result: 'confirmed' });
  await desk.until(id, 'completed');

  const scrape = async (address: string) => (await fetch(address)).text();
  expect(await scrape(`http://127.0.0.1:${metricsPort}/metrics`)).toMatch(
    /^mfa_enrollment_outcome_total\{[^}]*outcome="completed"[^}]*\} 1$/m,
  );

  await troubleTemporal(stack);
  const scraped = {
    'mfa-worker': samplesOf(await scrape(`http://127.0.0.1:${metricsPort}/metrics`)),
    'mfa-api': samplesOf(await scrape(`${stack.apiHealth}/metrics`)),
    temporal: samplesOf(await scrape(`http://127.0.0.1:${temporalMetricsPort}/metrics`)),
  };
  expect(expressions.flatMap(({ at, expr }) => missing(expr, scraped).map((what) => `${at}: ${what}`))).toEqual([]);
  expect(missing('rate(mfa_no_such_total[5m]) + mfa_enrollments_open{whom="user"}', scraped)).toHaveLength(2);
}, 120_000);

/** What does not happen to an enrollment that goes well: a workflow task that fails, and a question about a run that there is not. */
async function troubleTemporal({ temporal, namespace, taskQueue }: Stack): Promise<void> {
  const connection = await Connection.connect({ address: temporal });
  const { workflow } = new Client({ connection, namespace });
  const unknown = await workflow.start('nobodyKnowsThis', { workflowId: 'nobody-knows-this', taskQueue });
  await expect(workflow.getHandle('no-such-run').describe()).rejects.toThrow();
  for (let failed = false; !failed;) {
    const { events } = await unknown.fetchHistory();
    failed =
      events?.some(({ workflowTaskFailedEventAttributes: failure }) => failure !== undefined && failure !== null) ===
      true;
  }
  await unknown.terminate();
  await connection.close();
}

/** What an expression asks for and no scrape of its job has: a metric, or a label of one. Prometheus itself makes `up` and `ALERTS`. */
const missing = (expression: string, scraped: Readonly<Record<string, readonly Sample[]>>): readonly string[] =>
  selectedBy(expression).flatMap(({ metric, labels: { job, ...labels } }) => {
    if (metric.includes(':') || metric === 'up' || metric === 'ALERTS') return [];
    const samples = (job === undefined ? Object.values(scraped).flat() : (scraped[job] ?? [])).filter(
      (sample) => sample.metric === metric,
    );
    if (samples.length === 0) return [metric];
    return Object.keys(labels)
      .filter((label) => samples.every((sample) => sample.labels[label] === undefined))
      .map((label) => `${metric}{${label}}`);
  });
