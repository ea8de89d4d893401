import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { TOTP } from 'otpauth';
import { z } from 'zod';
import { startStack, type Stack } from '../../scripts/stack';
import { freePorts } from '../../scripts/stack/ports';
import { expressions } from '../monitoring/files';
import { samplesOf, selectedBy, type Sample } from '../monitoring/promql';
import { openDesk } from '../support/desk';

// What `npm start` does, in a folder of the test's own.
const state = mkdtempSync(join(tmpdir(), 'mfa-start-'));
const { TEMPORAL_ADDRESS: shared } = process.env;
let stack: Stack | undefined;
let collector: Awaited<ReturnType<typeof startCollector>> | undefined;

beforeAll(() => {
  delete process.env['TEMPORAL_ADDRESS']; // a server of its own is what is kept
});
afterAll(async () => {
  await stack?.stop();
  collector?.stop();
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

  collector = await startCollector();
  const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.address, OTEL_BSP_SCHEDULE_DELAY: '200' };
  const workerVariables = { WORKER_METRICS_PORT: String(metricsPort), ...tracing };
  stack = await startStack({ state, workerVariables, apiVariables: tracing, temporalMetricsPort });
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

  // From the call of a person to Auth0, in one trace.
  const path = ['POST /v1/enrollments/:id/otp', 'StartWorkflowUpdate:confirmCode', 'RunActivity:confirmAndGoOn'];
  const traceId = await collector.traceWith([...path, 'Auth0 POST /oauth/token']);
  const logged = readdirSync(stack.logs).map((name) => readFileSync(join(stack?.logs ?? '', name), 'utf8'));
  expect(logged.filter((text) => text.includes(`"trace_id":"${traceId}"`)).length).toBeGreaterThan(0);
  for (const secret of [accessToken, setupKey, '4155550123', userId])
    expect(collector.received()).not.toContain(secret);
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

const exported = z.looseObject({
  resourceSpans: z.array(
    z.looseObject({
      scopeSpans: z.array(z.looseObject({ spans: z.array(z.looseObject({ name: z.string(), traceId: z.string() })) })),
    }),
  ),
});

/** Takes what OpenTelemetry's exporters send. */
async function startCollector() {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(body);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const spans = () =>
    bodies
      .flatMap((body) => exported.parse(JSON.parse(body)).resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  return {
    address: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    received: () => bodies.join('\n'),
    /** The trace that has spans of all these names. The test's own time limit ends the wait. */
    async traceWith(names: readonly string[]): Promise<string> {
      for (;;) {
        const ids = names.map((name) => spans().flatMap((span) => (span.name === name ? [span.traceId] : [])));
        const common = ids[0]?.find((id) => ids.every((others) => others.includes(id)));
        if (common !== undefined) return common;
        await sleep(100);
      }
    },
    stop: () => server.close(),
  };
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
