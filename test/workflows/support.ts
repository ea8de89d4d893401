import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { z } from 'zod';
import { createActivities } from '../../src/activities';
import { createMfaClient } from '../../src/auth0/mfa-client';
import type { EnrollmentStatus } from '../../src/enrollment/status';
import { mfaEnrollment } from '../../src/workflows';
import * as messages from '../../src/workflows/messages';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { startTenant, type Tenant } from '../emulator/tenant';
import { temporalCliPath, testServerPath } from '../support/tools';

export const phoneNumber = '+14155550123';
const taskQueue = 'workflow-tests';
const keyword = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

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
      searchAttributes: { MfaState: keyword, MfaFactor: keyword },
    });
    return environment;
  },
};

/** A Temporal server, an emulated tenant and a worker between them: what the cases of one test file run on. */
export async function startStage(server: keyof typeof servers) {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) }); // refusals and faults are what these tests make
  const [tenant, environment, workflowBundle] = await Promise.all([
    startTenant(),
    servers[server](),
    bundleWorkflowCode({
      workflowsPath: require.resolve('../../src/workflows'),
      logger: new DefaultLogger('ERROR'),
    }),
  ]);
  const { publicUrl, clientId, clientSecret } = tenant;
  const mfa = createMfaClient({ domain: new URL(publicUrl).host, baseUrl: publicUrl, clientId, clientSecret });
  const activities = createActivities({
    mfa,
    cancelRun: async (workflowId, runId) =>
      void (await environment.client.workflow.getHandle(workflowId, runId).cancel()),
  });

  /** Nothing is cached, so every task replays the whole history: what is not deterministic shows at once. */
  async function startWorker(): Promise<() => Promise<void>> {
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      workflowBundle,
      maxCachedWorkflows: 0,
      activities,
    });
    const running = worker.run();
    return async () => {
      worker.shutdown();
      await running;
    };
  }
  let stopWorker = await startWorker();

  return {
    tenant,
    client: environment.client,
    /** Moves the clocks of the tenant and of the server on; time-skipping server only. */
    async later(seconds: number) {
      await tenant.advance(seconds);
      await environment.sleep(seconds * 1000);
    },
    stopWorker: () => stopWorker(),
    async restartWorker() {
      stopWorker = await startWorker();
    },
    async close() {
      await stopWorker();
      await environment.teardown();
      await mfa.close();
      await tenant.close();
    },
    /** A case of a new user, or of the one named; it may not have come to its first challenge yet. */
    async begin(more: Partial<messages.MfaEnrollmentInput> = {}) {
      const userId = more.userId ?? (await tenant.newUser());
      const handle = await environment.client.workflow.start(mfaEnrollment, {
        taskQueue,
        workflowId: `mfa-enrollment-${randomUUID()}`,
        args: [
          {
            ...(await inputFor(tenant, userId)),
            ...more,
          },
        ],
      });
      return caseOf(tenant, userId, handle);
    },
    /** The same, at its first challenge or wherever else it rests. */
    async start(more: Partial<messages.MfaEnrollmentInput> = {}) {
      const started = await this.begin(more);
      await started.handle.executeUpdate(messages.awaitChallenge);
      return started;
    },
  };
}
export type Stage = Awaited<ReturnType<typeof startStage>>;
export type Case = ReturnType<typeof caseOf>;

/** What a case of this user begins with: both factors, and a fresh token. */
export const inputFor = async (tenant: Tenant, userId: string): Promise<messages.MfaEnrollmentInput> => ({
  userId,
  factors: ['sms', 'otp'],
  phoneNumber,
  token: { accessToken: await tenant.token(userId) },
});

/** A case as its user, the support desk and the tenant see it. */
export function caseOf(tenant: Tenant, userId: string, handle: WorkflowHandle<typeof mfaEnrollment>) {
  const status = () => handle.query(messages.status);
  const texts = async () => (await tenant.inbox()).filter((text) => text.userId === userId);
  const texted = async () => (await texts()).at(-1)?.code ?? '';
  const own = {
    userId,
    handle,
    status,
    /** What the user's phones got, oldest first. */
    texts,
    /** The newest texted code. */
    texted,
    /** What the user's app shows now. */
    async shown(): Promise<string> {
      const secrets = await handle.query(messages.challenge);
      if (secrets.type !== 'otp') throw new Error(`expected the app's challenge, got ${secrets.type}`);
      return tenant.otpCode(secrets.setupKey);
    },
    confirm: (code: string, factor: 'sms' | 'otp' = 'sms', challengeId?: string) =>
      handle.executeUpdate(messages.confirmCode, {
        args: [{ factor, code, ...(challengeId === undefined ? {} : { challengeId }) }],
      }),
    async until(condition: (status: EnrollmentStatus) => boolean): Promise<EnrollmentStatus> {
      for (;;) {
        const now = await status();
        if (condition(now)) return now;
        await new Promise((resolve) => setTimeout(resolve, 50)); // the test's own time limit ends it
      }
    },
    awaits: (factor: 'sms' | 'otp') =>
      own.until((now) => now.state === 'awaiting_code' && now.challenge?.factor === factor),
    /** Answers whatever is still asked, the way a user would, up to how the case ends. */
    async finish(): Promise<EnrollmentStatus> {
      for (;;) {
        const now = await own.until(({ state, endedAt }) => endedAt !== undefined || state === 'awaiting_code');
        const factor = now.challenge?.factor;
        if (factor === undefined) return handle.result();
        await own.confirm(factor === 'sms' ? await texted() : await own.shown(), factor);
      }
    },
    /** What the tenant holds of the user: `sms active`, `totp inactive`, …, oldest first. */
    async records(): Promise<readonly string[]> {
      const { text } = await tenant.control('GET', `/users/${encodeURIComponent(userId)}/authenticators`);
      const records = z.array(z.object({ id: z.string(), active: z.boolean() })).parse(JSON.parse(text));
      return records.map(({ id, active }) => `${id.split('|')[0] ?? ''} ${active ? 'active' : 'inactive'}`);
    },
    /** Associates of the case that reached the tenant, oldest first. */
    associates: () => requestsOf(tenant, userId, '/mfa/associate'),
    /** Confirms of the case that reached the tenant, oldest first. */
    confirms: () => requestsOf(tenant, userId, '/oauth/token'),
  };
  return own;
}

const requests = z.array(
  z.object({
    method: z.string(),
    path: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.record(z.string(), z.unknown()).default({}),
    status: z.number().optional(),
  }),
);

/** What reached the tenant by POST with an access token of this user. */
async function requestsOf(tenant: Tenant, userId: string, path: string) {
  const arrived = requests.parse(JSON.parse((await tenant.control('GET', '/requests')).text));
  return arrived
    .filter((request) => request.method === 'POST' && request.path === path)
    .map((request) => ({ ...request, token: tokenOf(request) }))
    .filter(({ token }) => subjectOf(token) === userId);
}

function tokenOf({ headers, body }: z.infer<typeof requests>[number]): string {
  const sent = body['mfa_token'] ?? headers['authorization']?.replace('Bearer ', '');
  return typeof sent === 'string' ? sent : '';
}

function subjectOf(token: string): unknown {
  const claims = token.split('.')[1];
  if (!token.startsWith('eyJ') || claims === undefined) return undefined;
  return z.object({ sub: z.string() }).parse(JSON.parse(Buffer.from(claims, 'base64url').toString())).sub;
}

/** A code that is not this one; another `by`, another code. */
export const otherThan = (code: string, by = 1): string => String((Number(code) + by) % 1_000_000).padStart(6, '0');
