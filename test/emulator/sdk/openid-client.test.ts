import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';
import { openBrowser, redirectUri } from '../browser';
import { startTenant, type Tenant } from '../tenant';

let tenant: Tenant;
let configuration: oidc.Configuration;

beforeAll(async () => {
  tenant = await startTenant({ https: true });
});
beforeEach(async () => {
  await tenant.control('POST', '/reset');
  await tenant.newUser('ada@example.com');
  configuration = await oidc.discovery(
    new URL(tenant.publicUrl),
    tenant.clientId,
    { token_endpoint_auth_method: 'client_secret_post' },
    oidc.ClientSecretPost(tenant.clientSecret),
    {
      [oidc.customFetch]: (url, { body, signal, ...rest }) =>
        // Its bytes may lie in shared memory, as far as their type says.
        tenant.fetch(url, { ...rest, body: (body ?? null) as BodyInit | null, signal: signal ?? null }),
    },
  );
});
afterAll(() => tenant.close());

/** Signs Ada in and exchanges the code; openid-client checks state, nonce, issuer, signature and PKCE. */
async function signIn(more: Record<string, string> = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const checks = { expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), pkceCodeVerifier: verifier };
  const url = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: 'openid profile email offline_access',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  });
  const browser = openBrowser(tenant);
  const step = (await browser.open(url.pathname + url.search)).headers.get('location') ?? '';
  const callback = new URL(await browser.login(step, 'ada@example.com'));
  return { browser, tokens: await oidc.authorizationCodeGrant(configuration, callback, checks) };
}

test('discovery names every endpoint that the client then uses', () => {
  expect(configuration.serverMetadata()).toMatchObject({
    issuer: `${tenant.publicUrl}/`,
    userinfo_endpoint: `${tenant.publicUrl}/userinfo`,
    revocation_endpoint: `${tenant.publicUrl}/oauth/revoke`,
    end_session_endpoint: `${tenant.publicUrl}/oidc/logout`,
  });
  expect(configuration.serverMetadata().supportsPKCE()).toBe(true);
});

test('code with PKCE and nonce gives an id_token that it takes, and user info of the same subject', async () => {
  const { tokens } = await signIn();
  const subject = tokens.claims()?.sub ?? '';
  expect(subject).toMatch(/^auth0\|/);
  expect(await oidc.fetchUserInfo(configuration, tokens.access_token, subject)).toMatchObject({
    sub: subject,
    email: 'ada@example.com',
  });
});

test('a refresh gives a new access token, and a revoked refresh token none', async () => {
  const { tokens } = await signIn();
  const refreshToken = tokens.refresh_token ?? '';
  const renewed = await oidc.refreshTokenGrant(configuration, refreshToken);
  expect(renewed.access_token).not.toBe(tokens.access_token);
  await oidc.tokenRevocation(configuration, refreshToken);
  await expect(oidc.refreshTokenGrant(configuration, refreshToken)).rejects.toMatchObject({ error: 'invalid_grant' });
});

test('end-session ends the session, and the browser comes back with the state', async () => {
  const { browser, tokens } = await signIn();
  const url = oidc.buildEndSessionUrl(configuration, {
    post_logout_redirect_uri: 'https://app.example.com/bye',
    id_token_hint: tokens.id_token ?? '',
    state: 'bye-1',
  });
  const answer = await browser.open(url.pathname + url.search);
  expect(answer.headers.get('location')).toBe('https://app.example.com/bye?state=bye-1');
  expect(await browser.authorize()).toMatch(/^\/u\/login/);
});

test('the MFA API is reached by its generic grant: a texted code confirms', async () => {
  const { tokens } = await signIn({
    audience: `${tenant.publicUrl}/mfa/`,
    scope: 'openid enroll read:authenticators',
  });
  const { json } = await tenant.associateSms(tokens.access_token);
  const confirmed = await oidc.genericGrantRequest(configuration, 'http://auth0.com/oauth/grant-type/mfa-oob', {
    mfa_token: tokens.access_token,
    oob_code: tenant.text(json['oob_code']),
    binding_code: await tenant.lastCode(),
  });
  expect(confirmed.scope).toBe('openid enroll read:authenticators');
  expect(await tenant.list(confirmed.access_token)).toMatchObject([{ authenticator_type: 'oob', active: true }]);
});
