import { afterEach, describe, expect, jest, test } from '@jest/globals';
import {
  createClient,
  isProblem,
  NoAnswerError,
  ProblemError,
  UnexpectedAnswerError,
  WaitError,
  type Client,
  type ClientOptions,
} from '@auth0-mfa-enrollment/client';
import { buildOpenApi } from '../../src/api/openapi-file';
import type { Enrollments } from '../../src/temporal/enrollments';
import { z } from 'zod';
import { awaitingCode, id, inState, keyOf, testApp, tokenOf, userId } from '../api/support';
import { broken, event, json, problem, serve, stream, type Answer } from './server';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const token = 'token-of-the-caller';

async function against(options: Partial<ClientOptions>, first: Answer, ...others: readonly Answer[]) {
  const server = await serve(first, ...others);
  open.push(() => server.close());
  return { client: createClient({ baseUrl: server.baseUrl, token, ...options }), received: server.received };
}

const webhookId = `whk_${'w'.repeat(22)}`;
const campaignId = `cmp_${'c'.repeat(22)}`;

/** One call of each method, with what it needs. */
const calls: Record<Exclude<keyof Client, 'watch' | 'waitFor'>, (client: Client) => Promise<unknown>> = {
  start: (client) => client.start({ userId }),
  get: (client) => client.get(id),
  list: (client) => client.list({ limit: 5 }),
  find: (client) => client.find({ userId }),
  timeline: (client) => client.timeline(id),
  challenge: (client) => client.challenge(id, { qrSvg: 'false' }),
  submitBindingCode: (client) => client.submitBindingCode(id, { code: '123456' }),
  submitOtp: (client) => client.submitOtp(id, { code: '123456' }),
  resend: (client) => client.resend(id, { reason: 'asked' }),
  changePhoneNumber: (client) => client.changePhoneNumber(id, { phoneNumber: '+14155550123', reason: 'asked' }),
  cancel: (client) => client.cancel(id, { reason: 'asked' }),
  acknowledgeRecoveryCode: (client) => client.acknowledgeRecoveryCode(id),
  provideToken: (client) => client.provideToken(id, { accessToken: tokenOf(userId) }),
  createLink: (client) => client.createLink(id),
  listStoppedPrefixes: (client) => client.listStoppedPrefixes(),
  stopTexts: (client) => client.stopTexts('+88213', { reason: 'abuse' }),
  listWebhooks: (client) => client.listWebhooks(),
  addWebhook: (client) => client.addWebhook({ url: 'https://acme.test/events' }),
  removeWebhook: (client) => client.removeWebhook(webhookId),
  rotateWebhookSecret: (client) => client.rotateWebhookSecret(webhookId),
  listDeliveries: (client) => client.listDeliveries(webhookId),
  redeliver: (client) => client.redeliver(webhookId),
  createCampaign: (client) => client.createCampaign(),
  addCampaignUsers: (client) => client.addCampaignUsers(campaignId, { users: [{ userId }] }),
  startCampaign: (client) => client.startCampaign(campaignId, { users: 1 }),
  listCampaigns: (client) => client.listCampaigns({ limit: 5 }),
  getCampaign: (client) => client.getCampaign(campaignId),
  campaignReport: (client) => client.campaignReport(campaignId),
  pauseCampaign: (client) => client.pauseCampaign(campaignId),
  resumeCampaign: (client) => client.resumeCampaign(campaignId),
  cancelCampaign: (client) => client.cancelCampaign(campaignId),
  resumeTexts: (client) => client.resumeTexts('+88213', { reason: 'over' }),
};

describe('the methods', () => {
  const documentShape = z.object({
    paths: z.record(
      z.string(),
      z.record(
        z.string(),
        z.object({ parameters: z.array(z.object({ in: z.string(), name: z.string() })).default([]) }),
      ),
    ),
  });

  test('are every operation of the OpenAPI document, with a key where it takes one', async () => {
    const { client, received } = await against({}, json(200, {}));
    for (const call of Object.values(calls)) await call(client);
    await client.waitFor(id, () => true).catch(() => undefined); // what answers is no stream
    const called = received.map(({ method, url = '', headers }) => ({
      call: `${method} ${url.replace(/\?.*/, '').replace(id, '{id}').replace(webhookId, '{webhookId}').replace(campaignId, '{campaignId}').replace('%2B88213', '{prefix}')}`,
      keyed: headers['idempotency-key'] !== undefined,
    }));
    const { paths } = documentShape.parse(await buildOpenApi());
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { parameters }]) => ({
        call: `${method.toUpperCase()} ${path}`,
        keyed: parameters.some(({ name }) => name === 'idempotency-key'),
      })),
    );
    const sorted = (list: typeof called) => list.toSorted((one, other) => (one.call < other.call ? -1 : 1));
    expect(sorted(called)).toEqual(sorted(described));
  });

  async function againstApp(enrollments: Partial<Enrollments>) {
    const { app } = await testApp(enrollments);
    const baseUrl = await app.listen({ host: '127.0.0.1', port: 0 });
    open.push(() => app.close());
    return createClient({ baseUrl, token: keyOf('onboarding') });
  }

  test('start sends what the API takes, and the enrollment comes back', async () => {
    const start = jest.fn<Enrollments['start']>().mockResolvedValue({ created: true, enrollment: awaitingCode });
    const client = await againstApp({ start });
    const started = await client.start({
      userId,
      phoneNumber: '+14155550123',
      token: { accessToken: tokenOf(userId) },
    });
    expect(started).toMatchObject({ id, state: 'awaiting_code', attemptsLeft: 5 });
    expect(start.mock.calls[0]?.[0]).toMatchObject({ userId, phoneNumber: '+14155550123' });
  });

  test('a call that the API turns down is a ProblemError with its code, status and members', async () => {
    const client = await againstApp({});
    const error: unknown = await client.start({ userId: '' }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({ code: 'invalid_request', status: 400, problem: { errors: [{ field: 'userId' }] } });
    expect(isProblem(error, 'invalid_request')).toBe(true);
    expect(isProblem(error, 'forbidden', 'not_found')).toBe(false);
  });

  test('watch follows an enrollment of the API until its outcome', async () => {
    const client = await againstApp({
      async *watch() {
        yield awaitingCode;
        yield inState('completed');
      },
    });
    const states: string[] = [];
    for await (const { state } of client.watch(id)) states.push(state);
    expect(states).toEqual(['awaiting_code', 'completed']);
  });
});

describe('a request', () => {
  test('carries the token, the person and a random key, which a repetition keeps', async () => {
    const { client, received } = await against(
      { maxRetryWaitMs: 60_000, actingPerson: 'Ada Lovelace' },
      problem(503, 'unavailable', { 'retry-after': '0' }),
      broken,
      json(200, awaitingCode),
      json(200, awaitingCode),
    );
    await client.resend(id, { reason: 'asked' });
    await client.resend(id, { reason: 'asked' });
    const [first, second, third, other] = received.map(({ headers }) => headers['idempotency-key']);
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect([second, third]).toEqual([first, first]);
    expect(other).not.toBe(first);
    expect(received[0]).toMatchObject({
      body: '{"reason":"asked"}',
      headers: { authorization: `Bearer ${token}`, 'x-acting-person': 'Ada Lovelace' },
    });
  });

  test('carries the key and the person that a call names', async () => {
    const { client, received } = await against({}, json(200, {}));
    await client.createLink(id, { idempotencyKey: 'mine', actingPerson: 'Grace' });
    expect(received[0]?.headers).toMatchObject({ 'idempotency-key': 'mine', 'x-acting-person': 'Grace' });
  });

  test('asks for the token each time', async () => {
    let asked = 0;
    const { client, received } = await against(
      { token: async () => `token-${(asked += 1)}` },
      problem(429, 'too_many_requests', { 'retry-after': '0' }),
      json(200, {}),
    );
    await client.get(id);
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  test.each<[string, Answer]>([
    ['429 too_many_requests', problem(429, 'too_many_requests', { 'retry-after': '0' })],
    ['503 busy', problem(503, 'busy', { 'retry-after': '0' })],
    ['503 of a proxy', (response) => void response.writeHead(503, { 'content-type': 'text/html' }).end('<p>')],
    ['a broken connection', broken],
  ])('is repeated after %s', async (_what, answer) => {
    const { client, received } = await against({}, answer, json(200, awaitingCode));
    expect(await client.get(id)).toMatchObject({ id });
    expect(received).toHaveLength(2);
  });

  test.each<[string, Answer, number]>([
    ['a resend that came too soon', problem(429, 'resend_too_soon', { 'retry-after': '0' }), 429],
    ['an enrollment that is over', problem(410, 'enrollment_settled'), 410],
    ['something that broke', problem(500, 'internal'), 500],
    ['a Retry-After that is too long', problem(503, 'unavailable', { 'retry-after': '3600' }), 503],
  ])('is not repeated after %s', async (_what, answer, status) => {
    const { client, received } = await against({}, answer);
    await expect(client.resend(id, { reason: 'asked' })).rejects.toMatchObject({ name: 'ProblemError', status });
    expect(received).toHaveLength(1);
  });

  test.each<[string, Answer]>([
    ['its answer was lost', broken],
    ['the API could not answer', problem(503, 'unavailable', { 'retry-after': '0' })],
    ['a proxy could not answer', (response) => void response.writeHead(503).end()],
  ])('with a code is not repeated when %s: the code may have been taken', async (_what, answer) => {
    const { client, received } = await against({}, answer);
    await expect(client.submitOtp(id, { code: '123456' })).rejects.toBeInstanceOf(Error);
    await expect(client.submitBindingCode(id, { code: '123456' })).rejects.toBeInstanceOf(Error);
    expect(received).toHaveLength(2);
  });

  test('with a code is repeated when it surely was not taken', async () => {
    const busy = problem(503, 'busy', { 'retry-after': '0' });
    const { client, received } = await against({}, busy, json(200, { result: 'confirmed' }));
    expect(await client.submitOtp(id, { code: '123456' })).toMatchObject({ result: 'confirmed' });
    expect(received).toHaveLength(2);
  });

  test('gives up after maxRetries', async () => {
    const { client, received } = await against({ maxRetries: 2 }, problem(503, 'busy', { 'retry-after': '0' }));
    await expect(client.get(id)).rejects.toMatchObject({ code: 'busy' });
    expect(received).toHaveLength(3);
  });

  test('waits at least as long as Retry-After asks', async () => {
    const times: number[] = [];
    const timed =
      (answer: Answer): Answer =>
      (...parts) => {
        times.push(performance.now());
        answer(...parts);
      };
    const busy = timed(problem(503, 'busy', { 'retry-after': '1' }));
    const { client } = await against({}, busy, timed(json(200, {})));
    await client.get(id);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990); // timers may be early by a fraction
  });

  test('ends with the reason of its signal, also while it waits to be repeated', async () => {
    const abort = new AbortController();
    const { client, received } = await against({}, (...parts) => {
      problem(503, 'busy', { 'retry-after': '20' })(...parts);
      setTimeout(() => abort.abort(new Error('enough')), 20);
    });
    await expect(client.get(id, { signal: abort.signal })).rejects.toThrow('enough');
    expect(received).toHaveLength(1);
  });

  test('without an answer in time is a NoAnswerError', async () => {
    const { client } = await against({ timeoutMs: 50, maxRetries: 0 }, () => undefined);
    await expect(client.get(id)).rejects.toBeInstanceOf(NoAnswerError);
  });

  test.each<[string, Answer]>([
    ['a page', (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>')],
    ['a redirect', (response) => void response.writeHead(302, { location: 'https://example.com/' }).end()],
    ['JSON that is none', (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{')],
    ['an error that is no problem', json(500, { message: 'no' })],
  ])('answered with %s is an UnexpectedAnswerError', async (_what, answer) => {
    const { client, received } = await against({}, answer);
    await expect(client.get(id)).rejects.toBeInstanceOf(UnexpectedAnswerError);
    expect(received).toHaveLength(1);
  });

  test.each<[string, (client: Client) => Promise<unknown>]>([
    ['an id that leads elsewhere', (client) => client.get('..')],
    ['an empty id', (client) => client.timeline('')],
    ['a prefix that is none', (client) => client.stopTexts('../enrollments', { reason: 'x' })],
    ['a key with a line break', (client) => client.createLink(id, { idempotencyKey: 'a\nb' })],
    ['a person outside of ASCII', (client) => client.createLink(id, { actingPerson: 'Zoë' })],
  ])('with %s is a TypeError, and nothing is sent', async (_what, call) => {
    const { client, received } = await against({}, json(200, {}));
    await expect(call(client)).rejects.toBeInstanceOf(TypeError);
    expect(received).toEqual([]);
  });

  test('with a token that no header can hold fails without repeating the token', async () => {
    const { client } = await against({ token: 'se cret\n' }, json(200, {}));
    await expect(client.get(id)).rejects.toThrow(/^token: expected printable ASCII characters without spaces$/);
  });

  test.each([
    [{ baseUrl: 'mfa.example.com' }, /^baseUrl: expected/],
    [{ baseUrl: 'ftp://mfa.example.com' }, /^baseUrl: expected/],
    [{ timeoutMs: 0 }, /^timeoutMs: expected/],
    [{ maxRetries: -1 }, /^maxRetries: expected/],
  ])('of a client with %o is refused at once', (options, expected) => {
    expect(() => createClient({ baseUrl: 'https://mfa.example.com', token, ...options })).toThrow(expected);
  });
});

describe('waitFor', () => {
  const at = (state: Parameters<typeof inState>[0]) => event('enrollment', inState(state));

  test('resolves at the state, goes on over new connections, and hears each change once', async () => {
    const { client, received } = await against(
      {},
      stream(at('associating')),
      broken,
      problem(503, 'unavailable'),
      stream(at('associating'), ': still here\n\n', at('verifying')),
      stream(at('verifying'), at('completed')),
    );
    const seen: string[] = [];
    const last = await client.waitFor(id, ({ state }) => seen.push(state) > 0 && state === 'completed');
    expect(last.state).toBe('completed');
    expect(seen).toEqual(['associating', 'verifying', 'completed']);
    expect(received).toHaveLength(5);
  });

  test('takes several states', async () => {
    const { client } = await against({}, stream(at('associating'), at('verifying')));
    expect(await client.waitFor(id, ['verifying', 'completed'])).toMatchObject({ state: 'verifying' });
  });

  test('says at once that the enrollment has ended otherwise', async () => {
    const { client } = await against({}, stream(at('associating'), at('expired')));
    const error: unknown = await client.waitFor(id, 'completed').catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(WaitError);
    expect(error).toMatchObject({ why: 'ended', enrollment: { state: 'expired' } });
  });

  test('says after timeoutMs where the enrollment is', async () => {
    const { client } = await against({}, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(at('associating'));
    });
    const waiting = client.waitFor(id, 'completed', { timeoutMs: 500 });
    await expect(waiting).rejects.toMatchObject({ name: 'WaitError', why: 'timeout' });
  });

  test('ends with the reason of its signal, and lets the connection go', async () => {
    const abort = new AbortController();
    let gone: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (gone = resolve));
    const { client } = await against({}, (response) => {
      response.on('close', gone);
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(at('associating'));
    });
    const isEnough = () => {
      abort.abort(new Error('enough'));
      return false;
    };
    await expect(client.waitFor(id, isEnough, { signal: abort.signal })).rejects.toThrow('enough');
    await closed;
  });

  test('opens the stream again with a new token when the old one has expired', async () => {
    let asked = 0;
    const over = event('problem', { code: 'unauthorized', title: 'The caller is not known', status: 401 });
    const { client, received } = await against(
      { token: () => `token-${(asked += 1)}` },
      stream(at('associating'), over),
      stream(at('completed')),
    );
    await client.waitFor(id, 'completed');
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  test.each<[string, Answer, number]>([
    ['there is no such enrollment', problem(404, 'enrollment_not_found'), 1],
    ['the caller is not known, also with the next token', problem(401, 'unauthorized'), 2],
    ['what answers is not the API', json(200, {}), 1],
  ])('does not try for long when %s', async (_what, answer, tries) => {
    const { client, received } = await against({}, answer);
    await expect(client.waitFor(id, 'completed')).rejects.toMatchObject({ status: expect.any(Number) });
    expect(received).toHaveLength(tries);
  });

  test('gives up when the API is away for longer than patienceMs', async () => {
    const { client } = await against({}, broken);
    await expect(client.waitFor(id, 'completed', { patienceMs: 0 })).rejects.toBeInstanceOf(NoAnswerError);
  });
});
