import { createHash } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import { createAuthenticate } from '../../src/api/access';
import { createOwnership } from '../../src/api/ownership';
import { rolesToScopes, type Scope } from '../../src/scopes';
import type { Enrollments } from '../../src/temporal/enrollments';
import { as, awaitingCode, id, ids, keyOf, testApp, tokenOf, userId } from './support';

const hash = (key: string) => `sha256:${createHash('sha256').update(key).digest('hex')}`;
const keys = [
  { name: 'onboarding-desk', hash: hash(keyOf('onboarding')), scopes: rolesToScopes.onboarding },
  { name: 'other-onboarding', hash: hash('other-key'), scopes: rolesToScopes.onboarding },
  { name: 'support-desk', hash: hash(keyOf('support')), scopes: rolesToScopes.support },
  { name: 'ops-desk', hash: hash(keyOf('ops')), scopes: rolesToScopes.ops },
];
const other = { authorization: 'Bearer other-key' };
const authenticate = createAuthenticate({ keys });

/** Every route of one enrollment that onboarding has the scope for. */
const routes = [
  ['GET', '', undefined],
  ['GET', '/challenge', undefined],
  ['GET', '/events', undefined],
  ['POST', '/binding-code', { code: '123456' }],
  ['POST', '/otp', { code: '123456' }],
  ['POST', '/links', undefined],
  ['PUT', '/token', { accessToken: tokenOf(userId) }],
] as const;

test.each(routes)('another onboarding key is answered %s …%s as if there were no such enrollment', async (...route) => {
  const [method, path, payload] = route;
  const { app } = await testApp({}, { authenticate }); // whose enrollment must not be asked for anything
  const ask = async (of: string) => {
    const url = `/v1/enrollments/${of}${path}`;
    const { statusCode, body } = await app.inject({ method, url, headers: other, ...(payload && { payload }) });
    return { statusCode, body: body.replace(/"instance":"[^"]*"/, '') };
  };
  const answer = await ask(id);
  expect(answer.statusCode).toBe(404);
  const unknown = await testApp({ ownerOf: async () => undefined }, { authenticate });
  const url = `/v1/enrollments/${id}${path}`;
  const ofNobody = await unknown.app.inject({ method, url, headers: other, ...(payload && { payload }) });
  expect(ofNobody.body.replace(/"instance":"[^"]*"/, '')).toBe(answer.body);
});

test('the owner is let through on the same routes', async () => {
  const link = { get: async () => awaitingCode };
  const { app } = await testApp(
    { ...link, challenge: async () => ({ type: 'none' }), isOf: () => true, renewToken: async () => awaitingCode },
    { authenticate },
  );
  const headers = as('onboarding');
  const status = async (method: 'GET' | 'POST' | 'PUT', path: string, payload?: object) =>
    (await app.inject({ method, url: `/v1/enrollments/${id}${path}`, headers, ...(payload && { payload }) }))
      .statusCode;
  expect(await status('GET', '')).toBe(200);
  expect(await status('GET', '/challenge')).toBe(200);
  expect(await status('POST', '/links')).toBe(201);
  expect(await status('PUT', '/token', { accessToken: tokenOf(userId) })).toBe(200);
});

test('onboarding lists its own enrollments only, whatever it asks for; support and ops list all', async () => {
  const list = jest.fn<Enrollments['list']>().mockResolvedValue({ enrollments: [] });
  const { app } = await testApp({ list }, { authenticate });
  for (const headers of [other, as('support'), as('ops')]) await app.inject({ url: '/v1/enrollments', headers });
  expect(list.mock.calls).toEqual([[{ limit: 20, startedBy: 'other-onboarding' }], [{ limit: 20 }], [{ limit: 20 }]]);
  const forged = await app.inject({ url: '/v1/enrollments?startedBy=onboarding-desk', headers: other });
  expect(forged.statusCode).toBe(400);
});

test.each([
  ['support', 'GET', '/challenge', undefined],
  ['support', 'PUT', '/token', { accessToken: tokenOf(userId) }],
  ['ops', 'GET', '/challenge', undefined],
  ['ops', 'PUT', '/token', { accessToken: tokenOf(userId) }],
  ['ops', 'POST', '/otp', { code: '123456' }],
] as const)('%s never gets through on %s …%s', async (role, method, path, payload) => {
  const { app } = await testApp({}, { authenticate });
  const url = `/v1/enrollments/${id}${path}`;
  const answer = await app.inject({ method, url, headers: as(role), ...(payload && { payload }) });
  expect(answer.statusCode).toBe(403);
});

describe('whose enrollment matters', () => {
  const owned = createOwnership({ enrollments: { ownerOf: async () => ids.owner('desk') }, ids });
  const all: readonly Scope[] = ['enrollments:start', 'enrollments:manage', 'enrollments:secrets', 'enrollments:code'];
  const may = (name: string, scopes: readonly Scope[], purpose: Parameters<typeof owned.check>[2]) =>
    owned.check({ name, scopes }, id, purpose).then(
      () => true,
      () => false,
    );

  test.each(['secrets', 'token'] as const)('for %s to everybody, even with every scope there is', async (purpose) => {
    expect(await may('desk', rolesToScopes.onboarding, purpose)).toBe(true);
    expect(await may('another', all, purpose)).toBe(false);
  });

  test.each(['code', 'link'] as const)('for %s to those who manage none', async (purpose) => {
    expect(await may('desk', rolesToScopes.onboarding, purpose)).toBe(true);
    expect(await may('another', rolesToScopes.onboarding, purpose)).toBe(false);
    expect(await may('another', [`enrollments:${purpose}`], purpose)).toBe(false);
    expect(await may('another', rolesToScopes.support, purpose)).toBe(true);
  });

  test('for reading to those who start and manage none', async () => {
    expect(await may('desk', rolesToScopes.onboarding, 'read')).toBe(true);
    expect(await may('another', rolesToScopes.onboarding, 'read')).toBe(false);
    expect(await may('another', ['enrollments:read'], 'read')).toBe(true);
    expect(await may('another', all, 'read')).toBe(true);
  });

  test('nobody owns an enrollment whose memo names no owner', async () => {
    const none = createOwnership({ enrollments: { ownerOf: async () => undefined }, ids });
    const check = none.check({ name: 'desk', scopes: rolesToScopes.onboarding }, id, 'read');
    await expect(check).rejects.toMatchObject({ code: 'enrollment_not_found' });
  });

  test('Temporal is asked once for all calls of an enrollment, and again while nobody owns it', async () => {
    const ownerOf = jest.fn<Enrollments['ownerOf']>().mockResolvedValueOnce(undefined);
    ownerOf.mockResolvedValue(ids.owner('desk'));
    const ownership = createOwnership({ enrollments: { ownerOf }, ids });
    const desk = { name: 'desk', scopes: rolesToScopes.onboarding };
    await expect(ownership.check(desk, id, 'read')).rejects.toMatchObject({ code: 'enrollment_not_found' });
    await ownership.check(desk, id, 'read');
    await ownership.check(desk, id, 'secrets');
    expect(ownerOf).toHaveBeenCalledTimes(2);
  });
});
