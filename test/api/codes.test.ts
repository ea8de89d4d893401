import { expect, jest, test } from '@jest/globals';
import { ApiProblem } from '../../src/problems';
import type { Enrollments } from '../../src/temporal/enrollments';
import type { ConfirmCodeInput, ConfirmCodeResult } from '../../src/workflows/messages';
import { as, awaitingCode, id, ids, testApp } from './support';

const { id: _id, ...status } = awaitingCode;
const rejected: ConfirmCodeResult = { result: 'rejected', attemptsLeft: 4, status };

async function submit(
  payload: unknown,
  confirmCode: Enrollments['confirmCode'] = async () => rejected,
  { path = 'binding-code', headers = {} }: { path?: string; headers?: Record<string, string> } = {},
) {
  const { app } = await testApp({ confirmCode });
  const url = `/v1/enrollments/${id}/${path}`;
  return app.inject({ method: 'POST', url, headers: { ...as('onboarding'), ...headers }, payload: payload as object });
}

test.each(['confirmed', 'rejected', 'rate_limited', 'expired', 'token_needed', 'unavailable'] as const)(
  'the result "%s" is data in a 200',
  async (result) => {
    const answer = await submit({ code: '123456' }, async () => ({ result, attemptsLeft: 3, status }));
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ result, attemptsLeft: 3, status: awaitingCode });
  },
);

test('a result that says when to come back says so in the header too', async () => {
  const answer = await submit({ code: '123456' }, async () => ({
    result: 'rate_limited',
    attemptsLeft: 0,
    retryAfter: 359.2,
    status,
  }));
  expect(answer.headers['retry-after']).toBe('360');
});

test('no answer within the deadline is a 202 that says where to look', async () => {
  const answer = await submit({ code: '123456' }, async () => undefined);
  expect(answer.statusCode).toBe(202);
  expect(answer.headers.location).toBe(`/v1/enrollments/${id}`);
  expect(answer.json()).toEqual({ result: 'pending', enrollment: `/v1/enrollments/${id}` });
});

test.each<[path: string, payload: object, input: ConfirmCodeInput]>([
  ['binding-code', { code: '123456' }, { factor: 'sms', code: '123456' }],
  ['binding-code', { code: '123 456' }, { factor: 'sms', code: '123456' }],
  ['binding-code', { code: ' 12-34–56\u00a0' }, { factor: 'sms', code: '123456' }],
  ['otp', { code: '000 001', challengeId: 'c-1' }, { factor: 'otp', code: '000001', challengeId: 'c-1' }],
])('%s of %j reaches the case as %j', async (path, payload, input) => {
  const confirmCode = jest.fn<Enrollments['confirmCode']>().mockResolvedValue(rejected);
  await submit(payload, confirmCode, { path });
  expect(confirmCode).toHaveBeenCalledWith(id, input, expect.stringMatching(/^upd_/), {
    caller: ids.owner('onboarding-desk'),
  });
});

test.each([
  ['12345'],
  ['1234567'],
  ['12345a'],
  ['１２３４５６'],
  [''],
  [123456],
  [null],
  [undefined],
  ['1'.repeat(100)],
])('the code %j is turned down before the case hears of it', async (code) => {
  const confirmCode = jest.fn<Enrollments['confirmCode']>();
  const answer = await submit({ code }, confirmCode);
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ errors: [{ field: 'code', expected: 'six digits, such as 123456' }] });
  expect(confirmCode).not.toHaveBeenCalled();
});

test('a code that the case refuses keeps the facts of the refusal', async () => {
  const answer = await submit({ code: '123456' }, () =>
    Promise.reject(new ApiProblem('rate_limited', { attemptsLeft: 0, retryAfter: 61, factor: 'sms', detail: 'Wait.' })),
  );
  expect(answer.statusCode).toBe(429);
  expect(answer.headers['retry-after']).toBe('61');
  expect(answer.json()).toMatchObject({ code: 'rate_limited', attemptsLeft: 0, retryAfter: 61, factor: 'sms' });
});

test('the same Idempotency-Key for the same code is the same update, for nothing else', async () => {
  const seen: string[] = [];
  const remember: Enrollments['confirmCode'] = async (_id, _input, updateId) => (seen.push(updateId), rejected);
  const key = { 'idempotency-key': 'abc' };
  await submit({ code: '123456' }, remember, { headers: key });
  await submit({ code: '123 456' }, remember, { headers: key });
  await submit({ code: '123457' }, remember, { headers: key });
  await submit({ code: '123456' }, remember, { headers: key, path: 'otp' });
  await submit({ code: '123456' }, remember, { headers: { ...key, ...as('support') } });
  await submit({ code: '123456' }, remember);
  await submit({ code: '123456' }, remember);
  expect(seen[0]).toBe(seen[1]);
  expect(new Set(seen).size).toBe(6);
  expect(seen.join()).not.toContain('123456');
});

test.each(['', 'two words', 'x'.repeat(201)])('the Idempotency-Key "%s" is turned down', async (key) => {
  const answer = await submit({ code: '123456' }, undefined, { headers: { 'idempotency-key': key } });
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ errors: [{ field: 'idempotency-key' }] });
});

test('a loop over codes for one case is stopped, and other cases go on', async () => {
  const { app } = await testApp({ confirmCode: async () => rejected });
  const other = id.replace(/.$/, 'A');
  const post = (to: string) =>
    app.inject({
      method: 'POST',
      url: `/v1/enrollments/${to}/binding-code`,
      headers: as('onboarding'),
      payload: { code: '000000' },
    });
  const answers = [];
  for (let i = 0; i < 21; i++) answers.push((await post(id)).statusCode);
  expect(answers.slice(0, 20)).toEqual(Array<number>(20).fill(200));
  const stopped = await post(id);
  expect(stopped.statusCode).toBe(429);
  expect(stopped.json()).toMatchObject({ code: 'too_many_requests', factor: 'sms' });
  expect(Number(stopped.headers['retry-after'])).toBeGreaterThan(0);
  expect((await post(other)).statusCode).toBe(200);
});
