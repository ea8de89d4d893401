import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { IssuerError } from '../../src/access-tokens';
import { createAuthenticate } from '../../src/codec-server/authenticate';
import { secret } from '../../src/secret';

type Claims = Record<string, unknown>;

const audience = 'temporal-codec';
let issuer: string;
let server: Server;
let privateKey: CryptoKey;
let broken = false;

beforeAll(async () => {
  const pair = await generateKeyPair('RS256');
  privateKey = pair.privateKey;
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
  server = createServer((request, response) => {
    const body = request.url?.endsWith('/jwks') ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}jwks` };
    response.writeHead(broken ? 503 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const sign = (
  claims: Claims,
  { alg = 'RS256', key }: { alg?: string; key?: CryptoKey | Uint8Array } = {},
): Promise<string> =>
  new SignJWT({
    iss: issuer,
    aud: audience,
    sub: 'ops@example.com',
    exp: Math.floor(Date.now() / 1000) + 60,
    ...claims,
  })
    .setProtectedHeader({ alg, kid: 'key-1' })
    .sign(key ?? privateKey);

const authenticate = async (token: string, scope?: string) => {
  const jwt = { issuer, audience, ...(scope === undefined ? {} : { scope }) };
  return createAuthenticate({
    jwt,
    authTokens: secret(['a-token-of-enough-characters', 'the-old-token-until-all-have-the-new-one']),
  })?.(`Bearer ${token}`);
};

test('nothing configured is open to all, which is the caller’s to decide', () => {
  expect(createAuthenticate({})).toBeUndefined();
});

test('a token of the issuer names its subject', async () => {
  expect(await authenticate(await sign({}))).toEqual({ subject: 'ops@example.com' });
});

test('the configured token opens beside the issuer’s', async () => {
  expect(await authenticate('a-token-of-enough-characters')).toEqual({ subject: 'CODEC_AUTH_TOKEN' });
  // The log tells whether the old one is still in use.
  expect(await authenticate('the-old-token-until-all-have-the-new-one')).toEqual({ subject: 'CODEC_AUTH_TOKEN (2)' });
});

describe('a token is refused', () => {
  test.each<[string, Claims]>([
    ['of another issuer', { iss: 'https://elsewhere.example/' }],
    ['for another audience', { aud: 'temporal-ui' }],
    ['that is over', { exp: 1 }],
    ['without an end', { exp: undefined }],
    ['that is not valid yet', { nbf: 9_999_999_999 }],
    ['without a subject', { sub: undefined }],
  ])('%s', async (_what, claims) => {
    expect(await authenticate(await sign(claims))).toEqual({ refused: 'invalid' });
  });

  test('signed by another key', async () => {
    const { privateKey: other } = await generateKeyPair('RS256');
    expect(await authenticate(await sign({}, { key: other }))).toEqual({ refused: 'invalid' });
  });

  test('of a symmetric algorithm', async () => {
    expect(await authenticate(await sign({}, { alg: 'HS256', key: new Uint8Array(32) }))).toEqual({
      refused: 'invalid',
    });
  });

  test('that says it is not signed', async () => {
    const [, claims] = (await sign({})).split('.');
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await authenticate(`${header}.${claims ?? ''}.`)).toEqual({ refused: 'invalid' });
  });

  test('that is no token at all', async () => {
    expect(await authenticate('nonsense')).toEqual({ refused: 'invalid' });
  });
});

describe('a scope that is asked for', () => {
  test.each<[string, Claims]>([
    ['among the scopes', { scope: 'openid payloads:decode' }],
    ['among the permissions', { permissions: ['payloads:decode'] }],
  ])('is found %s', async (_where, claims) => {
    expect(await authenticate(await sign(claims), 'payloads:decode')).toEqual({ subject: 'ops@example.com' });
  });

  test.each<[string, Claims]>([
    ['no grant', {}],
    ['a longer one', { scope: 'payloads:decode:some' }],
    ['claims of another form', { scope: ['payloads:decode'], permissions: 'payloads:decode' }],
  ])('is not found in %s', async (_what, claims) => {
    expect(await authenticate(await sign(claims), 'payloads:decode')).toEqual({
      refused: 'insufficient_scope',
      subject: 'ops@example.com',
    });
  });
});

test('while the issuer cannot be read nobody is told that a token is bad, and it is asked again', async () => {
  const check = createAuthenticate({ jwt: { issuer, audience } });
  const header = `Bearer ${await sign({})}`;
  broken = true;
  await expect(check?.(header)).rejects.toThrow(IssuerError);
  broken = false;
  const answered = async (): Promise<unknown> => {
    try {
      return await check?.(header);
    } catch (error) {
      if (!(error instanceof IssuerError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50)); // an issuer that failed is left alone for a moment
      return answered();
    }
  };
  expect(await answered()).toEqual({ subject: 'ops@example.com' });
});
