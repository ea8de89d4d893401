import { beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT, type JWTPayload } from 'jose';
import { createIdTokenCheck, JwksError, type CheckIdToken } from '../../src/auth0/id-token';
import { idTokenMaker, type IdTokenMaker } from '../api/id-tokens';

const tenant = { domain: 'tenant.eu.auth0.com', clientId: 'client-1' };
const now = Math.floor(Date.now() / 1000);
const asked = { nonce: 'nonce-1', since: now * 1000 };
const genuine: JWTPayload = {
  iss: 'https://tenant.eu.auth0.com/',
  aud: 'client-1',
  sub: 'auth0|ada',
  nonce: 'nonce-1',
  auth_time: now,
};

let maker: IdTokenMaker;
let check: CheckIdToken;
beforeAll(async () => {
  maker = await idTokenMaker();
  check = createIdTokenCheck({ ...tenant, jwks: maker.jwks });
});

test('an ID token of this sign-in says who signed in', async () => {
  expect(await check(await maker.make(genuine), asked)).toEqual({ type: 'genuine', subject: 'auth0|ada' });
});

test('in development the issuer is the base URL', async () => {
  const emulated = createIdTokenCheck({ ...tenant, baseUrl: 'http://127.0.0.1:4010', jwks: maker.jwks });
  expect(await emulated(await maker.make({ ...genuine, iss: 'http://127.0.0.1:4010/' }), asked)).toMatchObject({
    type: 'genuine',
  });
  expect(await emulated(await maker.make(genuine), asked)).toMatchObject({ type: 'refused' });
});

describe('an ID token proves nothing', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['of another tenant', { iss: 'https://other.eu.auth0.com/' }, 'not_genuine'],
    ['of another application', { aud: 'client-2' }, 'not_genuine'],
    ['that is meant for another application as well', { aud: ['client-1', 'client-2'] }, 'not_genuine'],
    ['that has expired', { exp: now - 61 }, 'not_genuine'],
    ['that never expires', { exp: undefined }, 'not_genuine'],
    ['without a user', { sub: undefined }, 'not_genuine'],
    ['of a user without a name', { sub: '' }, 'malformed'],
    ['of another sign-in', { nonce: 'nonce-2' }, 'other_sign_in'],
    ['that names no sign-in', { nonce: undefined }, 'other_sign_in'],
    ['of a user who signed in before', { auth_time: now - 61 }, 'not_fresh'],
    ['that does not say when the user signed in', { auth_time: undefined }, 'not_fresh'],
    ['that says it in another form', { auth_time: String(now) }, 'malformed'],
  ])('%s', async (_name, claims, why) => {
    expect(await check(await maker.make({ ...genuine, ...claims }), asked)).toEqual({ type: 'refused', why });
  });

  test('that is missing', async () => {
    expect(await check(undefined, asked)).toEqual({ type: 'refused', why: 'malformed' });
  });

  test.each(['x', 'a.b.c', ''])('that is no token (%j)', async (text) => {
    expect(await check(text, asked)).toEqual({ type: 'refused', why: 'not_genuine' });
  });

  test('that somebody else has signed, or nobody', async () => {
    const forger = await idTokenMaker();
    const secret = new TextEncoder().encode('client-1'.repeat(8));
    const unsigned = [{ alg: 'none' }, { ...genuine, iat: now, exp: now + 60 }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .concat('')
      .join('.');
    const symmetric = new SignJWT({ ...genuine, iat: now, exp: now + 60 }).setProtectedHeader({ alg: 'HS256' });
    for (const token of [await forger.make(genuine), unsigned, await symmetric.sign(secret)]) {
      expect(await check(token, asked)).toEqual({ type: 'refused', why: 'not_genuine' });
    }
  });
});

test('the clocks of Auth0 and of this machine may be a minute apart', async () => {
  expect(await check(await maker.make({ ...genuine, auth_time: now - 59 }), asked)).toMatchObject({ type: 'genuine' });
});

test('keys that cannot be read are no verdict on the token', async () => {
  const unreachable = createIdTokenCheck({ ...tenant, jwks: () => Promise.reject(new Error('no network')) });
  await expect(unreachable(await maker.make(genuine), asked)).rejects.toThrow(JwksError);
});
