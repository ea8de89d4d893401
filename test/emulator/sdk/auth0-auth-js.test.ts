import { AuthClient, isMfaRequiredError, type OobChannel } from '@auth0/auth0-auth-js';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openBrowser, redirectUri } from '../browser';
import { startTenant, type Tenant } from '../tenant';

type EnrollOptions = { readonly oobChannels: OobChannel[]; readonly phoneNumber?: string };

const scope = 'openid enroll read:authenticators remove:authenticators';
let tenant: Tenant;
let client: AuthClient;
let userId: string;

beforeAll(async () => {
  tenant = await startTenant({ https: true });
});
beforeEach(async () => {
  await tenant.control('POST', '/reset');
  userId = await tenant.newUser('ada@example.com');
  const { domain, clientId, clientSecret, fetch } = tenant;
  client = new AuthClient({ domain, clientId, clientSecret, customFetch: fetch });
});
afterAll(() => tenant.close());

const refusal = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'not refused',
    (error: unknown) => error,
  );

async function enrollSms(mfaToken: string) {
  const sms = await client.mfa.enrollAuthenticator({
    mfaToken,
    authenticatorTypes: ['oob'],
    oobChannels: ['sms'],
    phoneNumber: '+12025550123',
  });
  if (sms.authenticatorType !== 'oob') throw new Error('an oob answer was expected');
  return { ...sms, oobCode: sms.oobCode ?? '' };
}

async function enrollOtp(mfaToken: string) {
  const otp = await client.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ['otp'] });
  if (otp.authenticatorType !== 'otp') throw new Error('an otp answer was expected');
  return otp;
}

test('an SMS is enrolled, a wrong code is refused, the texted one confirms with a token for the next factor', async () => {
  const mfaToken = await tenant.token(userId, { scope });
  const sms = await enrollSms(mfaToken);
  expect(sms).toMatchObject({ bindingMethod: 'prompt', oobChannel: 'sms' });
  const answer = { factorType: 'oob', mfaToken, oobCode: sms.oobCode } as const;
  expect(await refusal(client.mfa.verify({ ...answer, bindingCode: '000000' }))).toMatchObject({
    message: 'Invalid binding_code.',
  });
  const confirmed = await client.mfa.verify({ ...answer, bindingCode: await tenant.lastCode() });
  expect(confirmed).toMatchObject({ scope, claims: { sub: userId } });
  expect(await enrollOtp(confirmed.accessToken)).toMatchObject({
    secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
    barcodeUri: expect.stringContaining('otpauth://totp/'),
  });
});

test('an app is enrolled by its code, and the code works once', async () => {
  const mfaToken = await tenant.token(userId, { scope });
  const otp = await tenant.otpCode((await enrollOtp(mfaToken)).secret);
  await client.mfa.verify({ factorType: 'otp', mfaToken, otp });
  expect(await refusal(client.mfa.verify({ factorType: 'otp', mfaToken, otp }))).toMatchObject({
    message: 'Invalid otp_code.',
  });
});

test.each<[string, EnrollOptions, string]>([
  ['voice', { oobChannels: ['voice'], phoneNumber: '+12025550123' }, '+12025550123'],
  ['email', { oobChannels: ['email'] }, 'ada@example.com'],
])('the factor %s is enrolled by the code that was sent', async (channel, options, to) => {
  await tenant.switches({ phoneMessageTypes: ['sms', 'voice'] });
  const mfaToken = await tenant.token(userId, { scope });
  const enrolled = await client.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ['oob'], ...options });
  if (enrolled.authenticatorType !== 'oob') throw new Error('an oob answer was expected');
  expect(enrolled).toMatchObject({ oobChannel: channel, bindingMethod: 'prompt' });
  expect((await tenant.inbox()).at(-1)).toMatchObject({ channel, to });
  const bindingCode = await tenant.lastCode();
  await client.mfa.verify({ factorType: 'oob', mfaToken, oobCode: enrolled.oobCode ?? '', bindingCode });
  const active = (await tenant.list(mfaToken)).filter((one) => one.active).map((one) => one.oob_channel);
  expect(active).toContain(channel);
});

test('a push is polled: pending, too fast, then approved', async () => {
  const mfaToken = await tenant.token(userId, { scope });
  const push = await client.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ['oob'], oobChannels: ['auth0'] });
  if (push.authenticatorType !== 'oob') throw new Error('an oob answer was expected');
  expect(push).toMatchObject({ oobChannel: 'auth0', bindingMethod: undefined });
  // The SDK's types ask for a binding code, which a push has not got.
  const poll = () =>
    client.mfa.verify({ factorType: 'oob', mfaToken, oobCode: push.oobCode ?? '' } as Parameters<
      typeof client.mfa.verify
    >[0]);
  expect(await refusal(poll())).toMatchObject({ cause: { error: 'authorization_pending' } });
  for (let polls = 1; polls < 12; polls += 1) await refusal(poll());
  expect(await refusal(poll())).toMatchObject({ cause: { error: 'slow_down' } });
  await tenant.control('POST', `/users/${userId}/push`, { answer: 'approve' });
  await tenant.advance(60);
  expect(await poll()).toMatchObject({ scope });
});

test('the list tells active from unconfirmed, and a deleted factor is gone', async () => {
  const mfaToken = await tenant.token(userId, { scope });
  await tenant.withSms(userId);
  await enrollOtp(mfaToken);
  const list = await client.mfa.listAuthenticators({ mfaToken });
  expect(list).toMatchObject([
    { id: expect.stringMatching(/^sms\|dev_/), authenticatorType: 'oob', active: true, name: 'XXXXXXXXX9167' },
    { id: expect.stringMatching(/^totp\|dev_/), authenticatorType: 'otp', active: false },
  ]);
  await client.mfa.deleteAuthenticator({ mfaToken, authenticatorId: list[0]?.id ?? '' });
  expect(await client.mfa.listAuthenticators({ mfaToken })).toMatchObject([{ authenticatorType: 'otp' }]);
});

test.each(['otp', 'oob'] as const)(
  'a password sign-in that wants MFA is finished with an %s challenge',
  async (challengeType) => {
    await tenant.withSms(userId);
    const secret = await tenant.withOtp(userId);
    const audience = `${tenant.publicUrl}/mfa/`;
    const error = await refusal(
      client.getTokenByPassword({ username: 'ada@example.com', password: 'correct horse', audience, scope }),
    );
    if (!isMfaRequiredError(error)) throw new Error('mfa_required was expected', { cause: error });
    const mfaToken = error.cause.mfa_token;
    const challenge = await client.mfa.challengeAuthenticator({ mfaToken, challengeType });
    expect(challenge.challengeType).toBe(challengeType);
    await tenant.advance(30);
    const tokens = await client.mfa.verify(
      challengeType === 'otp'
        ? { factorType: 'otp', mfaToken, otp: await tenant.otpCode(secret) }
        : { factorType: 'oob', mfaToken, oobCode: challenge.oobCode ?? '', bindingCode: await tenant.lastCode() },
    );
    expect(tokens).toMatchObject({ scope, claims: { sub: userId } });
  },
);

test('a recovery code signs in once and brings the next one', async () => {
  await tenant.switches({ recoveryCodes: true });
  const mfaToken = await tenant.token(userId, { scope });
  const sms = await enrollSms(mfaToken);
  const [recoveryCode = ''] = sms.recoveryCodes ?? [];
  await client.mfa.verify({
    factorType: 'oob',
    mfaToken,
    oobCode: sms.oobCode,
    bindingCode: await tenant.lastCode(),
  });
  const use = () => client.mfa.verify({ factorType: 'recovery-code', mfaToken, recoveryCode });
  const tokens = await use();
  expect(tokens.recoveryCode).toMatch(/^[A-Z0-9]{24}$/);
  expect(tokens.recoveryCode).not.toBe(recoveryCode);
  expect(await refusal(use())).toMatchObject({ message: 'MFA Authorization rejected.' });
});

test('code with PKCE, refresh, revocation, user info and logout work on the addresses that it builds', async () => {
  const { authorizationUrl, codeVerifier } = await client.buildAuthorizationUrl({
    authorizationParams: { redirect_uri: redirectUri, scope: 'openid email offline_access' },
  });
  const browser = openBrowser(tenant);
  const step = (await browser.open(authorizationUrl.pathname + authorizationUrl.search)).headers.get('location') ?? '';
  const callback = new URL(await browser.login(step, 'ada@example.com'));
  const tokens = await client.getTokenByCode(callback, { codeVerifier });
  expect(tokens.claims).toMatchObject({ sub: userId, email: 'ada@example.com' });
  const { accessToken } = tokens;
  expect(await client.getUserInfo({ accessToken, expectedSubject: userId })).toMatchObject({ sub: userId });
  const refreshToken = tokens.refreshToken ?? '';
  expect((await client.getTokenByRefreshToken({ refreshToken })).accessToken).not.toBe(accessToken);
  await client.revokeToken({ token: refreshToken });
  expect(await refusal(client.getTokenByRefreshToken({ refreshToken }))).toMatchObject({
    cause: { error: 'invalid_grant' },
  });
  const logout = await client.buildLogoutUrl({ returnTo: 'https://app.example.com/bye' });
  expect((await browser.open(logout.pathname + logout.search)).headers.get('location')).toBe(
    'https://app.example.com/bye',
  );
});
