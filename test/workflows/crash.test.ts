import { execFile } from 'node:child_process';
import { createSecretKey, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { z } from 'zod';
import { environments } from '../../scripts/stack/environment';
import { freePorts } from '../../scripts/stack/ports';
import { freshSecrets } from '../../scripts/stack/secrets';
import { answers, createService, type Service } from '../../scripts/stack/service';
import { createDataConverter } from '../../src/temporal/data-converter';
import type { mfaEnrollment } from '../../src/workflows';
import * as messages from '../../src/workflows/messages';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { startTenant, type Body, type Tenant } from '../emulator/tenant';
import { temporalCliPath } from '../support/tools';
import { caseOf, inputFor, type Case } from './support';

// One kill hits many cases, each at another point of the way; then each of them is a test. Payloads are encrypted.
const taskQueue = 'crash-test';
const secrets = freshSecrets();
const logs = mkdtempSync(join(tmpdir(), 'mfa-crash-'));
let tenant: Tenant;
let environment: TestWorkflowEnvironment;
let client: Client;
let worker: Service;

async function startWorkerProcess(): Promise<Service> {
  const { temporalUi, workerHealth, ...ports } = await freePorts();
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const addresses = {
    temporal: environment.address,
    temporalUi: at(temporalUi),
    emulator: tenant.publicUrl,
    emulatorControl: tenant.controlUrl,
    api: at(ports.api),
    codecServer: at(ports.codecServer),
    workerHealth: at(workerHealth),
  };
  const place = { namespace: 'default', taskQueue, variables: { TEMPORAL_ADDRESS: environment.address } };
  const service = createService({
    name: 'worker',
    run: { entry: 'src/worker.ts', compiled: false },
    env: environments(addresses, place, secrets, 'warn').worker,
    logs,
    isReady: () => answers(`${addresses.workerHealth}/health/ready`),
    readyWithinSeconds: 90,
    graceSeconds: 5,
  });
  await service.start();
  return service;
}

async function begin(): Promise<Case> {
  const userId = await tenant.newUser();
  const handle = await client.workflow.start<typeof mfaEnrollment>(messages.workflowType, {
    taskQueue,
    workflowId: `mfa-enrollment-${randomUUID()}`,
    args: [await inputFor(tenant, userId)],
  });
  return caseOf(tenant, userId, handle);
}

async function atText(): Promise<Case> {
  const started = await begin();
  await started.awaits('sms');
  return started;
}
async function atApp(): Promise<Case> {
  const started = await atText();
  await started.confirm(await started.texted());
  await started.awaits('otp');
  return started;
}
const sendText = async (started: Case) => started.handle.signal(messages.submitBindingCode, await started.texted());
const sendApp = async (started: Case) => started.handle.signal(messages.submitOtp, await started.shown());

interface Point {
  /** Brings a case to where the kill is to be the next thing. */
  readonly prepare: () => Promise<Case>;
  /** The call whose answer the kill is to cut off, and what makes the case send it. */
  readonly during?: { readonly call: Body; readonly go?: (started: Case) => Promise<unknown> };
  /** Texts that the user may have got in the end; 1 where nothing else is said. */
  readonly texts?: number;
}
const confirming = (grantType: string): Body => ({ route: 'POST /oauth/token', grantType });
const associating = { route: 'POST /mfa/associate' };
const reading = { route: 'GET /mfa/authenticators' };

const points = {
  'the first reading': { prepare: begin, during: { call: reading } },
  'the text going out': { prepare: begin, during: { call: associating }, texts: 2 },
  'the wait for the texted code': { prepare: atText },
  'the confirm of the texted code': { prepare: atText, during: { call: confirming('mfa-oob'), go: sendText } },
  'the setup key being made': { prepare: atText, during: { call: associating, go: sendText } },
  'the wait for the code of the app': { prepare: atApp },
  'the confirm of the code of the app': { prepare: atApp, during: { call: confirming('mfa-otp'), go: sendApp } },
  'the reading back': { prepare: atApp, during: { call: reading, go: sendApp } },
} as const satisfies Record<string, Point>;
type PointName = keyof typeof points;
const names = Object.keys(points) as PointName[]; // Object.keys forgets the key type; the object is closed
const cases = new Map<string, Case>();

const faults = z.array(z.object({ left: z.number() }));
/** The answer to the next such call is held back until long after the kill; resolves when the call is there. */
async function holdBack(call: Body, go: () => Promise<unknown>): Promise<void> {
  await tenant.fault({ ...call, type: 'delay', when: 'after', ms: 120_000 });
  await go();
  while (faults.parse(JSON.parse((await tenant.control('GET', '/faults')).text)).some(({ left }) => left > 0)) {
    await sleep(20);
  }
}

beforeAll(async () => {
  tenant = await startTenant({ clientId: secrets.clientId, clientSecret: secrets.clientSecret });
  environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalCliPath() },
      searchAttributes: Object.values(searchAttributes),
    },
  });
  const key = createSecretKey(Buffer.from(secrets.payloadKey, 'base64'));
  client = new Client({
    connection: environment.connection,
    dataConverter: createDataConverter({ activeKeyId: 'local-1', keys: new Map([['local-1', key]]) }),
  });
  worker = await startWorkerProcess();
  const onTheWay = names.filter((name) => points[name].prepare !== begin);
  await Promise.all(onTheWay.map(async (name) => cases.set(name, await points[name].prepare())));
  for (const name of names) {
    const point: Point = points[name];
    if (point.during === undefined) continue;
    const { call, go } = point.during;
    await holdBack(call, async () => {
      const started = cases.get(name) ?? (await point.prepare());
      cases.set(name, started);
      await go?.(started);
    });
  }
  await worker.kill();
  cases.set('nothing at all', await begin());
  await signalFromShell(caseAt('the wait for the texted code'));
  worker = await startWorkerProcess();
}, 240_000);

afterAll(async () => {
  await worker.kill();
  await environment.teardown();
  await tenant.close();
  rmSync(logs, { recursive: true, force: true });
});

function caseAt(name: string): Case {
  const started = cases.get(name);
  if (started === undefined) throw new Error(`no case at ${name}`);
  return started;
}

/** What somebody with nothing but Temporal's command line does, while no worker is up. */
async function signalFromShell({ handle, texted }: Case): Promise<void> {
  const { TEMPORAL_ADDRESS: _other, ...env } = process.env;
  await promisify(execFile)(
    temporalCliPath(),
    [
      ...['workflow', 'signal', '--address', environment.address, '--workflow-id', handle.workflowId],
      ...['--name', 'submitBindingCode', '--input', JSON.stringify(await texted())],
    ],
    { env },
  );
}

test.each(['nothing at all', ...names])(
  'a worker killed at %s: the case completes, with no text too many',
  async (name) => {
    const started = caseAt(name);
    expect(await started.finish()).toMatchObject({ state: 'completed', attemptsLeft: 5 });
    expect(await started.records()).toEqual(['sms active', 'totp active']);
    const allowed = name === 'the text going out' ? points[name].texts : 1;
    expect((await started.texts()).length).toBeLessThanOrEqual(allowed);
    expect(await started.confirms()).toHaveLength(2);
  },
  120_000,
);

test('a code from the shell, in clear, moved the encrypted case on while no worker was up', async () => {
  const started = caseAt('the wait for the texted code');
  const { events } = await started.handle.fetchHistory();
  const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString();
  const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  const signal = events?.find((event) => event.workflowExecutionSignaledEventAttributes);
  const sent = signal?.workflowExecutionSignaledEventAttributes?.input?.payloads?.[0];
  expect(text(input?.metadata?.['encoding'])).toBe('binary/encrypted');
  expect(text(sent?.metadata?.['encoding'])).toBe('json/plain');
  const [confirmed] = await started.confirms();
  expect(JSON.stringify(confirmed?.body['binding_code'])).toBe(text(sent?.data));
});
