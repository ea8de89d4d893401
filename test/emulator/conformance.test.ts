import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { openBrowser, redirectUri } from './browser';
import { type Answer, call, mfaGrant, startTenant, type Tenant } from './tenant';

/** One row for each thing that a faithful emulator must do, numbered as in the project's list of Auth0 facts. */
let tenant: Tenant;

beforeAll(async () => {
  tenant = await startTenant();
});
beforeEach(() => tenant.control('POST', '/reset'));
afterAll(() => tenant.close());

const bearerInvalid = {
  status: 401,
  json: {
    error: 'invalid_grant',
    error_description: 'The mfa_token provided is invalid. Try getting a new token.',
  },
};
const refused = (status: number, error: string, description: string) => ({
  status,
  json: { error, error_description: description },
});
const tooManyCodes = refused(400, 'invalid_request', 'Too many failed codes. Wait for some minutes before retrying.');
const wrongBindingCode = refused(403, 'invalid_grant', 'Invalid binding_code.');
const wrongOtp = refused(403, 'invalid_grant', 'Invalid otp_code.');

const mfaTokenOf = (userId: string): Promise<string> => tenant.token(userId, { kind: 'mfa_token' });

const passwordGrant = (email: string, more: Record<string, unknown> = {}): Promise<Answer> =>
  tenant.post('/oauth/token', {
    grant_type: 'password',
    ...tenant.client,
    username: email,
    password: 'correct horse',
    ...more,
  });

const challenge = (token: string, more: Record<string, unknown> = {}): Promise<Answer> =>
  tenant.post('/mfa/challenge', { ...tenant.client, mfa_token: token, ...more });

/** Never the right code. */
async function wrongCode(): Promise<string> {
  const right = await tenant.lastCode();
  return right === '000000' ? '111111' : '000000';
}

const patchClient = (patch: Record<string, unknown>) => tenant.control('PATCH', `/clients/${tenant.clientId}`, patch);

describe('discovery and sign-in', () => {
  test('row 1: discovery names the issuer with its slash, the challenge endpoint, and RS256 keys', async () => {
    const { json } = await tenant.get('/.well-known/openid-configuration');
    expect(json).toMatchObject({
      issuer: `${tenant.publicUrl}/`,
      mfa_challenge_endpoint: `${tenant.publicUrl}/mfa/challenge`,
      jwks_uri: `${tenant.publicUrl}/.well-known/jwks.json`,
    });
    expect(json['token_endpoint_auth_methods_supported']).toEqual(
      expect.arrayContaining(['client_secret_post', 'client_secret_basic', 'private_key_jwt']),
    );
    const { payload } = await jwtVerify(
      await tenant.token(await tenant.newUser()),
      createRemoteJWKSet(new URL(tenant.text(json['jwks_uri']))),
      { issuer: `${tenant.publicUrl}/`, algorithms: ['RS256'] },
    );
    expect(payload.aud).toBe(`https://${new URL(tenant.publicUrl).host}/mfa/`);
  });

  test('row 2: code with PKCE and state for a user without a factor: a token of 600 s, no challenge', async () => {
    await tenant.newUser('new@example.com');
    const browser = openBrowser(tenant);
    const callback = new URL(await browser.login(await browser.authorize(), 'new@example.com'));
    expect(`${callback.origin}${callback.pathname}`).toBe(redirectUri);
    expect(callback.searchParams.get('state')).toBe('state-1');
    const { json } = await browser.exchange(callback.href);
    expect(json).toMatchObject({ expires_in: 600, scope: 'enroll read:authenticators remove:authenticators' });
  });

  test.each([
    ['a bad verifier', { code_verifier: 'not-the-verifier-not-the-verifier-not-the-v' }],
    ['no verifier', { code_verifier: '' }],
    ['another redirect_uri', { redirect_uri: 'https://other.example.com/' }],
    ['an unknown code', { code: 'unknown' }],
  ])('row 3: the code exchange with %s is invalid_grant', async (_name, more) => {
    await tenant.newUser('new@example.com');
    const browser = openBrowser(tenant);
    const callback = await browser.login(await browser.authorize(), 'new@example.com');
    expect(await browser.exchange(callback, more)).toMatchObject({ status: 403, json: { error: 'invalid_grant' } });
  });

  test('row 3: a code works once', async () => {
    await tenant.newUser('new@example.com');
    const browser = openBrowser(tenant);
    const callback = await browser.login(await browser.authorize(), 'new@example.com');
    expect((await browser.exchange(callback)).status).toBe(200);
    expect(await browser.exchange(callback)).toMatchObject({ status: 403, json: { error: 'invalid_grant' } });
  });

  test('row 4: a user with active SMS answers the challenge page before the token', async () => {
    const userId = await tenant.newUser('sms@example.com');
    await tenant.withSms(userId);
    const browser = openBrowser(tenant);
    const step = await browser.login(await browser.authorize(), 'sms@example.com');
    expect(step).toMatch(/^\/u\/mfa-challenge\?/);
    expect((await browser.open(step)).text).toContain('XXXXXXXXX9167');
    expect(await browser.answerChallenge(step, await wrongCode())).toContain('Invalid binding_code.');
    const callback = await browser.answerChallenge(step, await tenant.lastCode());
    expect((await browser.exchange(callback)).status).toBe(200);
  });

  test('row 4: a user with email alone is not challenged', async () => {
    const userId = await tenant.newUser('mail@example.com');
    const token = await tenant.token(userId);
    const { json } = await tenant.associate(token, { authenticator_types: ['oob'], oob_channels: ['email'] });
    await tenant.confirmOob(token, json['oob_code'], await tenant.lastCode());
    expect(await tenant.list(token)).toMatchObject([{ oob_channel: 'email', active: true }]);
    const browser = openBrowser(tenant);
    expect(await browser.login(await browser.authorize(), 'mail@example.com')).toContain(redirectUri);
  });

  test('row 5: prompt=none while a factor is active is login_required', async () => {
    const userId = await tenant.newUser('sms@example.com');
    const browser = openBrowser(tenant);
    await browser.login(await browser.authorize(), 'sms@example.com');
    expect(await browser.authorize({ prompt: 'none' })).toContain('code=');
    await tenant.withSms(userId);
    const callback = new URL(await browser.authorize({ prompt: 'none' }));
    expect(Object.fromEntries(callback.searchParams)).toEqual({
      error: 'login_required',
      error_description: 'Multifactor authentication required',
      state: 'state-1',
    });
  });

  test('row 6: an audience without its slash is an unknown service', async () => {
    const callback = new URL(await openBrowser(tenant).authorize({ audience: `${tenant.publicUrl}/mfa` }));
    expect(callback.searchParams.get('error')).toBe('access_denied');
    expect(callback.searchParams.get('error_description')).toBe(`Service not found: ${tenant.publicUrl}/mfa`);
  });
});

describe('associate', () => {
  test('row 7: an sms answer has the recorded keys, an iron-shaped oob_code and a charset', async () => {
    const answer = await tenant.associateSms(await tenant.token(await tenant.newUser()));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(Object.keys(answer.json).sort()).toEqual([
      'authenticator_type',
      'binding_method',
      'oob_channel',
      'oob_code',
    ]);
    expect(tenant.text(answer.json['oob_code']).split('*')).toHaveLength(8);
  });

  test('row 7: an otp answer has a secret of 32 base32 characters and the recorded URI', async () => {
    const { json } = await tenant.associateOtp(await tenant.token(await tenant.newUser('a+b@example.com')));
    expect(json).toEqual({
      authenticator_type: 'otp',
      secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
      barcode_uri: `otpauth://totp/Emulated%20Tenant:a%2Bb%40example.com?secret=${tenant.text(json['secret'])}&issuer=Emulated%20Tenant&algorithm=SHA1&digits=6&period=30`,
    });
  });

  test('row 8: recovery codes come with the first associate only, and only when the factor is on', async () => {
    const without = await tenant.associateSms(await tenant.token(await tenant.newUser()));
    expect(without.json).not.toHaveProperty('recovery_codes');
    await tenant.switches({ recoveryCodes: true });
    const token = await tenant.token(await tenant.newUser());
    const first = await tenant.associateOtp(token);
    expect(first.json['recovery_codes']).toEqual([expect.stringMatching(/^[A-Z0-9]{24}$/)]);
    expect((await tenant.associateSms(token)).json).not.toHaveProperty('recovery_codes');
  });

  test.each<[string, () => Promise<Record<string, string>>]>([
    ['no token', async () => ({})],
    ['another scheme', async () => ({ authorization: `Basic ${await tenant.token(await tenant.newUser())}` })],
    ['a forged token', async () => tenant.bearer(`${await tenant.token(await tenant.newUser())}x`)],
    ['a token of the Management API', async () => tenant.bearer(await managementToken())],
    [
      'a token of another audience',
      async () => {
        await tenant.newUser('other@example.com');
        return tenant.bearer(tenant.text((await passwordGrant('other@example.com')).json['access_token']));
      },
    ],
  ])('row 9: associate with %s has the one text for bad tokens', async (_name, headers) => {
    expect(await tenant.post('/mfa/associate', { authenticator_types: ['otp'] }, await headers())).toMatchObject(
      bearerInvalid,
    );
  });

  test('row 9: associate with an expired token has the same text', async () => {
    const token = await tenant.token(await tenant.newUser());
    await tenant.advance(601);
    expect(await tenant.associateSms(token)).toMatchObject(bearerInvalid);
  });

  test('row 10: an mfa_token may associate until a factor is active', async () => {
    const userId = await tenant.newUser();
    const token = await mfaTokenOf(userId);
    expect(token).toMatch(/^Fe26\.2\*/);
    expect((await tenant.associateOtp(token)).status).toBe(200);
    expect((await tenant.associateOtp(token)).status).toBe(200);
    await tenant.withSms(userId);
    expect(await tenant.associateOtp(token)).toMatchObject(refused(403, 'access_denied', 'User is already enrolled.'));
  });

  test('row 11: an access token may associate while a factor is active', async () => {
    const userId = await tenant.newUser();
    await tenant.withSms(userId);
    expect((await tenant.associateOtp(await tenant.token(userId))).status).toBe(200);
  });

  test('row 12: a disabled factor, a bad number and an empty SMS bucket are refused with nothing enrolled', async () => {
    const token = await tenant.token(await tenant.newUser());
    await tenant.switches({ smsFactor: false, otpFactor: false });
    const disabled = { status: 401, json: { error: 'unsupported_challenge_type' } };
    expect(await tenant.associateSms(token)).toMatchObject(disabled);
    expect(await tenant.associateOtp(token)).toMatchObject(disabled);
    await tenant.switches({ smsFactor: true });
    for (const number of ['+1', '5551234567', '+15551234567890123', '+1555CALLME']) {
      expect(await tenant.associateSms(token, number)).toMatchObject(
        refused(400, 'bad_gateway', 'The phone number is invalid.'),
      );
    }
    expect(await tenant.list(token)).toEqual([]);
    expect(await tenant.inbox()).toEqual([]);
  });

  test.each([
    ['no type', {}],
    ['an unknown type', { authenticator_types: ['webauthn'] }],
    ['two types', { authenticator_types: ['otp', 'oob'] }],
    ['no channel', { authenticator_types: ['oob'] }],
    ['an unknown channel', { authenticator_types: ['oob'], oob_channels: ['fax'] }],
    ['a channel as a string', { authenticator_types: ['oob'], oob_channels: 'sms', phone_number: '+15551234567' }],
    ['no number', { authenticator_types: ['oob'], oob_channels: ['sms'] }],
  ])('row 12: associate with %s is invalid_request', async (_name, body) => {
    const token = await tenant.token(await tenant.newUser());
    expect(await tenant.associate(token, body)).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
  });
});

describe('confirm', () => {
  const begun = async () => {
    const token = await tenant.token(await tenant.newUser());
    const { json } = await tenant.associateSms(token);
    return { token, oobCode: json['oob_code'], code: await tenant.lastCode() };
  };

  test('row 13: the right code gives tokens, and works once', async () => {
    const { token, oobCode, code } = await begun();
    const answer = await tenant.confirmOob(token, oobCode, code);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await tenant.confirmOob(token, oobCode, code)).toMatchObject(wrongBindingCode);
  });

  test('row 13: a wrong code is refused and the right one still works', async () => {
    const { token, oobCode, code } = await begun();
    expect(await tenant.confirmOob(token, oobCode, await wrongCode())).toMatchObject(wrongBindingCode);
    expect((await tenant.confirmOob(token, oobCode, code)).status).toBe(200);
  });

  test('row 13: an oob_code that is expired, malformed or of another token is named so', async () => {
    const { token, oobCode, code } = await begun();
    const malformed = refused(403, 'invalid_grant', 'Malformed oob_code');
    expect(await tenant.confirmOob(token, 'nonsense', code)).toMatchObject(malformed);
    const other = await begun();
    expect(await tenant.confirmOob(other.token, oobCode, code)).toMatchObject(
      refused(400, 'invalid_request', "The oob_code doesn't match the mfa_token"),
    );
    await tenant.advance(301);
    expect(await tenant.confirmOob(token, oobCode, code)).toMatchObject(
      refused(401, 'expired_token', 'oob_code is expired'),
    );
  });

  test('row 13: without a binding code the parameter is named', async () => {
    const { token, oobCode } = await begun();
    expect(await tenant.confirmOob(token, oobCode)).toMatchObject(
      refused(400, 'invalid_request', 'Missing required parameter: binding_code'),
    );
  });

  test('row 14: a client that the token was not issued to is refused', async () => {
    const { token, oobCode, code } = await begun();
    const { json: other } = await tenant.control('POST', '/clients', {});
    const answer = await tenant.post('/oauth/token', {
      grant_type: mfaGrant.oob,
      client_id: other['clientId'],
      client_secret: other['clientSecret'],
      mfa_token: token,
      oob_code: oobCode,
      binding_code: code,
    });
    expect(answer).toMatchObject(refused(400, 'invalid_request', 'mfa_token not issued to this client'));
  });

  test('row 15: a client without the MFA grant is refused, and nothing is used up', async () => {
    const { token, oobCode, code } = await begun();
    await patchClient({ grantTypes: ['authorization_code'] });
    expect(await tenant.confirmOob(token, oobCode, code)).toMatchObject(
      refused(403, 'unauthorized_client', `Grant type '${mfaGrant.oob}' not allowed for the client.`),
    );
    await patchClient({ grantTypes: [mfaGrant.oob] });
    expect((await tenant.confirmOob(token, oobCode, code)).status).toBe(200);
  });

  test('row 16: form and JSON say the same', async () => {
    const { token, oobCode, code } = await begun();
    const answer = await tenant.form('/oauth/token', {
      grant_type: mfaGrant.oob,
      ...tenant.client,
      mfa_token: token,
      oob_code: tenant.text(oobCode),
      binding_code: code,
    });
    expect(answer.status).toBe(200);
  });

  const methods = ['none', 'client_secret_post', 'client_secret_basic', 'private_key_jwt'] as const;
  test.each(methods.flatMap((set) => methods.map((used) => [set, used] as const)))(
    'row 16: an application set to %s that comes with %s',
    async (set, used) => {
      const { publicKey, privateKey } = await generateKeyPair('RS256');
      await patchClient({ tokenEndpointAuthMethod: set, publicKeys: [await exportJWK(publicKey)] });
      const { token, oobCode, code } = await begun();
      const { clientId, clientSecret } = tenant;
      const assertion = await new SignJWT({ iss: clientId, sub: clientId, jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'RS256' })
        .setAudience(`${tenant.publicUrl}/`)
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(privateKey);
      const grant = { grant_type: mfaGrant.oob, mfa_token: token, oob_code: oobCode, binding_code: code };
      const presented = {
        none: { client_id: clientId },
        client_secret_post: { client_id: clientId, client_secret: clientSecret },
        client_secret_basic: {},
        private_key_jwt: {
          client_assertion: assertion,
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        },
      }[used];
      const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
      const send = () =>
        tenant.post(
          '/oauth/token',
          { ...grant, ...presented },
          used === 'client_secret_basic' ? { authorization: basic } : {},
        );
      const unauthorized = refused(401, 'access_denied', 'Unauthorized');
      expect(await send()).toMatchObject(set === used ? { status: 200 } : unauthorized);
      // An assertion's jti works once; so does a code.
      expect(await send()).toMatchObject(set === used && used !== 'private_key_jwt' ? wrongBindingCode : unauthorized);
    },
  );

  test('row 16: a wrong secret is refused', async () => {
    const { token, oobCode, code } = await begun();
    const answer = await tenant.post('/oauth/token', {
      grant_type: mfaGrant.oob,
      client_id: tenant.clientId,
      client_secret: 'wrong',
      mfa_token: token,
      oob_code: oobCode,
      binding_code: code,
    });
    expect(answer).toMatchObject(refused(401, 'access_denied', 'Unauthorized'));
  });

  test('row 17: an id_token comes with openid and not without it', async () => {
    const { token, oobCode, code } = await begun();
    expect((await tenant.confirmOob(token, oobCode, code)).json).not.toHaveProperty('id_token');

    await tenant.newUser('openid@example.com');
    const browser = openBrowser(tenant);
    const scope = 'openid enroll read:authenticators';
    const callback = await browser.login(
      await browser.authorize({ scope, nonce: 'nonce-1', audience: `${tenant.publicUrl}/mfa/` }),
      'openid@example.com',
    );
    const { json: signedIn } = await browser.exchange(callback);
    const access = tenant.text(signedIn['access_token']);
    const { json: associated } = await tenant.associateSms(access);
    const { json: confirmed } = await tenant.confirmOob(access, associated['oob_code'], await tenant.lastCode());
    const keys = createRemoteJWKSet(new URL(`${tenant.publicUrl}/.well-known/jwks.json`));
    const expected = { issuer: `${tenant.publicUrl}/`, audience: tenant.clientId };
    const first = await jwtVerify(tenant.text(signedIn['id_token']), keys, expected);
    expect(first.payload).toMatchObject({ nonce: 'nonce-1', email: 'openid@example.com' });
    const second = await jwtVerify(tenant.text(confirmed['id_token']), keys, expected);
    expect(second.payload).toMatchObject({ sub: first.payload.sub, amr: ['mfa'], exp: expect.any(Number) });
  });

  test('row 18: the token of a confirm associates the next factor and lives 600 s from then', async () => {
    const { token, oobCode, code } = await begun();
    await tenant.advance(200);
    const { json } = await tenant.confirmOob(token, oobCode, code);
    await tenant.advance(590);
    expect((await tenant.associateOtp(tenant.text(json['access_token']))).status).toBe(200);
    expect(await tenant.associateOtp(token)).toMatchObject(bearerInvalid);
  });

  test.each([
    ['the current', 0, 200],
    ['the previous', -30, 200],
    ['an older', -60, 403],
    ['the next', 30, 403],
  ])('row 19: %s TOTP code (%d s away) answers %d', async (_name, atSeconds, status) => {
    const token = await tenant.token(await tenant.newUser());
    const { json } = await tenant.associateOtp(token);
    // Away from the edge of a step, so that the code means the same step on arrival.
    const intoStep = ((await tenant.now()) / 1000) % 30;
    await tenant.advance(30 - intoStep + 5);
    const answer = await tenant.confirmOtp(token, await tenant.otpCode(json['secret'], atSeconds));
    expect(answer.status).toBe(status);
  });

  test('row 19: a TOTP code works once', async () => {
    const userId = await tenant.newUser();
    const secret = await tenant.withOtp(userId);
    const token = await tenant.token(userId);
    const intoStep = ((await tenant.now()) / 1000) % 30;
    await tenant.advance(30 - intoStep + 5);
    const code = await tenant.otpCode(secret);
    expect((await tenant.confirmOtp(token, code)).status).toBe(200);
    expect(await tenant.confirmOtp(token, code)).toMatchObject(wrongOtp);
    await tenant.advance(30);
    expect((await tenant.confirmOtp(token, await tenant.otpCode(secret))).status).toBe(200);
  });

  test('row 20: after ten wrong codes even the right one waits, and six minutes give one try', async () => {
    const userId = await tenant.newUser();
    const token = await tenant.token(userId);
    const { json } = await tenant.associateOtp(token);
    const right = await tenant.otpCode(json['secret']);
    const wrong = right === '000000' ? '111111' : '000000';
    for (let tries = 0; tries < 10; tries += 1) expect(await tenant.confirmOtp(token, wrong)).toMatchObject(wrongOtp);
    expect(await tenant.confirmOtp(token, wrong)).toMatchObject(tooManyCodes);
    expect(await tenant.confirmOtp(token, right)).toMatchObject(tooManyCodes);
    await tenant.advance(359);
    expect(await tenant.confirmOtp(token, wrong)).toMatchObject(tooManyCodes);
    await tenant.advance(2);
    expect(await tenant.confirmOtp(token, wrong)).toMatchObject(wrongOtp);
    expect(await tenant.confirmOtp(token, wrong)).toMatchObject(tooManyCodes);
    await tenant.advance(361);
    const later = await tenant.token(userId);
    expect((await tenant.confirmOtp(later, await tenant.otpCode(json['secret']))).status).toBe(200);
  });

  test('row 21: the eleventh text of an hour is refused, and an hour gives one', async () => {
    const userId = await tenant.newUser();
    const tooMany = refused(
      400,
      'invalid_request',
      'Too many SMS sent by the user. Wait for some minutes before retrying.',
    );
    const token = await tenant.token(userId);
    for (let texts = 0; texts < 10; texts += 1) expect((await tenant.associateSms(token)).status).toBe(200);
    expect(await tenant.associateSms(token)).toMatchObject(tooMany);
    expect(await tenant.list(token)).toHaveLength(10);
    await tenant.advance(3601);
    const later = await tenant.token(userId);
    expect((await tenant.associateSms(later)).status).toBe(200);
    expect(await tenant.associateSms(later)).toMatchObject(tooMany);
  });

  test('row 22: the clock ends a code at 300 s and a token at 600 s', async () => {
    const { token, oobCode, code } = await begun();
    await tenant.advance(299);
    expect(await tenant.confirmOob(token, oobCode, await wrongCode())).toMatchObject(wrongBindingCode);
    await tenant.advance(2);
    expect(await tenant.confirmOob(token, oobCode, code)).toMatchObject(
      refused(401, 'expired_token', 'oob_code is expired'),
    );
    await tenant.advance(300);
    expect(await tenant.confirmOob(token, oobCode, code)).toMatchObject(
      refused(401, 'expired_token', 'mfa_token is expired'),
    );
    expect(await tenant.get('/mfa/authenticators', tenant.bearer(token))).toMatchObject(bearerInvalid);
  });
});

describe('list and delete', () => {
  test('row 23: an unconfirmed record is listed inactive, with its id, mask and no `type`', async () => {
    const token = await tenant.token(await tenant.newUser('dlozano@example.com'));
    await tenant.associateSms(token);
    await tenant.associateOtp(token);
    await tenant.associate(token, { authenticator_types: ['oob'], oob_channels: ['email'] });
    const id = (prefix: string): unknown => expect.stringMatching(new RegExp(`^${prefix}\\|dev_[A-Za-z0-9]{16}$`));
    expect(await tenant.list(token)).toEqual([
      { id: id('sms'), authenticator_type: 'oob', active: false, oob_channel: 'sms', name: 'XXXXXXXXX9167' },
      { id: id('totp'), authenticator_type: 'otp', active: false },
      { id: id('email'), authenticator_type: 'oob', active: false, oob_channel: 'email', name: 'dloz***@exam*******' },
    ]);
  });

  test('row 23: with flexible factors each entry has a `type`', async () => {
    await tenant.switches({ flexibleFactors: true, recoveryCodes: true });
    const token = await tenant.token(await tenant.newUser());
    await tenant.associateSms(token);
    await tenant.associateOtp(token);
    expect((await tenant.list(token)).map(({ type }) => type)).toEqual(['recovery-code', 'phone', 'otp']);
  });

  test('row 23: nothing enrolled is an empty array', async () => {
    const answer = await tenant.get('/mfa/authenticators', tenant.bearer(await tenant.token(await tenant.newUser())));
    expect(answer).toMatchObject({ status: 200, text: '[]' });
  });

  test('row 24: an mfa_token lists and does not delete', async () => {
    const userId = await tenant.newUser();
    await tenant.withSms(userId);
    const token = await mfaTokenOf(userId);
    const [sms] = await tenant.list(token);
    expect(await tenant.remove(token, sms?.id ?? '')).toMatchObject(bearerInvalid);
    expect(await tenant.list(token)).toHaveLength(1);
  });

  test('row 24: delete answers 204, then 404, and takes the voice sibling along', async () => {
    await tenant.switches({ phoneMessageTypes: ['sms', 'voice'] });
    const userId = await tenant.newUser();
    const token = await tenant.withSms(userId);
    await tenant.associateOtp(token);
    const [sms, voice] = await tenant.list(token);
    expect(sms?.id.replace('sms|', '')).toBe(voice?.id.replace('voice|', ''));
    expect([sms?.active, voice?.active]).toEqual([true, true]);
    expect(await tenant.remove(token, sms?.id ?? '')).toMatchObject({ status: 204, text: '' });
    expect((await tenant.remove(token, sms?.id ?? '')).status).toBe(404);
    expect((await tenant.list(token)).map(({ authenticator_type }) => authenticator_type)).toEqual(['otp']);
  });

  test('row 24: delete takes a JSON content type with an empty body, as Auth0’s SDK sends it', async () => {
    const token = await tenant.withSms(await tenant.newUser());
    const [sms] = await tenant.list(token);
    const answer = await call(`${tenant.publicUrl}/mfa/authenticators/${encodeURIComponent(sms?.id ?? '')}`, {
      method: 'DELETE',
      headers: { ...tenant.bearer(token), 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(204);
  });

  test.each<[string, string, (token: string) => Promise<Answer>]>([
    ['enroll', 'read:authenticators remove:authenticators', (token) => tenant.associateOtp(token)],
    ['read:authenticators', 'enroll', (token) => tenant.get('/mfa/authenticators', tenant.bearer(token))],
    ['remove:authenticators', 'enroll read:authenticators', (token) => tenant.remove(token, 'totp|dev_x')],
  ])('row 25: without the scope %s the call is refused', async (missing, scope, act) => {
    const token = await tenant.token(await tenant.newUser(), { scope });
    const answer = await act(token);
    expect(answer).toMatchObject({ status: 403, json: { error: 'insufficient_scope' } });
    expect(answer.json['error_description']).toContain(missing);
  });

  test('row 26: 51 records are the end', async () => {
    const token = await tenant.token(await tenant.newUser());
    for (let records = 0; records < 51; records += 1) expect((await tenant.associateOtp(token)).status).toBe(200);
    expect(await tenant.associateOtp(token)).toMatchObject(
      refused(403, 'too_many_entities', 'You reached the limit of entities of the totp type for this user.'),
    );
    expect(await tenant.associateSms(token)).toMatchObject(
      refused(403, 'too_many_entities', 'You reached the limit of entities of the sms type for this user.'),
    );
  });
});

describe('challenge and other grants', () => {
  test('row 27: a challenge takes an mfa_token and its answer confirms', async () => {
    const userId = await tenant.newUser();
    await tenant.withSms(userId);
    const token = await mfaTokenOf(userId);
    const { json } = await challenge(token, { challenge_type: 'oob' });
    expect(json).toEqual({ challenge_type: 'oob', oob_code: expect.stringMatching(/^Fe26/), binding_method: 'prompt' });
    expect((await tenant.confirmOob(token, json['oob_code'], await tenant.lastCode())).status).toBe(200);
  });

  test('row 27: for an app the answer is its type alone', async () => {
    const userId = await tenant.newUser();
    await tenant.withOtp(userId);
    const answer = await challenge(await mfaTokenOf(userId), { challenge_type: 'otp' });
    expect(answer.json).toEqual({ challenge_type: 'otp' });
  });

  test('row 27: an access token, a user without a factor, a wrong type and an unknown record are refused', async () => {
    const userId = await tenant.newUser();
    expect(await challenge(await mfaTokenOf(userId))).toMatchObject(
      refused(
        401,
        'unsupported_challenge_type',
        'User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator.',
      ),
    );
    await tenant.withOtp(userId);
    expect(await challenge(await tenant.token(userId))).toMatchObject(
      refused(403, 'invalid_grant', 'Malformed mfa_token'),
    );
    const token = await mfaTokenOf(userId);
    expect(await challenge(token, { challenge_type: 'oob' })).toMatchObject(
      refused(
        401,
        'unsupported_challenge_type',
        'The user does not support the requested challenge type (oob). Supported type: otp',
      ),
    );
    expect(await challenge(token, { authenticator_id: 'sms|dev_x' })).toMatchObject(
      refused(403, 'access_denied', 'Could not find the requested authenticator'),
    );
  });

  test('row 28: the password grant with the MFA audience: a token at first, mfa_required once a factor is active', async () => {
    const userId = await tenant.newUser('ropg@example.com');
    const mfa = { audience: `${tenant.publicUrl}/mfa/` };
    expect((await passwordGrant('ropg@example.com', mfa)).json).toMatchObject({ expires_in: 600 });
    await tenant.withSms(userId);
    const answer = await passwordGrant('ropg@example.com', mfa);
    expect(answer).toMatchObject({
      status: 403,
      json: {
        error: 'mfa_required',
        error_description: 'Multifactor authentication required',
        mfa_token: expect.stringMatching(/^Fe26\.2\*/),
      },
    });
    expect(await passwordGrant('ropg@example.com', { password: 'wrong' })).toMatchObject(
      refused(403, 'invalid_grant', 'Wrong email or password.'),
    );
  });

  test('row 28: mfa_required can say what to answer with or enrol', async () => {
    await tenant.switches({ mfaPolicy: 'always', mfaRequirements: true });
    const userId = await tenant.newUser('ropg@example.com');
    const before = (await passwordGrant('ropg@example.com')).json['mfa_requirements'];
    expect(before).toEqual({
      enroll: [{ type: 'phone' }, { type: 'otp' }, { type: 'push-notification' }, { type: 'email' }],
    });
    await tenant.withSms(userId);
    expect((await passwordGrant('ropg@example.com')).json['mfa_requirements']).toEqual({
      challenge: [{ type: 'phone' }],
    });
  });

  test('row 29: a recovery code works once and brings the next', async () => {
    await tenant.switches({ recoveryCodes: true });
    const userId = await tenant.newUser();
    const token = await tenant.token(userId);
    const { json: associated } = await tenant.associateSms(token);
    const recover = (code: unknown) =>
      tenant.post('/oauth/token', {
        grant_type: mfaGrant.recoveryCode,
        ...tenant.client,
        mfa_token: token,
        recovery_code: code,
      });
    const [first] = associated['recovery_codes'] as string[];
    expect(await recover(first)).toMatchObject(
      refused(403, 'unsupported_challenge_type', 'User does not have a recovery-code.'),
    );
    await tenant.confirmOob(token, associated['oob_code'], await tenant.lastCode());
    const answer = await recover(first);
    expect(answer).toMatchObject({ status: 200, json: { recovery_code: expect.stringMatching(/^[A-Z0-9]{24}$/) } });
    expect(await recover(first)).toMatchObject(refused(403, 'invalid_grant', 'MFA Authorization rejected.'));
    expect((await recover(answer.json['recovery_code'])).status).toBe(200);
  });

  const refresh = (token: unknown) =>
    tenant.post('/oauth/token', { grant_type: 'refresh_token', ...tenant.client, refresh_token: token });

  test('row 30: with offline_access a refresh gives a new MFA token of 600 s', async () => {
    const userId = await tenant.newUser();
    const { json } = await tenant.control('POST', '/tokens', { userId, scope: 'enroll offline_access' });
    await tenant.advance(700);
    const answer = await refresh(json['refreshToken']);
    expect(answer.json).toMatchObject({ expires_in: 600, scope: 'enroll offline_access' });
    expect((await tenant.associateOtp(tenant.text(answer.json['access_token']))).status).toBe(200);
  });

  test('row 30: a tenant that does not honour offline_access gives no refresh token', async () => {
    await tenant.switches({ offlineAccess: false });
    const userId = await tenant.newUser();
    const { json } = await tenant.control('POST', '/tokens', { userId, scope: 'enroll offline_access' });
    expect(json).toMatchObject({ scope: 'enroll' });
    expect(json).not.toHaveProperty('refreshToken');
    expect(await refresh('v1.unknown')).toMatchObject(
      refused(403, 'invalid_grant', 'Unknown or invalid refresh token.'),
    );
  });

  test('row 31: a custom domain is the issuer, the audience stays canonical, and the two do not mix', async () => {
    const other = await startTenant({ customDomain: 'login.example.com', domain: 'tenant.eu.auth0.com' });
    try {
      const email = 'custom@example.com';
      const userId = await other.newUser(email);
      const grant = {
        grant_type: 'password',
        ...other.client,
        username: email,
        password: 'correct horse',
        audience: 'https://tenant.eu.auth0.com/mfa/',
      };
      // fetch does not let a caller choose the Host header.
      const viaCustom = await rawPost(`${other.publicUrl}/oauth/token`, 'login.example.com', grant);
      const token = other.text(viaCustom['access_token']);
      const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as unknown;
      expect(claims).toMatchObject({
        iss: 'http://login.example.com/',
        aud: 'https://tenant.eu.auth0.com/mfa/',
        sub: userId,
      });
      expect(await other.associateOtp(token)).toMatchObject(bearerInvalid);
    } finally {
      await other.close();
    }
  });

  test('row 32: an injected 429 has the X-RateLimit headers, no Retry-After, and no effect', async () => {
    const token = await tenant.token(await tenant.newUser());
    await tenant.fault({ route: 'POST /mfa/associate', type: 'rateLimited' });
    const answer = await tenant.associateSms(token);
    expect(answer).toMatchObject({ status: 429, json: { error: 'too_many_requests' } });
    expect(Number(answer.headers.get('x-ratelimit-reset'))).toBeGreaterThanOrEqual((await tenant.now()) / 1000 - 1);
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(answer.headers.get('retry-after')).toBeNull();
    expect(await tenant.list(token)).toEqual([]);
  });

  test('row 33: an answer dropped after its effect leaves the factor active', async () => {
    const token = await tenant.token(await tenant.newUser());
    const { json } = await tenant.associateSms(token);
    await tenant.fault({ route: 'POST /oauth/token', grantType: 'mfa-oob', type: 'resetAfter' });
    await expect(tenant.confirmOob(token, json['oob_code'], await tenant.lastCode())).rejects.toThrow();
    expect(await tenant.list(token)).toMatchObject([{ active: true }]);
  });

  test('row 34: a preflight with the SDKs’ headers is allowed', async () => {
    const answer = await call(`${tenant.publicUrl}/mfa/associate`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example.com',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'auth0-client,authorization,content-type,dpop',
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(answer.headers.get('access-control-allow-headers')).toBe('Auth0-Client, Authorization, Content-Type, DPoP');
  });

  test('row 34: an application that lists its callbacks keeps other origins out', async () => {
    await patchClient({ callbacks: [redirectUri] });
    const answer = await tenant.get('/.well-known/jwks.json', { origin: 'https://evil.example.com' });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

const managementToken = async (scope?: string): Promise<string> => {
  const { json } = await tenant.post('/oauth/token', {
    grant_type: 'client_credentials',
    ...tenant.client,
    audience: `${tenant.publicUrl}/api/v2/`,
    scope,
  });
  return tenant.text(json['access_token']);
};

describe('around it', () => {
  test('row 35: selected-provider is 403 on a unified-phone tenant, where branding lists the provider', async () => {
    const headers = tenant.bearer(await managementToken());
    const path = '/api/v2/guardian/factors/phone/selected-provider';
    expect(await tenant.get(path, headers)).toMatchObject({ status: 200, json: { provider: 'twilio' } });
    await tenant.switches({ unifiedPhone: true });
    const answer = await tenant.get(path, headers);
    expect(answer).toMatchObject({ status: 403, json: { statusCode: 403, error: 'Forbidden' } });
    expect(answer.json['message']).toContain('Insufficient privileges to use this deprecated feature');
    const providers = await tenant.get('/api/v2/branding/phone/providers', headers);
    expect(providers.json['providers']).toMatchObject([{ id: 'pro_1', name: 'twilio', disabled: false }]);
  });

  test('row 35: each call needs its scope', async () => {
    const headers = tenant.bearer(await managementToken('read:users'));
    expect(await tenant.get('/api/v2/guardian/factors', headers)).toMatchObject({
      status: 403,
      json: {
        errorCode: 'insufficient_scope',
        message: 'Insufficient scope; expected any of: `read:guardian_factors`.',
      },
    });
  });

  test.each([
    'GET /inbox',
    'GET /users',
    'POST /users',
    'POST /tokens',
    'POST /clock',
    'POST /faults',
    'GET /switches',
    'PUT /switches',
    'GET /requests',
    'POST /reset',
    'GET /clients',
    'GET /logs',
    'GET /health',
  ])('row 36: the public side does not know %s', async (route) => {
    const [method = '', path = ''] = route.split(' ');
    expect((await call(`${tenant.publicUrl}${path}`, { method })).status).toBe(404);
    expect((await tenant.control(method, path, method === 'GET' ? undefined : {})).status).not.toBe(404);
  });
});

async function rawPost(url: string, host: string, body: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { host, 'content-type': 'application/json' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve(JSON.parse(text) as Record<string, unknown>));
    });
    sent.on('error', reject).end(JSON.stringify(body));
  });
}
