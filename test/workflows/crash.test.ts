import { execFile } from 'node:child_process';
import { createSecretKey, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { activityInfo } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { z } from 'zod';
import { environments } from '../../scripts/stack/environment';
import { freePorts } from '../../scripts/stack/ports';
import { freshSecrets } from '../../scripts/stack/secrets';
import { answers, createService, type Service } from '../../scripts/stack/service';
import { createActivities } from '../../src/activities';
import { noSendingLimits } from '../../src/activities/sending-limits';
import { createMfaClient } from '../../src/auth0/mfa-client';
import type { AssociateInput, ConfirmInput } from '../../src/enrollment/steps';
import { createDataConverter, createWorkerDataConverter } from '../../src/temporal/data-converter';
import { mfaEnrollment } from '../../src/workflows';
import * as messages from '../../src/workflows/messages';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { startTenant, type Body, type Tenant } from '../emulator/tenant';
import { temporalCliPath } from '../support/tools';
import { logSdkToFile } from '../temporal/support/sdk-log';
import { workflowBundle } from '../support/workflow-bundle';
import { caseOf, faultOf, inputFor, type Case } from './support';

// One kill hits many cases, each at another point of the way; then each of them is a test. Payloads are encrypted.
const taskQueue = 'crash-test';
const secrets = freshSecrets();
const logs = mkdtempSync(join(tmpdir(), 'mfa-crash-'));
const key = createSecretKey(Buffer.from(secrets.payloadKey, 'base64'));
const keyRing = { activeKeyId: 'local-1', keys: new Map([['local-1', key]]) };
let tenant: Tenant;
let environment: TestWorkflowEnvironment;
let client: Client;
let worker: Service;

async function startWorkerProcess(): Promise<Service> {
  const { temporalUi, workerHealth, apiHealth, ...ports } = await freePorts();
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const addresses = {
    temporal: environment.address,
    temporalUi: at(temporalUi),
    emulator: tenant.publicUrl,
    emulatorControl: tenant.controlUrl,
    api: at(ports.api),
    codecServer: at(ports.codecServer),
    workerHealth: at(workerHealth),
    apiHealth: at(apiHealth),
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

/** How steps are performed: as remote activities, or inside the workflow task, where the kill takes the whole task along. */
type Dispatch = 'remote' | 'local';
let numbers = 0;
const nextNumber = () => `+1415555${String((numbers += 1)).padStart(4, '0')}`; // no day's limit of texts is met

async function begin(dispatch: Dispatch, userId?: string): Promise<Case> {
  const user = userId ?? (await tenant.newUser());
  const handle = await client.workflow.start<typeof mfaEnrollment>(messages.workflowType, {
    taskQueue,
    workflowId: `mfa-enrollment-${randomUUID()}`,
    args: [
      {
        ...(await inputFor(tenant, user)),
        phoneNumber: nextNumber(),
        options: { localFirst: dispatch === 'local', recallInTask: true },
      },
    ],
  });
  return caseOf(tenant, user, handle);
}

async function atText(dispatch: Dispatch): Promise<Case> {
  const started = await begin(dispatch);
  await started.awaits('sms');
  return started;
}
async function atApp(dispatch: Dispatch): Promise<Case> {
  const started = await atText(dispatch);
  await started.confirm(await started.texted());
  await started.awaits('otp');
  return started;
}
const sendText = async (started: Case) => started.handle.signal(messages.submitBindingCode, await started.texted());
const sendApp = async (started: Case) => started.handle.signal(messages.submitOtp, await started.appCode());

interface Point {
  /** Brings a case to where the kill is to be the next thing. */
  readonly prepare: (dispatch: Dispatch, userId?: string) => Promise<Case>;
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
/** By how their steps are performed, and by point. */
const cases = new Map<string, Case>();
const keyOf = (dispatch: Dispatch, name: string) => `${dispatch} ${name}`;

/** Brings the cases with this dispatch to their points, each with its answer held back, as far as one is under way there. */
async function bringTo(dispatch: Dispatch): Promise<void> {
  const onTheWay = names.filter((name) => points[name].prepare !== begin);
  await Promise.all(
    onTheWay.map(async (name) => cases.set(keyOf(dispatch, name), await points[name].prepare(dispatch))),
  );
  // All at once: a call inside a workflow task is given up after 2.5 seconds.
  await Promise.all(
    names.map(async (name) => {
      const point: Point = points[name];
      if (point.during === undefined) return;
      const { call, go } = point.during;
      const key = keyOf(dispatch, name);
      const userId = cases.get(key)?.userId ?? (await tenant.newUser());
      await holdBack(userId, call, async () => {
        const started = cases.get(key) ?? (await point.prepare(dispatch, userId));
        cases.set(key, started);
        await go?.(started);
      });
    }),
  );
}

const faults = z.array(z.object({ left: z.number() }));
/** The answer to the next such call is held back until long after the kill; resolves when the call is there. */
async function holdBack(userId: string, call: Body, go: () => Promise<unknown>): Promise<void> {
  await faultOf(tenant, userId, { ...call, type: 'delay', when: 'after', ms: 120_000 });
  await go();
  while (faults.parse(JSON.parse((await tenant.control('GET', '/faults')).text)).some(({ left }) => left > 0)) {
    await sleep(20);
  }
}

/**
 * The last attempt that fits into a step's time is lost, after one that surely had no effect: Auth0 asked to wait, the call
 * was made again, and the worker died with its answer. Takes a minute, so it runs beside the rest, on workers of its own.
 */
async function loseLastAttempt() {
  const lastAttempts = 'last-attempts';
  const { publicUrl, clientId, clientSecret } = tenant;
  const mfa = createMfaClient({ domain: new URL(publicUrl).host, baseUrl: publicUrl, clientId, clientSecret });
  const real = createActivities({
    mfa,
    opaqueTokens: 'refuse',
    sendingLimits: noSendingLimits,
    cancelRun: () => Promise.resolve(),
  });
  let end = () => {};
  const atTheEnd = new Promise<void>((resolve) => (end = resolve));
  const dyingAfter = async <Outcome>(call: Promise<Outcome>): Promise<Outcome> => {
    const outcome = await call;
    if (activityInfo().attempt === 2) await atTheEnd; // nobody hears of it
    return outcome;
  };
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: lastAttempts,
    workflowBundle: await workflowBundle('plain'),
    activities: {
      ...real,
      associate: (input: AssociateInput) => dyingAfter(real.associate(input)),
      confirm: (input: ConfirmInput) => dyingAfter(real.confirm(input)),
    },
  });
  const running = worker.run();
  const busy = { type: 'rateLimited', retryAfter: 50 } as const;
  const open = async (fault?: Body) => {
    const userId = await tenant.newUser();
    if (fault !== undefined) await faultOf(tenant, userId, fault);
    const handle = await environment.client.workflow.start(mfaEnrollment, {
      taskQueue: lastAttempts,
      workflowId: `mfa-enrollment-${randomUUID()}`,
      args: [await inputFor(tenant, userId)],
    });
    return caseOf(tenant, userId, handle);
  };

  const texted = await open({ ...busy, route: 'POST /mfa/associate' });
  const confirmed = await open();
  await confirmed.awaits('sms');
  await confirmed.fault({ ...busy, route: 'POST /oauth/token' });
  const update = await confirmed.handle.startUpdate(messages.confirmCode, {
    args: [{ factor: 'sms', code: await confirmed.texted() }],
    waitForStage: 'ACCEPTED',
  });
  return {
    texted,
    confirmed,
    answer: update.result(),
    async close() {
      end();
      worker.shutdown();
      await running;
      await mfa.close();
    },
  };
}
let lastAttempts: Awaited<ReturnType<typeof loseLastAttempt>>;

const startToClose = temporal.api.enums.v1.TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE;

/** How Temporal tells of the lost attempt: with the failure of the one before it, which says nothing of the last. */
async function timedOut({ handle }: Case): Promise<unknown> {
  const { events } = await handle.fetchHistory();
  return events?.find((event) => event.activityTaskTimedOutEventAttributes)?.activityTaskTimedOutEventAttributes
    ?.failure;
}
const lostAfterAWait = {
  timeoutFailureInfo: { timeoutType: temporal.api.enums.v1.TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE },
  cause: { applicationFailureInfo: { type: 'Auth0RateLimited' } },
};

beforeAll(async () => {
  logSdkToFile();
  tenant = await startTenant({ clientId: secrets.clientId, clientSecret: secrets.clientSecret });
  environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalCliPath() },
      searchAttributes: Object.values(searchAttributes),
    },
  });
  client = new Client({ connection: environment.connection, dataConverter: createDataConverter(keyRing) });
  lastAttempts = await loseLastAttempt();
  worker = await startWorkerProcess();
  await bringTo('remote');
  await bringTo('local');
  await worker.kill();
  for (const dispatch of dispatches) {
    cases.set(keyOf(dispatch, 'nothing at all'), await begin(dispatch));
    await signalFromShell(caseAt(dispatch, 'the wait for the texted code'));
  }
  worker = await startWorkerProcess();
}, 240_000);

afterAll(async () => {
  await lastAttempts?.close();
  await worker?.kill();
  await environment?.teardown();
  await tenant?.close();
  rmSync(logs, { recursive: true, force: true });
});

function caseAt(dispatch: Dispatch, name: string): Case {
  const started = cases.get(keyOf(dispatch, name));
  if (started === undefined) throw new Error(`no ${dispatch} case at ${name}`);
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

const dispatches = ['remote', 'local'] as const;
const killed = dispatches.flatMap((dispatch) => ['nothing at all', ...names].map((name) => [dispatch, name] as const));

test.each(killed)(
  'a worker killed, its steps being %s, at %s: the case completes, with no text too many',
  async (dispatch, name) => {
    const started = caseAt(dispatch, name);
    expect(await started.finish()).toMatchObject({ state: 'completed', attemptsLeft: 5 });
    expect(await started.records()).toEqual(['sms active', 'totp active']);
    const allowed = name === 'the text going out' ? points[name].texts : 1;
    expect((await started.texts()).length).toBeLessThanOrEqual(allowed);
    // A code that was asked about inside the task is asked about again when the task is tried again, and refused; then the list counts.
    const asked = (await started.confirms()).map(({ status }) => status);
    expect(asked.filter((status) => status === 200 || status === null)).toHaveLength(2);
    expect(asked.length).toBeLessThanOrEqual(dispatch === 'remote' ? 2 : 3);
  },
  120_000,
);

test.each(names.filter((name) => 'during' in points[name]))(
  'the kill at %s took a workflow task along where steps are local, and a call elsewhere',
  async (name) => {
    const timedOut = async (dispatch: Dispatch) => {
      const { events } = await caseAt(dispatch, name).handle.fetchHistory();
      return {
        task: events?.some((event) => event.workflowTaskTimedOutEventAttributes?.timeoutType === startToClose),
        calls: events?.some((event) => (event.activityTaskStartedEventAttributes?.attempt ?? 0) > 1),
      };
    };
    expect(await timedOut('local')).toEqual({ task: true, calls: false });
    expect(await timedOut('remote')).toEqual({ task: false, calls: true });
  },
);

test('the histories that this leaves replay', async () => {
  async function* histories() {
    for (const { handle } of cases.values()) {
      yield { workflowId: handle.workflowId, history: await handle.fetchHistory() };
    }
  }
  const dataConverter = createWorkerDataConverter(keyRing);
  const bundle = await workflowBundle('sealed');
  for await (const { error } of Worker.runReplayHistories({ workflowBundle: bundle, dataConverter }, histories())) {
    expect(error).toBeUndefined();
  }
});

test('a code from the shell, in clear, moved the encrypted case on while no worker was up', async () => {
  const started = caseAt('remote', 'the wait for the texted code');
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

describe('the last attempt of a step is lost, after one that Auth0 had turned down', () => {
  test('a confirm counts as lost: it is read back, and the code is not called unused', async () => {
    const { confirmed, answer } = lastAttempts;
    expect(await answer).toMatchObject({ result: 'confirmed', attemptsLeft: 5 });
    expect(await timedOut(confirmed)).toMatchObject(lostAfterAWait);
    expect((await confirmed.confirms()).map(({ status }) => status)).toEqual([429, 200]);
  }, 120_000);

  test('a text counts as sent: it is not given back, and its authenticator does not stay', async () => {
    const { texted } = lastAttempts;
    await texted.awaits('sms');
    expect(await timedOut(texted)).toMatchObject(lostAfterAWait);
    expect(await texted.finish()).toMatchObject({ state: 'completed', textsLeft: 8 });
    expect([(await texted.texts()).length, await texted.records()]).toEqual([2, ['sms active', 'totp active']]);
  }, 120_000);
});
