import { beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTVerifyGetKey } from 'jose';
import { createAccessTokenVerifier } from '../../src/access-tokens';

const issuer = 'https://tenant.eu.auth0.com/';
const audience = 'https://mfa.example.com/';
let privateKey: CryptoKey;
let jwks: JWTVerifyGetKey;

beforeAll(async () => {
  const pair = await generateKeyPair('RS256');
  privateKey = pair.privateKey;
  jwks = createLocalJWKSet({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'RS256' }] });
});

/** A token that is right in everything else: issuer, audience, times, signature, scopes. */
async function claimsOf(header: { readonly typ?: string }, claims: Readonly<Record<string, unknown>>) {
  const token = await new SignJWT({ scope: 'enrollments:read', ...claims })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject('auth0|1')
    .setExpirationTime('1m')
    .setProtectedHeader({ alg: 'RS256', kid: 'k', ...header })
    .sign(privateKey);
  return createAccessTokenVerifier({ issuer, audience }, jwks)(token);
}

describe('an access token is taken', () => {
  test.each([
    ['of RFC 9068', { typ: 'at+jwt' }],
    ['of RFC 9068, with the whole media type', { typ: 'application/AT+JWT' }],
    ["of Auth0's own profile", { typ: 'JWT' }],
    ['of an issuer that names no type', {}],
  ])('%s', async (_which, header) => {
    expect(await claimsOf(header, {})).toMatchObject({ sub: 'auth0|1', scope: 'enrollments:read' });
  });
});

describe('another token of the same issuer, for the same audience, opens nothing', () => {
  test.each<[string, { readonly typ?: string }, Readonly<Record<string, unknown>>]>([
    ['an ID token, by its nonce', { typ: 'JWT' }, { nonce: 'n' }],
    ['an ID token, by the hash of the access token', { typ: 'JWT' }, { at_hash: 'h' }],
    ['an ID token, by the hash of the code', {}, { c_hash: 'h' }],
    ['an ID token that calls itself an access token', { typ: 'at+jwt' }, { nonce: 'n' }],
    ['a logout token, by its type', { typ: 'logout+jwt' }, {}],
    ['a logout token, by its events', { typ: 'JWT' }, { events: {} }],
    ['a security event', { typ: 'secevent+jwt' }, {}],
    ['a proof of possession', { typ: 'dpop+jwt' }, {}],
    ['a signed request', { typ: 'oauth-authz-req+jwt' }, {}],
  ])('%s', async (_which, header, claims) => {
    expect(await claimsOf(header, claims)).toBeUndefined();
  });
});
