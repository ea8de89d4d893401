import { expect, test } from '@jest/globals';
import { ApiProblem } from '../../src/problems';
import { as, awaitingCode, id, inState, keyOf, testApp, tokenOf, userId } from './support';

const secrets = {
  accessToken: tokenOf(userId),
  refreshToken: 'v1.refresh-token',
  code: '918273',
  phoneNumber: '+14155550123',
  link: 'aGVhZGVy.bGluaw.c2ln',
};

test('no token, code, phone number, key or link gets into the log, whatever goes wrong', async () => {
  const { id: _id, ...status } = awaitingCode;
  const { app, log } = await testApp({
    start: async () => ({ created: true, enrollment: inState('awaiting_token') }),
    confirmCode: async () => ({ result: 'rejected', attemptsLeft: 4, status }),
    renewToken: () => Promise.reject(new Error('our own fault')),
    changePhoneNumber: () => Promise.reject(new ApiProblem('wrong_step')),
    isOf: () => true,
    cancel: async () => inState('cancelled'),
  });
  const { accessToken, refreshToken, code, phoneNumber } = secrets;
  const send = (method: 'POST' | 'PUT', path: string, payload: object, role: 'onboarding' | 'support' = 'onboarding') =>
    app.inject({ method, url: `/v1/enrollments${path}`, headers: as(role), payload });
  await send('POST', '', { userId, phoneNumber, token: { accessToken, refreshToken } });
  await send('POST', '', { userId, phoneNumber: 5, token: { accessToken, refreshToken, extra: accessToken } });
  await send('POST', `/${id}/binding-code`, { code });
  await send('POST', `/${id}/binding-code`, { code: `${code}1` });
  await send('PUT', `/${id}/token`, { accessToken, refreshToken });
  await send('PUT', `/${id}/phone-number`, { phoneNumber, reason: `says ${phoneNumber}, code ${code}` }, 'support');
  await app.inject({ url: `/v1/enrollments/${phoneNumber}`, headers: as('ops') });
  await app.inject({ url: `/sign-in/${secrets.link}` });
  await app.inject({ url: `/sign-in/callback?code=${code}&state=${secrets.link}` });
  await app.inject({ url: `/nowhere/${secrets.link}?access_token=${accessToken}` });

  expect(log()).toContain('our own fault');
  for (const secret of [...Object.values(secrets), keyOf('onboarding'), keyOf('support'), '4155550123', userId]) {
    expect(log()).not.toContain(secret);
  }
});

test('each act on a case leaves who, what, which case, why and what came of it', async () => {
  const { app, logged } = await testApp({ cancel: async () => inState('cancelled') });
  const payload = { reason: 'lost phone, call back on +1 415 555 0123' };
  await app.inject({ method: 'POST', url: `/v1/enrollments/${id}/cancel`, headers: as('support'), payload });
  expect(logged().filter(({ audit }) => audit)).toEqual([
    expect.objectContaining({
      caller: 'support-desk',
      action: 'cancel',
      enrollment: id,
      reason: 'lost phone, call back on …23',
      result: 'cancelled',
      status: 200,
    }),
  ]);
});

test('a code leaves its factor and its result', async () => {
  const { id: _id, ...status } = awaitingCode;
  const { app, logged } = await testApp({ confirmCode: async () => ({ result: 'rejected', attemptsLeft: 4, status }) });
  const payload = { code: '123456' };
  await app.inject({ method: 'POST', url: `/v1/enrollments/${id}/binding-code`, headers: as('support'), payload });
  expect(logged().filter(({ audit }) => audit)).toEqual([
    expect.objectContaining({
      caller: 'support-desk',
      action: 'submit_binding_code',
      factor: 'sms',
      result: 'rejected',
    }),
  ]);
});

test('every call is in the audit log: one that was not allowed, and a plain look', async () => {
  const { app, logged } = await testApp({ get: async () => awaitingCode });
  await app.inject({ url: `/v1/enrollments/${id}`, headers: as('ops') });
  await app.inject({ url: `/v1/enrollments/${id}/challenge`, headers: as('ops') });
  await app.inject({ url: `/v1/enrollments/${id}` });
  const audited = logged().filter(({ audit }) => audit);
  expect(audited.map(({ caller, action, status }) => [caller, action, status])).toEqual([
    ['ops-desk', 'read', 200],
    ['ops-desk', 'read_challenge', 403],
    [null, 'read', 401],
  ]);
});

test('a fault of ours is logged in full and answered in general', async () => {
  const { app, log } = await testApp({ get: () => Promise.reject(new Error('the exact cause')) });
  const answer = await app.inject({ url: `/v1/enrollments/${id}`, headers: as('ops') });
  expect(answer.statusCode).toBe(500);
  expect(answer.json()).toEqual({
    type: 'urn:mfa-enrollment:problem:internal',
    title: 'Something broke',
    status: 500,
    code: 'internal',
    instance: `urn:mfa-enrollment:request:${String(answer.headers['x-request-id'])}`,
  });
  expect(log()).toContain('the exact cause');
});
