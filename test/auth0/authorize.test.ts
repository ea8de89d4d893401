import { describe, expect, test } from '@jest/globals';
import { authorizeUrl, mfaAudience, pkceChallenge } from '../../src/auth0/authorize';

describe('mfaAudience', () => {
  test.each([
    ['tenant.eu.auth0.com', 'https://tenant.eu.auth0.com/mfa/'],
    ['tenant.eu.auth0.com/', 'https://tenant.eu.auth0.com/mfa/'],
    [' Tenant.EU.auth0.com ', 'https://tenant.eu.auth0.com/mfa/'],
    ['localhost:8443', 'https://localhost:8443/mfa/'],
  ])('%j ends in one slash', (domain, audience) => {
    expect(mfaAudience(domain)).toBe(audience);
  });

  test.each([
    ['https://tenant.eu.auth0.com'],
    ['http://tenant.eu.auth0.com/'],
    ['tenant.eu.auth0.com/mfa/'],
    ['tenant.eu.auth0.com//'],
    ['tenant.eu.auth0.com?x=1'],
    ['user@tenant.eu.auth0.com'],
    ['tenant eu'],
    ['tenant.eu.auth0.com:http'],
    [''],
  ])('%j is refused, with what was expected', (domain) => {
    expect(() => mfaAudience(domain)).toThrow(/expected a host alone, such as "tenant\.eu\.auth0\.com"/);
  });
});

describe('authorizeUrl', () => {
  const request = {
    domain: 'tenant.eu.auth0.com',
    clientId: 'client-1',
    redirectUri: 'https://app.example.com/callback?x=1',
    state: 'state&1',
    nonce: 'nonce&1',
    codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  };

  test('asks for a code for the MFA audience, with PKCE, from a user who signs in for it', () => {
    const url = new URL(authorizeUrl(request));
    expect(`${url.origin}${url.pathname}`).toBe('https://tenant.eu.auth0.com/authorize');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'client-1',
      redirect_uri: 'https://app.example.com/callback?x=1',
      audience: 'https://tenant.eu.auth0.com/mfa/',
      scope: 'openid profile enroll read:authenticators remove:authenticators',
      state: 'state&1',
      nonce: 'nonce&1',
      prompt: 'login',
      max_age: '0',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
  });

  test('keeps the audience of the tenant domain when the calls go to a custom one', () => {
    const audience = mfaAudience('tenant.eu.auth0.com');
    const url = new URL(authorizeUrl({ ...request, domain: 'login.example.com', audience }));
    expect([url.host, url.searchParams.get('audience')]).toEqual([
      'login.example.com',
      'https://tenant.eu.auth0.com/mfa/',
    ]);
  });

  test('asks for a refresh token when told', () => {
    const url = new URL(authorizeUrl({ ...request, offlineAccess: true }));
    expect(url.searchParams.get('scope')).toMatch(/ offline_access$/);
  });

  test('points to the base URL in development, with the audience of the domain', () => {
    const url = new URL(authorizeUrl({ ...request, baseUrl: 'http://127.0.0.1:3001/' }));
    expect([url.origin, url.searchParams.get('audience')]).toEqual([
      'http://127.0.0.1:3001',
      'https://tenant.eu.auth0.com/mfa/',
    ]);
  });
});

describe('pkceChallenge', () => {
  test('matches RFC 7636, appendix B', () => {
    expect(pkceChallenge('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    );
  });

  test.each([
    ['too short', 'a'.repeat(42)],
    ['too long', 'a'.repeat(129)],
    ['of other characters', '+'.repeat(43)],
  ])('refuses a verifier that is %s, without showing it', (_name, verifier) => {
    expect(() => pkceChallenge(verifier)).toThrow(
      new TypeError('PKCE code verifier: expected 43 to 128 characters out of A-Z a-z 0-9 - . _ ~'),
    );
  });
});
