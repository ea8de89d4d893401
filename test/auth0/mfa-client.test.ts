import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { createMfaClient } from '../../src/auth0/mfa-client';
import { caught } from './caught';
import { domain, secrets, withAnswer } from './mock-tenant';

type Client = ReturnType<typeof createMfaClient>;

const sms = { authenticatorTypes: ['oob'], oobChannels: ['sms'], phoneNumber: secrets.phoneNumber } as const;
const totp = { authenticatorTypes: ['otp'] } as const;
const bindingCode = { type: 'oob', oobCode: secrets.oobCode, bindingCode: secrets.bindingCode } as const;
const otp = { type: 'otp', otp: secrets.otp } as const;

const associateSms = (client: Client) => client.associate(secrets.token, sms);
const confirmSms = (client: Client) => client.confirm(secrets.token, bindingCode);
const list = (client: Client) => client.listAuthenticators(secrets.token);
const remove = (client: Client) => client.deleteAuthenticator(secrets.token, 'sms|dev_1');
const refresh = (client: Client) => client.refresh(secrets.refreshToken);
const exchangeCode = (client: Client) =>
  client.exchangeCode({
    code: secrets.code,
    codeVerifier: secrets.codeVerifier,
    redirectUri: 'https://app.example.com/callback',
  });

const oobAnswer = {
  authenticator_type: 'oob',
  oob_channel: 'sms',
  oob_code: secrets.oobCode,
  binding_method: 'prompt',
};
const otpAnswer = {
  authenticator_type: 'otp',
  secret: secrets.setupKey,
  barcode_uri: `otpauth://totp/Tenant:user%40example.com?secret=${secrets.setupKey}&issuer=Tenant`,
};
const tokenAnswer = { access_token: secrets.token, token_type: 'Bearer', expires_in: 600, scope: 'enroll' };

describe('a 2xx answer that cannot be read', () => {
  test.each([
    ['nothing', ''],
    ['no JSON', '<html>hello</html>'],
    ['cut JSON', '{"authenticator_type":"oob"'],
    ['null', null],
    ['an array', []],
    ['no type', { oob_code: 'x' }],
    ['a type that nobody knows', { authenticator_type: 'webauthn' }],
    ['oob without its code', { authenticator_type: 'oob', binding_method: 'prompt' }],
    ['oob with an empty code', { ...oobAnswer, oob_code: '' }],
    ['otp without its key', { ...otpAnswer, secret: undefined }],
    ['otp with a key that is not base32', { ...otpAnswer, secret: 'not base32!' }],
    ['otp without its URI', { ...otpAnswer, barcode_uri: undefined }],
    ['otp with a URI of another scheme', { ...otpAnswer, barcode_uri: 'javascript:alert(1)' }],
    ['a recovery code that is not in a list', { ...oobAnswer, recovery_codes: 'X' }],
  ])('to associate is ambiguous: the text may be out (%s)', async (_name, body) => {
    const error = await caught(withAnswer({ status: 200, body }, associateSms));
    expect(error).toMatchObject({ verdict: 'ambiguous', endpoint: 'POST /mfa/associate', status: 200 });
  });

  test.each([
    ['nothing', ''],
    ['no JSON', 'OK'],
    ['no token', { token_type: 'Bearer', expires_in: 600 }],
    ['an empty token', { ...tokenAnswer, access_token: '' }],
    ['a life that is no number', { ...tokenAnswer, expires_in: '600' }],
    ['a life that has passed', { ...tokenAnswer, expires_in: 0 }],
    ['a scope that is no text', { ...tokenAnswer, scope: ['enroll'] }],
  ])('to confirm is ambiguous: the code may be spent (%s)', async (_name, body) => {
    const error = await caught(withAnswer({ status: 200, body }, confirmSms));
    expect(error).toMatchObject({ verdict: 'ambiguous', endpoint: 'POST /oauth/token', status: 200 });
  });

  test.each([
    ['nothing', ''],
    ['no list', { authenticators: [] }],
    ['an authenticator without id', [{ authenticator_type: 'otp', active: true }]],
    ['an authenticator without type', [{ id: 'totp|dev_1', active: true }]],
    ['an authenticator that is neither active nor not', [{ id: 'totp|dev_1', authenticator_type: 'otp' }]],
    ['an active that is a word', [{ id: 'totp|dev_1', authenticator_type: 'otp', active: 'false' }]],
  ])('to the list is unreachable: asking again is harmless (%s)', async (_name, body) => {
    const error = await caught(withAnswer({ status: 200, body }, list));
    expect(error).toMatchObject({ verdict: 'unreachable', endpoint: 'GET /mfa/authenticators', status: 200 });
  });
});

describe('associate', () => {
  test('asks for SMS with bearer and JSON alone, no client credentials', async () => {
    const { seen } = await withAnswer({ status: 200, body: oobAnswer }, associateSms, {
      clientSecret: secrets.clientSecret,
    });
    expect(seen).toEqual({
      method: 'POST',
      path: '/mfa/associate',
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${secrets.token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        authenticator_types: ['oob'],
        oob_channels: ['sms'],
        phone_number: secrets.phoneNumber,
      }),
    });
  });

  test('asks for TOTP with the type alone', async () => {
    const { seen } = await withAnswer({ status: 200, body: otpAnswer }, (client) =>
      client.associate(secrets.token, totp),
    );
    expect(JSON.parse(seen.body)).toEqual({ authenticator_types: ['otp'] });
  });

  test.each([
    [
      'SMS, recovery codes on',
      { ...oobAnswer, recovery_codes: [secrets.recoveryCode] },
      { type: 'oob', oobCode: secrets.oobCode, recoveryCode: secrets.recoveryCode },
    ],
    ['SMS', oobAnswer, { type: 'oob', oobCode: secrets.oobCode }],
    [
      'SMS as one page of the docs prints it',
      { ...oobAnswer, oob_channel: undefined, oob_channels: ['sms'] },
      { type: 'oob', oobCode: secrets.oobCode },
    ],
    [
      'an empty list of recovery codes',
      { ...oobAnswer, recovery_codes: [] },
      {
        type: 'oob',
        oobCode: secrets.oobCode,
      },
    ],
    [
      'a way to answer that we do not have: the factor that was asked for says how it is answered',
      { ...oobAnswer, binding_method: 'transfer' },
      { type: 'oob', oobCode: secrets.oobCode },
    ],
    [
      'push: nothing to type',
      { authenticator_type: 'oob', oob_channel: 'auth0', oob_code: secrets.oobCode, barcode_uri: 'otpauth://totp/x' },
      { type: 'oob', oobCode: secrets.oobCode },
    ],
    ['TOTP', otpAnswer, { type: 'otp', setupKey: secrets.setupKey, barcodeUri: otpAnswer.barcode_uri }],
    [
      'TOTP as the first factor',
      { ...otpAnswer, recovery_codes: [secrets.recoveryCode] },
      {
        type: 'otp',
        setupKey: secrets.setupKey,
        barcodeUri: otpAnswer.barcode_uri,
        recoveryCode: secrets.recoveryCode,
      },
    ],
    [
      'fields that we do not know',
      { ...oobAnswer, id: 'sms|dev_1', new_field: {} },
      {
        type: 'oob',
        oobCode: secrets.oobCode,
      },
    ],
  ])('reads the answer: %s', async (_name, body, associated) => {
    const { result } = await withAnswer({ status: 200, body }, associateSms);
    expect(result).toEqual(associated);
  });

  test.each([[''], ['two words'], ['line\nbreak'], ['ümlaut']])(
    'refuses %j as a token without asking Auth0',
    async (token) => {
      const client = createMfaClient({ domain, clientId: 'client-1' });
      const error = await caught(client.associate(token, totp));
      await client.close();
      expect(error).toMatchObject({ verdict: 'token_wrong_kind', endpoint: 'POST /mfa/associate' });
    },
  );
});

describe('confirm', () => {
  test('sends the binding code as a form, a public client with its id alone', async () => {
    const { seen } = await withAnswer({ status: 200, body: tokenAnswer }, confirmSms);
    expect({ ...seen, body: Object.fromEntries(new URLSearchParams(seen.body)) }).toEqual({
      method: 'POST',
      path: '/oauth/token',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: {
        grant_type: 'http://auth0.com/oauth/grant-type/mfa-oob',
        mfa_token: secrets.token,
        oob_code: secrets.oobCode,
        binding_code: secrets.bindingCode,
        client_id: 'client-1',
      },
    });
  });

  test('sends the TOTP code, a confidential client with its secret too', async () => {
    const { seen } = await withAnswer(
      { status: 200, body: tokenAnswer },
      (client) => client.confirm(secrets.token, otp),
      { clientSecret: secrets.clientSecret },
    );
    expect(Object.fromEntries(new URLSearchParams(seen.body))).toEqual({
      grant_type: 'http://auth0.com/oauth/grant-type/mfa-otp',
      mfa_token: secrets.token,
      otp: secrets.otp,
      client_id: 'client-1',
      client_secret: secrets.clientSecret,
    });
  });

  test.each([
    [
      'all of it',
      { ...tokenAnswer, refresh_token: 'r', id_token: 'i', scope: 'enroll  read:authenticators' },
      {
        accessToken: secrets.token,
        expiresIn: 600,
        refreshToken: 'r',
        scope: ['enroll', 'read:authenticators'],
      },
    ],
    ['the token alone', { access_token: secrets.token }, { accessToken: secrets.token, expiresIn: 600, scope: [] }],
    [
      'another life',
      { ...tokenAnswer, expires_in: 86400 },
      {
        accessToken: secrets.token,
        expiresIn: 86400,
        scope: ['enroll'],
      },
    ],
  ])('reads the answer: %s', async (_name, body, tokenSet) => {
    const { result } = await withAnswer({ status: 200, body }, confirmSms);
    expect(result).toEqual(tokenSet);
  });
});

describe('listAuthenticators', () => {
  test('asks with bearer alone', async () => {
    const { seen } = await withAnswer({ status: 200, body: [] }, list);
    expect(seen).toEqual({
      method: 'GET',
      path: '/mfa/authenticators',
      headers: { accept: 'application/json', authorization: `Bearer ${secrets.token}` },
      body: '',
    });
  });

  test('reads a recorded list, with the channel in both spellings', async () => {
    const { result } = await withAnswer(
      {
        status: 200,
        body: [
          { id: 'sms|dev_1', authenticator_type: 'oob', active: false, oob_channel: 'sms', name: 'XXXXXXXXX9167' },
          { id: 'recovery-code|dev_2', authenticator_type: 'recovery-code', active: false },
          { id: 'push|dev_3', authenticator_type: 'oob', active: true, oob_channels: ['auth0'], type: 'push' },
          { id: 'voice|dev_1', authenticator_type: 'oob', active: true, oob_channels: 'voice' },
          { id: 'totp|dev_4', authenticator_type: 'otp', active: true, oob_channel: null },
        ],
      },
      list,
    );
    expect(result).toEqual([
      { id: 'sms|dev_1', authenticatorType: 'oob', oobChannel: 'sms', active: false },
      { id: 'recovery-code|dev_2', authenticatorType: 'recovery-code', active: false },
      { id: 'push|dev_3', authenticatorType: 'oob', oobChannel: 'auth0', active: true },
      { id: 'voice|dev_1', authenticatorType: 'oob', oobChannel: 'voice', active: true },
      { id: 'totp|dev_4', authenticatorType: 'otp', active: true },
    ]);
  });
});

describe('deleteAuthenticator', () => {
  test('encodes the id', async () => {
    const { seen } = await withAnswer({ status: 204 }, remove);
    expect(seen).toMatchObject({ method: 'DELETE', path: '/mfa/authenticators/sms%7Cdev_1' });
  });

  test.each([
    ['without a body', { status: 404 }],
    ['with an error', { status: 404, body: { error: 'not_found', error_description: 'gone' } }],
    [
      'in words',
      {
        status: 403,
        body: { error: 'access_denied', error_description: 'Could not find the requested authenticator' },
      },
    ],
  ])('counts a record that is gone as deleted: said %s', async (_name, answer) => {
    const { result } = await withAnswer(answer, remove);
    expect(result).toBeUndefined();
  });

  test.each([
    ['a scope that is missing', { status: 403, body: { error: 'insufficient_scope' } }, 'configuration'],
    ['a refusal in other words', { status: 403, body: { error: 'access_denied' } }, 'denied'],
    ['a request that Auth0 calls wrong', { status: 400, body: { error: 'invalid_request' } }, 'unexpected'],
    ['a page of a firewall', { status: 403, body: '<html>blocked</html>' }, 'unexpected'],
  ])('fails on anything else: %s', async (_name, answer, verdict) => {
    const error = await caught(withAnswer(answer, remove));
    expect(error).toMatchObject({ verdict, endpoint: 'DELETE /mfa/authenticators/{id}' });
  });

  test.each([[''], ['.'], ['..']])('refuses the id %j, which would name another path', async (id) => {
    const client = createMfaClient({ domain, clientId: 'client-1' });
    const error = await caught(client.deleteAuthenticator(secrets.token, id));
    await client.close();
    expect(error).toMatchObject({ verdict: 'malformed_request' });
  });
});

test('refresh sends the grant without an audience, and reads a rotated refresh token', async () => {
  const { seen, result } = await withAnswer({ status: 200, body: { ...tokenAnswer, refresh_token: 'next' } }, refresh);
  expect(Object.fromEntries(new URLSearchParams(seen.body))).toEqual({
    grant_type: 'refresh_token',
    refresh_token: secrets.refreshToken,
    client_id: 'client-1',
  });
  expect(result.refreshToken).toBe('next');
});

test('exchangeCode sends the verifier and the redirect URI', async () => {
  const { seen } = await withAnswer({ status: 200, body: tokenAnswer }, exchangeCode, {
    clientSecret: secrets.clientSecret,
  });
  expect(Object.fromEntries(new URLSearchParams(seen.body))).toEqual({
    grant_type: 'authorization_code',
    code: secrets.code,
    code_verifier: secrets.codeVerifier,
    redirect_uri: 'https://app.example.com/callback',
    client_id: 'client-1',
    client_secret: secrets.clientSecret,
  });
});

test('a refusal carries status, error code, remedy and wait', async () => {
  const refused = await caught(
    withAnswer({ status: 403, body: { error: 'unauthorized_client', error_description: 'no' } }, confirmSms),
  );
  const limited = await caught(
    withAnswer({ status: 429, body: { error: 'too_many_requests' }, headers: { 'retry-after': '7' } }, confirmSms),
  );
  expect(refused).toMatchObject({
    name: 'Auth0Error',
    verdict: 'configuration',
    endpoint: 'POST /oauth/token',
    status: 403,
    error: 'unauthorized_client',
    remedy: expect.stringContaining('Grant Types'),
  });
  expect(limited).toMatchObject({ verdict: 'throttled', status: 429, retryAfterMs: 7_000 });
});

const calls: Record<string, (client: Client) => Promise<unknown>> = {
  associate: associateSms,
  'confirm with a binding code': confirmSms,
  'confirm with a TOTP code': (client: Client) => client.confirm(secrets.mfaToken, otp),
  list,
  refresh,
  exchangeCode,
  delete: remove,
};

describe('no secret is in the error when Auth0 echoes all of them', () => {
  const everything = Object.values(secrets).join(' ');

  test.each(Object.entries(calls))('%s', async (name, act) => {
    // A 2xx answer to a delete is a success, whatever it says.
    for (const status of [...(name === 'delete' ? [] : [200]), 302, 400, 401, 403, 429, 502]) {
      for (const error of [everything, 'invalid_request', 'invalid_grant', 'a_new_code']) {
        const body = { error, error_description: everything, message: everything };
        const fault = await caught(withAnswer({ status, body }, act, { clientSecret: secrets.clientSecret }));
        const shown = `${inspect(fault, { depth: 9, showHidden: true })} ${JSON.stringify(fault)}`;
        for (const secret of Object.values(secrets)) expect(shown).not.toContain(secret);
      }
    }
  });
});

test.each([
  ['a domain with a scheme', { domain: 'https://tenant.eu.auth0.com', clientId: 'c' }, /expected a host alone/],
  ['a base URL with a path', { domain, baseUrl: 'http://127.0.0.1:3001/auth0', clientId: 'c' }, /origin alone/],
  ['a base URL with credentials', { domain, baseUrl: 'http://u:p@127.0.0.1', clientId: 'c' }, /origin alone/],
  ['a base URL of another kind', { domain, baseUrl: 'ftp://127.0.0.1', clientId: 'c' }, /origin alone/],
  ['an empty client id', { domain, clientId: '' }, /expected the id of the application/],
])('is not built from %s', (_name, config, message) => {
  expect(() => createMfaClient(config)).toThrow(message);
});
