import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { TOTP } from 'otpauth';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { startStack, type Stack } from '../../scripts/stack';
import { freePorts } from '../../scripts/stack/ports';
import { startReceiver, type Receiver } from '../../scripts/stack/receiver';
import { read } from '../docs/markdown';
import { expressions } from '../monitoring/files';
import { samplesOf, selectedBy, type Sample } from '../monitoring/promql';
import { openDesk } from '../support/desk';

// What `npm start` does, in a folder of the test's own.
const state = mkdtempSync(join(tmpdir(), 'mfa-start-'));
const { TEMPORAL_ADDRESS: shared } = process.env;
let stack: Stack | undefined;
let receiver: Receiver | undefined;
const told: string[] = [];
let collector: Awaited<ReturnType<typeof startCollector>> | undefined;

beforeAll(() => {
  delete process.env['TEMPORAL_ADDRESS']; // a server of its own is what is kept
});
afterAll(async () => {
  await stack?.stop();
  await receiver?.close();
  collector?.stop();
  rmSync(state, { recursive: true, force: true });
  if (shared !== undefined) process.env['TEMPORAL_ADDRESS'] = shared;
}, 60_000);

/** As `npm start` does it: one on the stack that runs, whose lines are collected. */
async function receive({ api, keys }: Stack): Promise<readonly unknown[]> {
  receiver = await startReceiver({ state, api, key: keys.ops, say: (line) => void told.push(line) });
  const listed = await fetch(`${api}/v1/webhooks`, { headers: { authorization: `Bearer ${keys.ops}` } });
  return ((await listed.json()) as { readonly webhooks: readonly unknown[] }).webhooks;
}

test('an enrollment that waits for its code when everything is stopped goes on when everything is started again; a receiver hears of it in order, its end is counted, and everything that alerts and dashboard ask for is told', async () => {
  stack = await startStack({ state });
  const registered = await receive(stack);
  expect(registered).toMatchObject([{ url: receiver?.url, events: [] }]);
  const before = openDesk(stack);
  const { userId } = await before.newUser();
  const { accessToken } = await before.token(userId);
  const body = { userId, phoneNumber: '+14155550123', factors: ['sms', 'otp'], token: { accessToken } };
  const { id } = await before.start(body);
  await stack.stop();
  await receiver?.close();
  const { workerHealth: metricsPort, apiHealth: temporalMetricsPort } = await freePorts(); // any that are free

  collector = await startCollector();
  const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.address, OTEL_BSP_SCHEDULE_DELAY: '200' };
  const workerVariables = { WORKER_METRICS_PORT: String(metricsPort), ...tracing };
  stack = await startStack({ state, workerVariables, apiVariables: tracing, temporalMetricsPort });
  expect(await receive(stack)).toEqual(registered); // the one of before, and no second
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

  while (!told.some((line) => line.includes('enrollment.completed'))) await sleep(50); // the test's own time limit ends it
  const [first = [], ...others] = told.map((line) => line.trim().split(/ {2,}/));
  expect(first.slice(1)).toEqual(['1', 'enrollment.state_changed', 'awaiting_code (sms)', id]);
  const sequences = [first, ...others].map(([, sequence]) => Number(sequence));
  expect([...new Set(sequences)]).toEqual(Array.from({ length: Math.max(...sequences) }, (_, index) => index + 1));
  const unsigned = await fetch(receiver?.url ?? '', { method: 'POST', body: '{"type":"enrollment.completed"}' });
  expect(unsigned.status).toBe(401);
  expect(told.at(-1)).toMatch(/refused/);

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

test('the commands of docs/curl.md enroll a user as they stand, and a receiver of webhooks hears of it', async () => {
  if (stack === undefined) throw new Error('there is no stack: see the test before');
  const { api, keys, emulatorControl } = stack;
  const heard: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      heard.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  const shell = spawn('bash', ['-euo', 'pipefail'], {
    env: {
      ...{ PATH: process.env['PATH'], TMPDIR: state, API: api, INBOX: emulatorControl },
      ...{ ONBOARDING_KEY: keys.onboarding, SUPPORT_KEY: keys.support, OPS_KEY: keys.ops },
      RECEIVER: `http://127.0.0.1:${port}/`,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const printed = Promise.all([text(shell.stdout), text(shell.stderr)]);
  const blocks = [...read('docs/curl.md').matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, commands = '']) => commands);
  try {
    shell.stdin.write([...blocks.slice(0, -1), 'echo "secret $SECRET"\n'].join(''));
    const ended = once(shell, 'close');
    const told = () => heard.map(({ body }) => (JSON.parse(body) as { readonly type: string }).type);
    while (!told().includes('enrollment.completed') && shell.exitCode === null) await sleep(50);
    shell.stdin.end(blocks.at(-1)); // which has nothing more sent there
    await ended;
    const [out, errors] = await printed;
    expect({ code: shell.exitCode, errors }).toEqual({ code: 0, errors: '' });
    expect(out).toContain('"state":"completed"');
    expect(out).toContain('{"deliveries":[]}');
    const webhook = new Webhook(/secret (whsec_\S+)/.exec(out)?.[1] ?? '');
    for (const { body, headers } of heard) webhook.verify(body, headers as Record<string, string>); // each is there once
    expect(told().at(-1)).toBe('enrollment.completed');
  } finally {
    shell.kill();
    server.closeAllConnections();
    server.close();
  }
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
