import { describe, expect, jest, test } from '@jest/globals';
import type { InjectOptions } from 'fastify';
import { ApiProblem } from '../../src/problems';
import type { Enrollments } from '../../src/temporal/enrollments';
import { as, awaitingCode, id, ids, inState, testApp, tokenOf, userId } from './support';

const base = `/v1/enrollments/${id}`;

test('the challenge of an authenticator app has the key, the address and a QR code', async () => {
  const otp = {
    type: 'otp',
    factor: 'otp',
    challengeId: 'c-2',
    setupKey: 'JBSWY3DPEHPK3PXP',
    barcodeUri: 'otpauth://totp/Example:user?secret=JBSWY3DPEHPK3PXP',
  } as const;
  const { app } = await testApp({ challenge: async () => ({ ...otp, recoveryCode: 'ABCDEF' }) });
  const answer = await app.inject({ url: `${base}/challenge`, headers: as('onboarding') });
  expect(answer.json()).toEqual({ ...otp, recoveryCode: 'ABCDEF', qrSvg: expect.stringMatching(/^<svg .*<\/svg>$/s) });
  expect(answer.headers['cache-control']).toBe('no-store');
});

test.each([
  ['false', 200],
  ['true', 200],
  ['perhaps', 400],
])('a challenge that is asked for with qrSvg=%s is answered %i', async (qrSvg, status) => {
  const otp = {
    type: 'otp',
    factor: 'otp',
    challengeId: 'c-2',
    setupKey: 'JBSWY3DPEHPK3PXP',
    barcodeUri: 'otpauth://totp/Example:user?secret=JBSWY3DPEHPK3PXP',
  } as const;
  const { app } = await testApp({ challenge: async () => otp });
  const answer = await app.inject({ url: `${base}/challenge?qrSvg=${qrSvg}`, headers: as('onboarding') });
  expect(answer.statusCode).toBe(status);
  expect('qrSvg' in answer.json<object>()).toBe(qrSvg === 'true');
});

test('the challenge of a text shows the masked number only', async () => {
  const oob = { type: 'oob', factor: 'sms', challengeId: 'c-1', phoneNumber: '••••23' } as const;
  const { app } = await testApp({ challenge: async () => oob });
  expect((await app.inject({ url: `${base}/challenge`, headers: as('onboarding') })).json()).toEqual(oob);
});

test('a list takes filters and gives the cursor of the next page', async () => {
  const list = jest.fn<Enrollments['list']>().mockResolvedValue({
    enrollments: [{ id, state: 'awaiting_code', factor: 'sms', startedAt: awaitingCode.startedAt }],
    nextCursor: 'next',
  });
  const { app } = await testApp({ list });
  const cursor = `${'s'.repeat(22)}.cGFnZQ`;
  const user = encodeURIComponent(userId);
  const url = `/v1/enrollments?userId=${user}&state=awaiting_code&factor=sms&waitingFor=user&cursor=${cursor}&limit=5`;
  const answer = await app.inject({ url, headers: as('ops') });
  const filters = { userId, state: 'awaiting_code', factor: 'sms', waitingFor: 'user', cursor, limit: 5 } as const;
  expect(list).toHaveBeenCalledWith(filters);
  expect(answer.json()).toMatchObject({ enrollments: [{ id }], nextCursor: 'next' });
});

test.each([
  ['userId', { userId }, { userId }],
  ['phoneNumber', { phoneNumber: '+1 415 555-0123' }, { phoneNumber: '+14155550123' }],
])('finds by what the body names, and no number gets into an address or the log: %s', async (_member, who, found) => {
  const find = jest.fn<Enrollments['find']>().mockResolvedValue({
    enrollments: [{ id, state: 'awaiting_code', startedAt: awaitingCode.startedAt }],
  });
  const { app, log } = await testApp({ find });
  const payload = { ...who, limit: 5 };
  const answer = await app.inject({ method: 'POST', url: '/v1/enrollments/find', headers: as('support'), payload });
  expect(answer.json()).toMatchObject({ enrollments: [{ id }] });
  expect(find).toHaveBeenCalledWith(found, { limit: 5 });
  expect(log()).toContain('"action":"find"');
  expect(log()).not.toMatch(/5550123|555-0123/);
  expect(log()).not.toContain(userId);
});

test('a caller that starts enrollments and manages none finds its own only', async () => {
  const find = jest.fn<Enrollments['find']>().mockResolvedValue({ enrollments: [] });
  const { app } = await testApp({ find });
  await app.inject({ method: 'POST', url: '/v1/enrollments/find', headers: as('onboarding'), payload: { userId } });
  expect(find).toHaveBeenCalledWith({ userId }, { limit: 20, startedBy: 'onboarding-desk' });
});

test.each([
  ['nothing', {}, 'body', /either userId or phoneNumber/],
  ['both', { userId, phoneNumber: '+14155550123' }, 'body', /either userId or phoneNumber/],
  ['a number without a country code', { phoneNumber: '4155550123' }, 'phoneNumber', /E\.164/],
  ['a limit in words', { userId, limit: 'ten' }, 'limit', /1 to 100/],
  ['another member', { userId, state: 'completed' }, 'body', /only these members/],
])('a search by %s is turned down with what was expected', async (_name, payload, field, expected) => {
  const { app } = await testApp();
  const answer = await app.inject({ method: 'POST', url: '/v1/enrollments/find', headers: as('ops'), payload });
  expect(answer.json()).toMatchObject({
    status: 400,
    errors: [{ field, expected: expect.stringMatching(expected) }],
  });
});

test('the timeline of an enrollment is shown as it is told, to whoever may read the enrollment', async () => {
  const at = awaitingCode.startedAt;
  const timeline = {
    entries: [
      { at, what: 'started', factors: ['sms'] },
      { at, what: 'message', name: 'confirmCode' },
      { at, what: 'problem', code: 'code_rejected', message: 'Wrong.' },
      { at, what: 'ended', state: 'completed' },
    ],
    truncated: true,
  } as const;
  const { app } = await testApp({ timeline: async () => timeline });
  expect((await app.inject({ url: `${base}/timeline`, headers: as('support') })).json()).toEqual(timeline);
  const other = await testApp({ timeline: async () => timeline, ownerOf: async () => ids.owner('another-desk') });
  const refused = await other.app.inject({ url: `${base}/timeline`, headers: as('onboarding') });
  expect(refused.json()).toMatchObject({ status: 404, code: 'enrollment_not_found' });
});

test.each([
  ['limit=0', 'limit'],
  ['limit=101', 'limit'],
  ['limit=many', 'limit'],
  ['state=happy', 'state'],
  ["state=completed'%20OR%201=1", 'state'],
  ['factor=fax', 'factor'],
  ['waitingFor=godot', 'waitingFor'],
  ['userId=', 'userId'],
  ['idPrefix=enr_abc', 'idPrefix'],
  ["idPrefix=enr_abcd'%20OR%201=1", 'idPrefix'],
  ['userid=auth0%7C1', 'querystring'],
  ['cursor=a%20b', 'cursor'],
])('a list with %s is turned down', async (query, field) => {
  const { app } = await testApp();
  const answer = await app.inject({ url: `/v1/enrollments?${query}`, headers: as('ops') });
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ errors: [{ field }] });
});

test.each([
  ['POST', 'resend', 'enrollment_settled', 410],
  ['POST', 'resend', 'enrollment_not_found', 404],
  ['POST', 'resend', 'resend_too_soon', 429],
  ['POST', 'resend', 'too_many_texts', 429],
  ['POST', 'resend', 'not_resendable', 409],
  ['POST', 'resend', 'wrong_step', 409],
  ['POST', 'resend', 'unavailable', 503],
] as const)('%s %s turned down as %s is a %i', async (method, action, code, status) => {
  const { app } = await testApp({ resend: () => Promise.reject(new ApiProblem(code)) });
  const headers = { ...as('ops'), 'x-reason': 'ticket 42' };
  const answer = await app.inject({ method, url: `${base}/${action}`, headers });
  expect(answer.statusCode).toBe(status);
  expect(answer.json()).toMatchObject({ code, status, type: `urn:mfa-enrollment:problem:${code}` });
  expect(answer.headers['retry-after'] !== undefined).toBe(status === 429 || status === 503);
});

test('a call that needs no body takes none, an empty one and an empty object', async () => {
  const { app } = await testApp({ resend: async () => awaitingCode });
  const headers = { ...as('ops'), 'x-reason': 'ticket 42' };
  const post = (more: object) => app.inject({ method: 'POST', url: `${base}/resend`, headers, ...more });
  const json = { ...headers, 'content-type': 'application/json' };
  for (const more of [{}, { payload: {} }, { headers: json }]) expect((await post(more)).statusCode).toBe(200);
});

test('a new phone number reaches the case as E.164', async () => {
  const changePhoneNumber = jest.fn<Enrollments['changePhoneNumber']>().mockResolvedValue(awaitingCode);
  const { app } = await testApp({ changePhoneNumber });
  await app.inject({
    method: 'PUT',
    url: `${base}/phone-number`,
    headers: as('ops'),
    payload: { phoneNumber: '+44 20 7946 0958', reason: 'ticket 42' },
  });
  const by = { caller: ids.owner('ops-desk') };
  expect(changePhoneNumber).toHaveBeenCalledWith(id, '+442079460958', expect.stringMatching(/^upd_/), by);
});

test('a cancel passes the reason on, and answers 202 while the outcome is still to come', async () => {
  const cancel = jest.fn<Enrollments['cancel']>().mockResolvedValueOnce(inState('cancelled'));
  cancel.mockResolvedValueOnce(awaitingCode);
  const { app } = await testApp({ cancel });
  const post = () =>
    app.inject({ method: 'POST', url: `${base}/cancel`, headers: as('support'), payload: { reason: 'user asked' } });
  expect((await post()).statusCode).toBe(200);
  expect((await post()).statusCode).toBe(202);
  expect(cancel).toHaveBeenCalledWith(id, 'user asked');
});

describe('a user’s token', () => {
  const somebodyElse = tokenOf('auth0|somebody-else');
  const enrollments = {
    isOf: (_id: string, user: string) => user === userId,
    renewToken: async () => awaitingCode,
    start: async () => ({ created: true, enrollment: awaitingCode }),
  };
  const calls: [string, (accessToken: string) => InjectOptions, string][] = [
    [
      'a start',
      (accessToken) => ({ method: 'POST', url: '/v1/enrollments', payload: { userId, token: { accessToken } } }),
      'token.accessToken',
    ],
    [
      'a new token',
      (accessToken) => ({ method: 'PUT', url: `${base}/token`, payload: { accessToken } }),
      'accessToken',
    ],
  ];

  test.each(calls)('is taken by %s when it is the user’s, also when it has expired', async (_name, request) => {
    const { app } = await testApp(enrollments);
    for (const accessToken of [tokenOf(userId), tokenOf(userId, { exp: 1 })]) {
      const answer = await app.inject({ ...request(accessToken), headers: as('onboarding') });
      expect(answer.statusCode).toBeLessThan(300);
    }
  });

  test.each(calls)('is refused by %s when it is somebody else’s or nobody can tell', async (_name, request, field) => {
    const { app } = await testApp(enrollments);
    for (const accessToken of [somebodyElse, tokenOf(), 'an-opaque-token', 'a.b.c', 'a.b.c.d.e']) {
      const answer = await app.inject({ ...request(accessToken), headers: as('onboarding') });
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ field }] });
      expect(answer.body).not.toContain(accessToken);
    }
  });

  test.each(calls)('that cannot be read is taken by %s where that is accepted', async (_name, request) => {
    const { app } = await testApp(enrollments, { opaqueTokens: 'accept' });
    const send = async (accessToken: string) =>
      (await app.inject({ ...request(accessToken), headers: as('onboarding') })).statusCode;
    expect(await send('an-opaque-token')).toBeLessThan(300);
    expect(await send(somebodyElse)).toBe(400);
  });
});

test('a link is made for an open case only', async () => {
  const get = jest.fn<Enrollments['get']>().mockResolvedValueOnce(awaitingCode).mockResolvedValue(inState('expired'));
  const { app } = await testApp({ get });
  const post = () => app.inject({ method: 'POST', url: `${base}/links`, headers: as('onboarding') });
  const made = await post();
  expect(made.statusCode).toBe(201);
  expect(made.json()).toEqual({
    url: expect.stringMatching(/^https:\/\/mfa\.example\.com\/sign-in\//),
    expiresAt: expect.any(String),
  });
  expect((await post()).statusCode).toBe(410);
});

test('nothing but what the OpenAPI file promises leaves the API', async () => {
  const leaky = { ...awaitingCode, accessToken: 'leak', challenge: { ...awaitingCode.challenge, oobCode: 'leak' } };
  const { app } = await testApp({ get: async () => leaky as typeof awaitingCode });
  const answer = await app.inject({ url: base, headers: as('support') });
  expect(answer.json()).toEqual(awaitingCode);
});
