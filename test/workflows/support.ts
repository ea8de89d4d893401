import { generateKeySync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import {
  Client,
  WorkflowUpdateFailedError,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { z } from 'zod';
import { createActivities, withAhead, type Activities } from '../../src/activities';
import { noSendingLimits } from '../../src/activities/sending-limits';
import { createWebhookActivities, type WebhookDependencies } from '../../src/activities/webhooks';
import { createMfaClient } from '../../src/auth0/mfa-client';
import { isAccepted } from '../../src/enrollment/enrollment';
import { viewOf } from '../../src/enrollment/view';
import type { EnrollmentStatus } from '../../src/enrollment/status';
import type { OpaqueTokens } from '../../src/enrollment/token-owner';
import { createSendingLimits, type SendingLimitsParts } from '../../src/temporal/sending-limits';
import { mfaEnrollment } from '../../src/workflows';
import * as messages from '../../src/workflows/messages';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { startTenant, type Body, type Tenant } from '../emulator/tenant';
import { temporalCliPath, testServerPath } from '../support/tools';
import { logSdkToFile, sdkLogPath } from '../temporal/support/sdk-log';
import { workflowBundle } from '../support/workflow-bundle';

export const phoneNumber = '+14155550123';
export const otherNumber = '+442071838750';
const taskQueue = 'workflow-tests';
const { INDEXED_VALUE_TYPE_KEYWORD: keyword, INDEXED_VALUE_TYPE_DATETIME: datetime } =
  temporal.api.enums.v1.IndexedValueType;

/** The dev server goes by the real clock; the time-skipping one moves on when a test says so. */
const servers = {
  async real() {
    return TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'existing-path', path: temporalCliPath() },
        searchAttributes: Object.values(searchAttributes),
      },
    });
  },
  async timeSkipping() {
    const environment = await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path: testServerPath() } },
    });
    await environment.connection.operatorService.addSearchAttributes({
      namespace: environment.namespace ?? 'default',
      searchAttributes: {
        MfaState: keyword,
        MfaFactor: keyword,
        MfaWaitingFor: keyword,
        MfaPhoneNumber: keyword,
        MfaDeadline: datetime,
      },
    });
    return environment;
  },
};

export interface StageOptions {
  /** Runs that the worker keeps in memory; 100 when absent. With 0 every task replays the whole history, and local calls get lost. */
  readonly maxCachedWorkflows?: number;
  /** What the enrollments do that do not say it themselves; yes when absent. */
  readonly localFirst?: boolean;
  /** What the activities do with a token whose user cannot be read; an enrollment has its own option. */
  readonly opaqueTokens?: OpaqueTokens;
  /** The limits of texts; none when absent. Their counters are kept by this server. */
  readonly sendingLimits?: Pick<SendingLimitsParts, 'textsPerNumber' | 'textsPerCaller' | 'timing'>;
  /** Activities that take the place of the real ones, made from them. */
  readonly standIns?: (real: Activities) => Partial<Activities>;
  /** Where events go, and how; nowhere when absent. */
  readonly webhooks?: WebhookDependencies;
}

/** A Temporal server, an emulated tenant and a worker between them: what the enrollments of one test file run on. */
export async function startStage(
  server: keyof typeof servers,
  {
    maxCachedWorkflows = 100,
    localFirst = true,
    opaqueTokens = 'refuse',
    standIns = () => ({}),
    sendingLimits,
    webhooks = {
      endpoints: () => Promise.resolve([]),
      send: () => Promise.reject(new Error('nothing is sent without an endpoint')),
      enrollmentId: () => 'enr_test',
      linkTo: () => Promise.reject(new Error('no link is made here')),
    },
  }: StageOptions = {},
) {
  logSdkToFile();
  const [tenant, environment, bundle] = await Promise.all([startTenant(), servers[server](), workflowBundle('plain')]);
  // Not the environment's own client, which on the time-skipping server moves time on while it waits for a result.
  const client = new Client({ connection: environment.connection });
  const { publicUrl, clientId, clientSecret } = tenant;
  const mfa = createMfaClient({ domain: new URL(publicUrl).host, baseUrl: publicUrl, clientId, clientSecret });
  const real = createActivities({
    mfa,
    opaqueTokens,
    sendingLimits:
      sendingLimits === undefined
        ? noSendingLimits
        : createSendingLimits({ client, taskQueue, idKey: generateKeySync('hmac', { length: 256 }), ...sendingLimits }),
    cancelRun: async (workflowId, runId) => void (await client.workflow.getHandle(workflowId, runId).cancel()),
  });

  const activities = { ...withAhead({ ...real, ...standIns(real) }), ...createWebhookActivities(webhooks) };

  /** Starts a worker; the function that it returns stops it. */
  async function startWorker(options: Partial<WorkerOptions>): Promise<() => Promise<void>> {
    const worker = await Worker.create({ connection: environment.nativeConnection, taskQueue, ...options });
    const running = worker.run();
    return async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
    };
  }
  const startUsualWorker = () => startWorker({ workflowBundle: bundle, activities, maxCachedWorkflows });
  let stopWorker = await startUsualWorker();
  const begun: WorkflowHandle[] = [];

  const stage = {
    tenant,
    environment,
    client,
    activities,
    workflowBundle: bundle,
    startWorker,
    /** Moves the clocks of the tenant and of the server on; time-skipping server only. */
    async later(seconds: number): Promise<void> {
      await tenant.advance(seconds);
      await environment.sleep(seconds * 1000);
    },
    /** Has the clocks agree again after a test that has moved the tenant's alone. */
    async sameTime(): Promise<void> {
      const ahead = (await tenant.now()) - (await environment.currentTimeMs());
      if (server === 'timeSkipping' && ahead > 1_000) await environment.sleep(ahead);
    },
    stopWorker: () => stopWorker(),
    async restartWorker(): Promise<void> {
      stopWorker = await startUsualWorker();
    },
    /** Does every run that was begun here replay, but for those that were terminated? Throws the error of the first that does not. */
    async replayAll(): Promise<void> {
      async function* histories() {
        for (const handle of begun.splice(0)) {
          const { workflowId, status } = await handle.describe();
          if (status.name !== 'TERMINATED') yield { workflowId, history: await handle.fetchHistory() };
        }
      }
      for await (const { error } of Worker.runReplayHistories({ workflowBundle: bundle }, histories())) {
        if (error !== undefined) throw error;
      }
    },
    async close(): Promise<void> {
      await stopWorker();
      await environment.teardown();
      await mfa.close();
      await tenant.close();
    },
    /** An enrollment of a new user, or of the one named; it may not have come to its first challenge yet. */
    async begin(more: Partial<messages.MfaEnrollmentInput> = {}, shown: StartShown = {}): Promise<Case> {
      const userId = more.userId ?? (await tenant.newUser());
      const handle = await client.workflow.start(mfaEnrollment, {
        taskQueue,
        workflowId: `mfa-enrollment-${randomUUID()}`,
        ...shown,
        args: [
          {
            ...(await inputFor(tenant, userId)),
            ...more,
            options: { localFirst, recallInTask: true, ...more.options },
          },
        ],
      });
      begun.push(handle);
      return caseOf(tenant, userId, handle, server === 'real' ? realServer : timeSkippingServer(stage));
    },
    /** The same, at its first challenge or wherever else it rests. */
    async start(more: Partial<messages.MfaEnrollmentInput> = {}, shown?: StartShown): Promise<Case> {
      const started = await stage.begin(more, shown);
      await started.handle.executeUpdate(messages.awaitChallenge);
      return started;
    },
  };
  return stage;
}
/** What a start shows of the run before a worker has seen it. */
type StartShown = Pick<WorkflowStartOptions, 'memo' | 'typedSearchAttributes' | 'workflowTaskTimeout'>;
export type Stage = Awaited<ReturnType<typeof startStage>>;
export type Case = ReturnType<typeof caseOf>;

/** The stage of a test file: set up before its tests, freed of faults and switches after each, taken down at the end. */
export function onStage(server: keyof typeof servers, options?: StageOptions): () => Stage {
  let stage: Stage | undefined;
  const theStage = (): Stage => {
    if (stage === undefined) throw new Error('the stage is not set up: see the failure of beforeAll');
    return stage;
  };
  beforeAll(async () => {
    stage = await startStage(server, options);
  });
  afterEach(async () => {
    await stage?.tenant.control('DELETE', '/faults');
    await stage?.sameTime();
  });
  afterAll(async () => {
    try {
      await stage?.replayAll();
    } finally {
      await stage?.close();
    }
  });
  return theStage;
}

/** What an enrollment of this user begins with: both factors, and a fresh token. */
export const inputFor = async (tenant: Tenant, userId: string): Promise<messages.MfaEnrollmentInput> => ({
  userId,
  factors: ['sms', 'otp'],
  phoneNumber,
  token: { accessToken: await tenant.token(userId) },
});

/** What differs between the servers. */
interface ServerTraits {
  /** The server's clock: epoch ms. */
  readonly now: () => Promise<number>;
  /** Moves it on; absent where time passes by itself. */
  readonly later?: (seconds: number) => Promise<void>;
  /** What Temporal shows of the run; `undefined` while something that came is still to be looked at by a worker. */
  readonly describe: (handle: WorkflowHandle) => Promise<WorkflowExecutionDescription | undefined>;
}

const realServer: ServerTraits = {
  now: () => Promise.resolve(Date.now()),
  async describe(handle) {
    const description = await handle.describe();
    return description.raw.pendingWorkflowTask ? undefined : description;
  },
};

const timeSkippingServer = ({ environment, later }: Pick<Stage, 'environment' | 'later'>): ServerTraits => ({
  now: () => environment.currentTimeMs(),
  later,
  async describe(handle) {
    const { events } = await handle.fetchHistory(); // this server's description says nothing of a task that is pending
    const last = events?.findLast(
      (event) => event.workflowTaskScheduledEventAttributes ?? event.workflowTaskCompletedEventAttributes,
    );
    return last?.workflowTaskCompletedEventAttributes ? handle.describe() : undefined;
  },
});

/** An enrollment as its user, the support desk and the tenant see it. */
export function caseOf(
  tenant: Tenant,
  userId: string,
  handle: WorkflowHandle<typeof mfaEnrollment>,
  { now, later, describe }: ServerTraits = realServer,
) {
  const status = () => handle.query(messages.status);
  const texts = async () => (await tenant.inbox()).filter((text) => text.userId === userId);
  const texted = async () => (await texts()).at(-1)?.code ?? '';
  /** The status as Temporal's memo has it; `undefined` while something that came is still to be looked at by a worker. */
  async function remembered(): Promise<EnrollmentStatus | undefined> {
    const description = await describe(handle);
    const shared = description?.memo?.[messages.caseMemo] as messages.CaseMemo | undefined; // written by the workflow alone
    if (shared === undefined) return undefined;
    return viewOf(shared.enrollment, await now(), shared.tokenExpiresAt);
  }
  const own = {
    userId,
    handle,
    /** By query. */
    status,
    /** What the user's phones got, oldest first. */
    texts,
    /** The newest texted code. */
    texted,
    /** What the user's app shows now. */
    async appCode(): Promise<string> {
      const secrets = await handle.query(messages.challenge);
      if (secrets.type !== 'otp') throw new Error(`expected the app's challenge, got ${secrets.type}`);
      return tenant.otpCode(secrets.setupKey);
    },
    /** The code that answers what is asked now. */
    async rightCode(factor: 'sms' | 'otp'): Promise<string> {
      return factor === 'sms' ? texted() : own.appCode();
    },
    confirm: (code: string, factor: 'sms' | 'otp' = 'sms', challengeId?: string) =>
      handle.executeUpdate(messages.confirmCode, {
        args: [{ factor, code, ...(challengeId === undefined ? {} : { challengeId }) }],
      }),
    resend: () => handle.executeUpdate(messages.resend),
    changeNumber: (to = otherNumber) =>
      handle.executeUpdate(messages.changePhoneNumber, { args: [{ phoneNumber: to }] }),
    /** Has the calls of this user go wrong, and of nobody else. */
    fault: (fault: Body) => faultOf(tenant, userId, fault),
    /** When a worker has taken everything that was sent. */
    async taken(): Promise<void> {
      while ((await describe(handle)) === undefined) await sleep(10); // the test's own time limit ends it
    },
    /**
     * The status when the condition is met. Throws as soon as that cannot happen any more. It looks into the memo: a worker
     * that keeps no run in memory may drop a query which comes while it is at work ("leftover buffered tasks" in its log),
     * and the query is answered only 10 seconds later.
     */
    async until(
      condition: (status: EnrollmentStatus) => boolean,
      isHopeless: (status: EnrollmentStatus) => boolean = ({ endedAt }) => endedAt !== undefined,
    ): Promise<EnrollmentStatus> {
      const givenUpAt = Date.now() + longestWaitMs;
      for (;;) {
        const seen = await remembered();
        if (seen !== undefined && condition(seen)) return seen;
        if (seen !== undefined && isHopeless(seen)) throw missed('never comes to be so', seen);
        if (Date.now() > givenUpAt) throw missed(`is not so after ${longestWaitMs} ms`, seen);
        await sleep(20);
      }
    },
    /** The status once this factor's challenge waits for its code. */
    awaits: (factor: 'sms' | 'otp') =>
      own.until(
        (now) => now.state === 'awaiting_code' && now.challenge?.factor === factor,
        (now) => now.endedAt !== undefined || now.factors.some((each) => each.factor === factor && isAccepted(each)),
      ),
    /** Answers whatever is still asked, the way a user would, up to how the enrollment ends. */
    async finish(): Promise<EnrollmentStatus> {
      for (;;) {
        const now = await own.until(
          ({ endedAt, state, waitingFor }) =>
            endedAt !== undefined ||
            state === 'awaiting_code' ||
            (later !== undefined && waitingFor.what === 'cooldown'),
          ({ state }) => state === 'awaiting_token',
        );
        if (now.endedAt !== undefined) return handle.result();
        const factor = now.challenge?.factor;
        if (factor === undefined) await later?.(31);
        else if (factor === 'sms' || factor === 'otp') await own.confirm(await own.rightCode(factor), factor);
        else throw missed('asks for another factor', now);
      }
    },
    /** What Temporal shows of the run without a worker: its id and status, the memo, and the search attributes that are ours. */
    async shown() {
      const { runId, status: closed, memo, startTime, typedSearchAttributes } = await handle.describe();
      const names = new Set<string>(Object.values(searchAttributes).map(({ name }) => name));
      const attributes = typedSearchAttributes.getAll().filter(({ key }) => names.has(key.name));
      return {
        runId,
        status: closed.name,
        startedAt: startTime.getTime(),
        memo,
        attributes: Object.fromEntries(attributes.map(({ key, value }) => [key.name, value])),
      };
    },
    /** What the tenant holds of the user: `sms active`, `totp inactive`, …, oldest first. */
    records: () => recordsOf(tenant, userId),
    /** Associates for the user that reached the tenant, oldest first. */
    associates: () => requestsOf(tenant, userId, '/mfa/associate'),
    /** Confirms for the user that reached the tenant, oldest first. */
    confirms: async () =>
      (await requestsOf(tenant, userId, '/oauth/token')).filter(({ body }) => body['mfa_token'] !== undefined),
  };
  return own;
}

/** Below the time limit of a test, so that what it waited for is said and not only that it waited. */
const longestWaitMs = 45_000;

const missed = (what: string, now: EnrollmentStatus | undefined): Error =>
  new Error(`${what}: ${JSON.stringify(now, undefined, 1)}\nThe log of Temporal's SDK: ${sdkLogPath()}`);

/** Has the calls with a token of this user go wrong, and of nobody else. */
export const faultOf = (tenant: Tenant, userId: string, fault: Body) => tenant.fault({ ...fault, userId });

/** What the tenant holds of a user: `sms active`, `totp inactive`, …, oldest first. */
export async function recordsOf(tenant: Tenant, userId: string): Promise<readonly string[]> {
  const { text } = await tenant.control('GET', `/users/${encodeURIComponent(userId)}/authenticators`);
  const records = z.array(z.object({ id: z.string(), active: z.boolean() })).parse(JSON.parse(text));
  return records.map(({ id, active }) => `${id.split('|')[0] ?? ''} ${active ? 'active' : 'inactive'}`);
}

const requests = z.array(
  z.object({
    method: z.string(),
    path: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.record(z.string(), z.unknown()).default({}),
    userId: z.string().optional(),
    status: z.number().optional(),
  }),
);

/** What reached the tenant by POST with a token of this user. */
export async function requestsOf(tenant: Tenant, userId: string, path: string) {
  const arrived = requests.parse(JSON.parse((await tenant.control('GET', '/requests')).text));
  return arrived
    .filter((request) => request.method === 'POST' && request.path === path && request.userId === userId)
    .map((request) => ({ ...request, token: tokenOf(request) }));
}

function tokenOf({ headers, body }: z.infer<typeof requests>[number]): string {
  const sent = body['mfa_token'] ?? headers['authorization']?.replace('Bearer ', '');
  return typeof sent === 'string' ? sent : '';
}

/** What the worker's log says of an enrollment for the audit, oldest first, once it tells of the end: the log is written in batches. */
export async function auditLines(workflowId: string) {
  const line = z.object({
    workflowId: z.string(),
    action: z.string(),
    result: z.string().optional(),
    hand: z.string().optional(),
  });
  for (;;) {
    const lines = readFileSync(sdkLogPath(), 'utf8')
      .split('\n')
      .flatMap((text) => / INFO audit (\{.*\})$/.exec(text)?.[1] ?? [])
      .map((meta) => line.parse(JSON.parse(meta)))
      .filter((each) => each.workflowId === workflowId);
    if (lines.some(({ action }) => action === 'settled')) return lines;
    await sleep(20); // the test's own time limit ends it
  }
}

/** A code that is not this one; another `by`, another code. */
export const otherThan = (code: string, by = 1): string => String((Number(code) + by) % 1_000_000).padStart(6, '0');

/** What an update is refused with, as its sender sees it. */
export const refusal = (type: string) => ({ cause: { type } });

/** The type of an update's refusal; any other error goes up. */
export function refusalOf(error: unknown): string {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  if (cause instanceof ApplicationFailure && typeof cause.type === 'string') return cause.type;
  throw error;
}
