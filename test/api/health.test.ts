import { describe, expect, test } from '@jest/globals';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createHealthApp } from '../../src/api/health';
import { updateMetrics } from '../../src/api/metrics';
import { createLogger } from '../../src/logger';
import { createReadiness, NotReady } from '../../src/temporal/readiness';
import { createHealthServer } from '../../src/worker/health';
import { as, awaitingCode, id, testApp } from './support';

const lines: string[] = [];
const logger = createLogger('mfa-api', 'info', { write: (line: string) => void lines.push(line) });
const healthOf = (ready: () => Promise<void>, registry = new Registry()) =>
  createHealthApp({ ready, registry, logger });

describe('the port of the API', () => {
  test.each(['/health/live', '/health/ready', '/metrics'])('answers 404 for %s', async (url) => {
    const { app } = await testApp();
    const answer = await app.inject({ url, headers: as('ops') });
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ code: 'not_found' });
  });
});

describe('the health port of the API', () => {
  test('answers nothing of the API', async () => {
    const answer = await healthOf(() => Promise.resolve()).inject({ url: '/v1/enrollments', headers: as('ops') });
    expect(answer.statusCode).toBe(404);
  });

  test('the process is live whatever Temporal does, and ready while Temporal answers', async () => {
    let reachable = true;
    const app = healthOf(() => (reachable ? Promise.resolve() : Promise.reject(new Error('down'))));
    expect((await app.inject('/health/ready')).statusCode).toBe(200);
    reachable = false;
    expect((await app.inject('/health/live')).statusCode).toBe(200);
    const answer = await app.inject('/health/ready');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({ status: 'not ready', reason: 'Temporal does not answer.' });
  });

  test('a namespace that is not set up is said to be so, in the answer and in the log', async () => {
    const sentence = 'Namespace default lacks the search attributes MfaOwner.';
    const answer = await healthOf(() => Promise.reject(new NotReady(sentence))).inject('/health/ready');
    expect([answer.statusCode, answer.json<{ reason: string }>().reason]).toEqual([503, sentence]);
    expect(lines.join('')).toContain(sentence);
  });

  test('metrics count calls by the pattern of their route, never by case', async () => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    updateMetrics(registry)('confirmCode', 'answered', 0.2);
    const { app } = await testApp({ get: async () => awaitingCode }, { registry });
    await app.inject({ url: `/v1/enrollments/${id}`, headers: as('ops') });
    const { body, headers } = await healthOf(() => Promise.resolve(), registry).inject('/metrics');
    expect(headers['content-type']).toContain('text/plain');
    expect(body).toContain(
      'mfa_api_request_duration_seconds_count{method="GET",route="/v1/enrollments/:id",status="200"} 1',
    );
    expect(body).toContain('mfa_api_update_duration_seconds_count{update="confirmCode",outcome="answered"} 1');
    expect(body).toContain('process_cpu_seconds_total');
    expect(body).not.toContain(id);
  });
});

describe('readiness', () => {
  /** A namespace that knows these search attributes, and whether Temporal answers. */
  function namespace(known: string[], answers = () => true) {
    const queries: string[] = [];
    const workflowService = {
      getSystemInfo: async () => {
        if (!answers()) throw new Error('no answer');
        return {};
      },
      countWorkflowExecutions: async ({ query }: { query: string }) => {
        queries.push(query);
        if (known.some((name) => query.includes(name))) return {};
        throw Object.assign(new Error('invalid'), { code: 3, details: 'invalid query', metadata: {} });
      },
    };
    // What the check asks for, of all that a connection can do.
    const connection = {
      workflowService,
      withDeadline: (_deadline: unknown, call: () => Promise<unknown>) => call(),
    } as unknown as Parameters<typeof createReadiness>[0];
    return { ready: createReadiness(connection, 'default'), queries, known };
  }
  const all = ['MfaState', 'MfaFactor', 'MfaDeadline', 'MfaWaitingFor', 'MfaOwner', 'MfaPhoneNumber'];

  test('names the search attributes that the namespace lacks, until they are there', async () => {
    const { ready, known } = namespace(['MfaState', 'MfaFactor', 'MfaDeadline']);
    await expect(ready()).rejects.toThrow(NotReady);
    await expect(ready()).rejects.toThrow(/MfaWaitingFor, MfaOwner, MfaPhoneNumber.*mfa setup-namespace/);
    known.push('MfaWaitingFor', 'MfaOwner', 'MfaPhoneNumber');
    await expect(ready()).resolves.toBeUndefined();
  });

  test('does not look for them again, and does ask whether Temporal answers', async () => {
    let answers = true;
    const { ready, queries } = namespace(all, () => answers);
    await ready();
    const asked = queries.length;
    await ready();
    expect(queries).toHaveLength(asked);
    answers = false;
    await expect(ready()).rejects.toThrow('no answer');
  });
});

describe('the health port of the worker', () => {
  const serverOf = (state: string, ready: () => Promise<void>) =>
    // The states are the SDK's own union; only their names matter here.
    createHealthServer({ worker: { getState: () => state as 'RUNNING' }, ready, logger });

  test.each([
    ['RUNNING', () => Promise.resolve(), 200, { status: 'running' }],
    ['DRAINING', () => Promise.resolve(), 503, { status: 'draining' }],
    [
      'RUNNING',
      () => Promise.reject(new NotReady('Namespace default lacks the search attributes MfaOwner.')),
      503,
      { status: 'not ready', reason: 'Namespace default lacks the search attributes MfaOwner.' },
    ],
    [
      'RUNNING',
      () => Promise.reject(new Error('x')),
      503,
      { status: 'not ready', reason: 'Temporal does not answer.' },
    ],
  ])('a worker that is %s is ready only with a namespace that is set up (%#)', async (state, ready, status, body) => {
    const answer = await serverOf(state, ready).inject('/health/ready');
    expect([answer.statusCode, answer.json()]).toEqual([status, body]);
    expect((await serverOf(state, ready).inject('/health/live')).statusCode).toBe(200);
  });
});
