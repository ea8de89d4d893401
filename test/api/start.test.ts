import { expect, jest, test } from '@jest/globals';
import { ApiProblem } from '../../src/problems';
import type { Enrollments } from '../../src/temporal/enrollments';
import { as, awaitingCode, id, inState, testApp, tokenOf, userId } from './support';

const body = { userId, phoneNumber: '+14155550123', token: { accessToken: tokenOf(userId) } };

async function start(payload: unknown, enrollments: Partial<Enrollments> = {}) {
  const { app } = await testApp(enrollments);
  return app.inject({ method: 'POST', url: '/v1/enrollments', headers: as('onboarding'), payload: payload as object });
}

test('a started case answers 201 with its address and its first challenge', async () => {
  const answer = await start(body, { start: async () => ({ created: true, enrollment: awaitingCode }) });
  expect(answer.statusCode).toBe(201);
  expect(answer.headers).toMatchObject({ location: `/v1/enrollments/${id}`, 'cache-control': 'no-store' });
  expect(answer.json()).toEqual(awaitingCode);
});

test('the same live case again answers 200', async () => {
  const answer = await start(body, { start: async () => ({ created: false, enrollment: awaitingCode }) });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual(awaitingCode);
});

test('another body for a live case is a conflict', async () => {
  const answer = await start(body, { start: () => Promise.reject(new ApiProblem('enrollment_conflict')) });
  expect(answer.statusCode).toBe(409);
  expect(answer.json()).toMatchObject({
    code: 'enrollment_conflict',
    type: 'urn:mfa-enrollment:problem:enrollment_conflict',
  });
});

test('a case without a token answers with a sign-in link', async () => {
  const { token: _token, ...withoutToken } = body;
  const answer = await start(withoutToken, {
    start: async () => ({ created: true, enrollment: inState('awaiting_token') }),
  });
  expect(answer.statusCode).toBe(201);
  expect(answer.json()).toMatchObject({
    state: 'awaiting_token',
    signInUrl: expect.stringMatching(/^https:\/\/mfa\.example\.com\/sign-in\/[\w.-]{100,}$/),
  });
});

test('a phone number as people write it becomes E.164, and the usual factors are the default', async () => {
  const startCase = jest.fn<Enrollments['start']>().mockResolvedValue({ created: true, enrollment: awaitingCode });
  await start({ userId, phoneNumber: '+1 (415) 555-0123' }, { start: startCase });
  expect(startCase).toHaveBeenCalledWith({
    userId,
    phoneNumber: '+14155550123',
    factors: ['sms', 'otp'],
    caller: 'onboarding-desk',
  });
});

test.each([
  [
    'a number without a country code',
    { phoneNumber: '4155550123' },
    'phoneNumber',
    /E\.164 number such as \+14155550123/,
  ],
  ['a number that is too short', { phoneNumber: '+1415555' }, 'phoneNumber', /E\.164/],
  ['a number with an extension', { phoneNumber: '+14155550123;ext=5' }, 'phoneNumber', /E\.164/],
  ['a number in words', { phoneNumber: 'call +14155550123' }, 'phoneNumber', /E\.164/],
  ['no user', { userId: undefined }, 'userId', /user_id/],
  ['a user of spaces', { userId: '  ' }, 'userId', /user_id/],
  ['an unknown factor', { factors: ['carrier-pigeon'] }, 'factors.0', /one of sms, otp, voice, email/],
  ['no factor', { factors: [] }, 'factors', /at least one/],
  ['a factor twice', { factors: ['otp', 'otp'] }, 'factors', /once/],
  ['a token with a line break', { token: { accessToken: 'a\r\nX: y' } }, 'token.accessToken', /without spaces/],
  ['a token of another shape', { token: 'abc' }, 'token', /JSON object/],
  ['a life of no seconds', { token: { accessToken: 'a', expiresIn: 0 } }, 'token.expiresIn', /at least 1/],
  ['a misspelled member', { phone: '+14155550123' }, 'body', /only these members: userId, phoneNumber, factors, token/],
])('%s is turned down with what was expected', async (_name, change, field, expected) => {
  const answer = await start({ ...body, ...change });
  expect(answer.statusCode).toBe(400);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.json()).toMatchObject({
    type: 'urn:mfa-enrollment:problem:invalid_request',
    errors: [{ field, expected: expect.stringMatching(expected) }],
  });
});

test('what was sent is never sent back', async () => {
  const answer = await start({
    userId: 'auth0|x y',
    phoneNumber: '+1999',
    token: { accessToken: 's3cret s3cret' },
    s3cret: 1,
  });
  expect(answer.statusCode).toBe(400);
  expect(answer.body).not.toMatch(/s3cret|1999|x y/);
});

test.each([
  ['no JSON', '{', 'application/json', 400, 'invalid_request'],
  ['no JSON type', 'userId=x', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
  ['more than 16 KiB', `{"userId":"${'x'.repeat(17_000)}"}`, 'application/json', 413, 'body_too_large'],
])('a body of %s is a problem', async (_name, payload, type, status, code) => {
  const { app } = await testApp();
  const headers = { ...as('onboarding'), 'content-type': type };
  const answer = await app.inject({ method: 'POST', url: '/v1/enrollments', headers, payload });
  expect(answer.statusCode).toBe(status);
  expect(answer.json()).toMatchObject({ status, code });
});
