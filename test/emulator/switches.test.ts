import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { defaultSwitches, type SwitchName, switchTable } from '../../emulator/switches';
import { openBrowser } from './browser';
import { type Answer, mfaGrant, startTenant, type Tenant } from './tenant';

let tenant: Tenant;

beforeAll(async () => {
  tenant = await startTenant();
});
beforeEach(() => tenant.control('POST', '/reset'));
afterAll(() => tenant.close());

const fresh = async (): Promise<string> => tenant.token(await tenant.newUser());
const sealed = async (): Promise<string> => tenant.token(await tenant.newUser(), { kind: 'mfa_token' });
const challenge = (token: string, more: Record<string, unknown> = {}): Promise<Answer> =>
  tenant.post('/mfa/challenge', { ...tenant.client, mfa_token: token, ...more });
const grant = (body: Record<string, unknown>): Promise<Answer> =>
  tenant.post('/oauth/token', { ...tenant.client, ...body });
const begun = async () => {
  const token = await fresh();
  const { json } = await tenant.associateSms(token);
  return { token, oobCode: json['oob_code'], code: await tenant.lastCode() };
};
const times = async (count: number, act: () => Promise<unknown>): Promise<void> => {
  for (let done = 0; done < count; done += 1) await act();
};
const startPush = async () => {
  const userId = await tenant.newUser();
  const token = await tenant.token(userId);
  const { json } = await tenant.associate(token, { authenticator_types: ['oob'], oob_channels: ['auth0'] });
  return { userId, poll: () => tenant.confirmOob(token, json['oob_code']) };
};
const answerPush = (userId: string, answer: string) => tenant.control('POST', `/users/${userId}/push`, { answer });

test('the README names every switch with its default', () => {
  const readme = readFileSync(join(__dirname, '../../emulator/README.md'), 'utf8');
  const rows = new Map(
    [...readme.matchAll(/^\| `(\w+)` +\| `(.+?)` +\|/gm)].map(([, name, value]) => [name, value] as const),
  );
  for (const [name, { default: value }] of Object.entries(switchTable)) {
    expect([name, rows.get(name)]).toEqual([name, JSON.stringify(value)]);
  }
});

test('PUT changes what it names, GET shows all, reset brings the defaults back', async () => {
  expect((await tenant.control('GET', '/switches')).json).toEqual(defaultSwitches());
  const answer = await tenant.switches({ recoveryCodes: true });
  expect(answer.json).toEqual({ ...defaultSwitches(), recoveryCodes: true });
  await tenant.control('POST', '/reset');
  expect((await tenant.control('GET', '/switches')).json).toEqual(defaultSwitches());
});

test.each([
  [{ recoveryCode: true }, 'recoveryCode'],
  [{ statusTooManySms: 200 }, 'statusTooManySms'],
  [{ phoneMessageTypes: [] }, 'phoneMessageTypes'],
])('the switches %j are refused with a word about %s', async (patch, word) => {
  const answer = await tenant.switches(patch);
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.json)).toContain(word);
});

/** How to provoke each answer whose status nobody recorded. */
const statusProvokers: Record<Extract<SwitchName, `status${string}`>, () => Promise<Answer>> = {
  statusTooManySms: async () => {
    const token = await fresh();
    await times(10, () => tenant.associateSms(token));
    return tenant.associateSms(token);
  },
  statusTooManyCodes: async () => {
    const token = await fresh();
    await times(10, () => tenant.confirmOtp(token, 'wrong'));
    return tenant.confirmOtp(token, 'wrong');
  },
  statusBadGateway: async () => tenant.associateSms(await fresh(), '+1'),
  statusTooManyEntities: async () => {
    await tenant.switches({ authenticatorLimit: 1 });
    const token = await fresh();
    await tenant.associateOtp(token);
    return tenant.associateOtp(token);
  },
  statusFactorDisabled: async () => {
    await tenant.switches({ otpFactor: false });
    return tenant.associateOtp(await fresh());
  },
  statusInsufficientScope: async () =>
    tenant.associateOtp(await tenant.token(await tenant.newUser(), { scope: 'read:authenticators' })),
  statusInvalidBindingCode: async () => {
    const { token, oobCode } = await begun();
    return tenant.confirmOob(token, oobCode, 'wrong');
  },
  statusMalformedMfaToken: () => tenant.confirmOtp('nonsense', '000000'),
  statusExpiredToken: async () => {
    const token = await sealed();
    await tenant.advance(601);
    return tenant.confirmOtp(token, '000000');
  },
  statusCodeExpired: async () => {
    await tenant.switches({ oobCodeLifeSeconds: 900 });
    const { token, oobCode, code } = await begun();
    await tenant.advance(301);
    return tenant.confirmOob(token, oobCode, code);
  },
  statusOobCodeMismatch: async () => {
    const [one, other] = [await begun(), await begun()];
    return tenant.confirmOob(one.token, other.oobCode, other.code);
  },
  statusWrongClient: async () => {
    const { json: other } = await tenant.control('POST', '/clients', {});
    return grant({
      grant_type: mfaGrant.otp,
      client_id: other['clientId'],
      client_secret: other['clientSecret'],
      mfa_token: await fresh(),
      otp: '000000',
    });
  },
  statusMissingParameter: () => grant({ grant_type: mfaGrant.otp, mfa_token: 'x' }),
  statusSlowDown: async () => {
    const { poll } = await startPush();
    await times(12, poll);
    return poll();
  },
  statusRecoveryRejected: async () => {
    await tenant.switches({ recoveryCodes: true });
    const userId = await tenant.newUser();
    await tenant.withSms(userId);
    return grant({
      grant_type: mfaGrant.recoveryCode,
      mfa_token: await tenant.token(userId),
      recovery_code: 'WRONG',
    });
  },
  statusNotEnrolled: async () => challenge(await sealed()),
  statusUnknownAuthenticator: async () => {
    const userId = await tenant.newUser();
    await tenant.withOtp(userId);
    return challenge(await tenant.token(userId, { kind: 'mfa_token' }), { authenticator_id: 'totp|dev_x' });
  },
  statusMfaRequired: async () => {
    await tenant.switches({ mfaPolicy: 'always' });
    await tenant.newUser('policy@example.com');
    return grant({ grant_type: 'password', username: 'policy@example.com', password: 'correct horse' });
  },
};

describe('statuses that nobody recorded', () => {
  test.each(Object.keys(statusProvokers) as (keyof typeof statusProvokers)[])('%s', async (name) => {
    const usual = await statusProvokers[name]();
    expect(usual.status).toBe(switchTable[name].default);
    await tenant.control('POST', '/reset');
    await tenant.switches({ [name]: 418 });
    const switched = await statusProvokers[name]();
    expect(switched).toMatchObject({ status: 418, json: { error: usual.json['error'] } });
  });
});

test('errorInsufficientScope', async () => {
  await tenant.switches({ errorInsufficientScope: 'access_denied' });
  expect((await statusProvokers.statusInsufficientScope()).json['error']).toBe('access_denied');
});

test.each([
  [false, 200],
  [true, 403],
])('secondAssociateVoidsFirst %s: the first oob_code answers %d', async (on, status) => {
  await tenant.switches({ secondAssociateVoidsFirst: on });
  const { token, oobCode, code } = await begun();
  await tenant.associateSms(token);
  expect((await tenant.confirmOob(token, oobCode, code)).status).toBe(status);
});

test('mfaTokenLifeSeconds and oobCodeLifeSeconds', async () => {
  await tenant.switches({ mfaTokenLifeSeconds: 120, oobCodeLifeSeconds: 60 });
  const token = await sealed();
  const { json } = await tenant.associateSms(token);
  await tenant.advance(61);
  const answer = await tenant.confirmOob(token, json['oob_code'], await tenant.lastCode());
  expect(answer.json['error_description']).toBe('oob_code is expired');
  await tenant.advance(60);
  expect((await tenant.confirmOtp(token, '0')).json['error_description']).toBe('mfa_token is expired');
});

test.each([
  [true, 200],
  [false, 401],
])('confirmTokenForAssociate %s: associate answers %d', async (on, status) => {
  await tenant.switches({ confirmTokenForAssociate: on });
  const token = await tenant.withSms(await tenant.newUser());
  expect((await tenant.associateOtp(token)).status).toBe(status);
});

test('idTokenWithMfaAudience off: the MFA audience gives no id_token, another one does', async () => {
  await tenant.newUser('ada@example.com');
  const signIn = async (more: Record<string, string>) => {
    const browser = openBrowser(tenant);
    return browser.exchange(
      await browser.login(await browser.authorize({ scope: 'openid', ...more }), 'ada@example.com'),
    );
  };
  expect((await signIn({})).json['id_token']).toBeDefined();
  await tenant.switches({ idTokenWithMfaAudience: false });
  expect((await signIn({})).json['id_token']).toBeUndefined();
  expect((await signIn({ audience: `${tenant.publicUrl}/userinfo` })).json['id_token']).toBeDefined();
});

test('reauthentication silent: a session passes prompt=login and max_age, and the id_token tells its age', async () => {
  await tenant.newUser('ada@example.com');
  const browser = openBrowser(tenant);
  await browser.login(await browser.authorize(), 'ada@example.com');
  await tenant.advance(300);
  await tenant.switches({ reauthentication: 'silent' });
  const callback = await browser.authorize({ scope: 'openid', prompt: 'login', max_age: '0' });
  const idToken = decodeJwt(tenant.text((await browser.exchange(callback)).json['id_token']));
  expect(Number(idToken['auth_time'])).toBeLessThanOrEqual(Number(idToken.iat) - 299);
});

test('notEnrolledAnswer', async () => {
  await tenant.switches({ notEnrolledAnswer: 'association_required' });
  expect((await challenge(await sealed())).json['error']).toBe('association_required');
});

test.each([
  [false, 400],
  [true, 200],
])('oobChannelsAsString %s: a plain string answers %d', async (on, status) => {
  await tenant.switches({ oobChannelsAsString: on });
  const body = { authenticator_types: ['oob'], oob_channels: 'sms', phone_number: '+15551234567' };
  expect((await tenant.associate(await fresh(), body)).status).toBe(status);
});

test.each([
  ['any', 200],
  ['newest', 403],
])('pendingTotp %s: a code of the older secret answers %d', async (value, status) => {
  await tenant.switches({ pendingTotp: value });
  const token = await fresh();
  const { json: older } = await tenant.associateOtp(token);
  const { json: newer } = await tenant.associateOtp(token);
  expect((await tenant.confirmOtp(token, await tenant.otpCode(older['secret']))).status).toBe(status);
  expect((await tenant.confirmOtp(token, await tenant.otpCode(newer['secret']))).status).toBe(200);
});

test('confirmNeedsBearer', async () => {
  await tenant.switches({ confirmNeedsBearer: true });
  const { token, oobCode, code } = await begun();
  expect((await tenant.confirmOob(token, oobCode, code)).status).toBe(401);
  const body = { ...tenant.client, grant_type: mfaGrant.oob, mfa_token: token, oob_code: oobCode, binding_code: code };
  expect((await tenant.post('/oauth/token', body, tenant.bearer(token))).status).toBe(200);
});

test('unslashedAudience: the token has the slash all the same', async () => {
  await tenant.switches({ unslashedAudience: true });
  await tenant.newUser('slash@example.com');
  const browser = openBrowser(tenant);
  const callback = await browser.login(
    await browser.authorize({ audience: `${tenant.publicUrl}/mfa` }),
    'slash@example.com',
  );
  const token = tenant.text((await browser.exchange(callback)).json['access_token']);
  expect((await tenant.associateOtp(token)).status).toBe(200);
});

test.each([
  ['access_denied', 400],
  ['invalid_grant', 403],
])('pushRejectedError %s', async (value, status) => {
  await tenant.switches({ pushRejectedError: value });
  const { userId, poll } = await startPush();
  await answerPush(userId, 'reject');
  expect(await poll()).toMatchObject({
    status,
    json: { error: value, error_description: 'MFA Authorization rejected.' },
  });
});

test('errorWrongSecret', async () => {
  await tenant.switches({ errorWrongSecret: 'invalid_client' });
  expect(await grant({ grant_type: 'refresh_token', client_secret: 'wrong' })).toMatchObject({
    status: 401,
    json: { error: 'invalid_client' },
  });
});

test.each([
  [false, 200],
  [true, 403],
])('refreshWantsMfa %s: a refresh with an active factor answers %d', async (on, status) => {
  await tenant.switches({ refreshWantsMfa: on });
  const userId = await tenant.newUser();
  const { json } = await tenant.control('POST', '/tokens', { userId, scope: 'enroll offline_access' });
  await tenant.withOtp(userId);
  expect((await grant({ grant_type: 'refresh_token', refresh_token: json['refreshToken'] })).status).toBe(status);
});

test('jwtAtChallenge', async () => {
  await tenant.switches({ jwtAtChallenge: true });
  const userId = await tenant.newUser();
  await tenant.withOtp(userId);
  expect((await challenge(await tenant.token(userId))).json).toEqual({ challenge_type: 'otp' });
});

test('oobCodeBoundToToken off: another token of the same user confirms', async () => {
  await tenant.switches({ oobCodeBoundToToken: false });
  const userId = await tenant.newUser();
  const { json } = await tenant.associateSms(await tenant.token(userId));
  const code = await tenant.lastCode();
  expect((await tenant.confirmOob(await fresh(), json['oob_code'], code)).status).toBe(400);
  expect((await tenant.confirmOob(await tenant.token(userId), json['oob_code'], code)).status).toBe(200);
});

test.each([
  [true, 'Too many failed codes. Wait for some minutes before retrying.'],
  [false, 'Invalid otp_code.'],
])('sharedAttempts %s: after ten wrong texted codes an app code hears %s', async (on, description) => {
  await tenant.switches({ sharedAttempts: on });
  const { token, oobCode } = await begun();
  await times(10, () => tenant.confirmOob(token, oobCode, 'wrong'));
  expect((await tenant.confirmOtp(token, 'wrong')).json['error_description']).toBe(description);
});

describe('settings of the tenant', () => {
  test('deliverMessages off: the answer is the usual one and the inbox stays empty', async () => {
    await tenant.switches({ deliverMessages: false });
    expect((await tenant.associateSms(await fresh())).status).toBe(200);
    expect(await tenant.inbox()).toEqual([]);
    const logs = JSON.parse((await tenant.control('GET', '/logs')).text) as { type: string }[];
    expect(logs.map(({ type }) => type)).toContain('gd_send_sms_failure');
  });

  test('friendlyName is the issuer of the URI', async () => {
    await tenant.switches({ friendlyName: 'Prod & Co' });
    const { json } = await tenant.associateOtp(await fresh());
    expect(json['barcode_uri']).toMatch(/^otpauth:\/\/totp\/Prod%20%26%20Co:.*&issuer=Prod%20%26%20Co&/);
  });

  test('actionsMfa: mfa_required comes without a token to go on with', async () => {
    await tenant.switches({ actionsMfa: true });
    const { json } = await statusProvokers.statusMfaRequired();
    expect(json).toEqual({ error: 'mfa_required', error_description: expect.any(String) });
  });

  test('voice needs its message type, and shares the bucket of texts', async () => {
    const token = await fresh();
    const body = { authenticator_types: ['oob'], oob_channels: ['voice'], phone_number: '+15551234567' };
    expect((await tenant.associate(token, body)).json['error']).toBe('unsupported_challenge_type');
    await tenant.switches({ phoneMessageTypes: ['sms', 'voice'] });
    const { json } = await tenant.associate(token, body);
    expect(json).toMatchObject({ oob_channel: 'voice', binding_method: 'prompt' });
    expect(await tenant.inbox()).toMatchObject([{ channel: 'voice', to: '+15551234567' }]);
    await times(9, () => tenant.associateSms(token));
    expect((await tenant.associate(token, body)).json['error_description']).toMatch(/^Too many SMS/);
  });

  test('verifiedEmailFactor: the address of a new user is listed as active, is challenged, and cannot be deleted', async () => {
    const before = await fresh();
    await tenant.switches({ verifiedEmailFactor: true });
    const userId = await tenant.newUser('grace@example.com');
    const token = await tenant.token(userId);
    const [email, ...others] = await tenant.list(token);
    expect(others).toEqual([]);
    expect(email).toMatchObject({ active: true, oob_channel: 'email', name: 'grac*@exam*******' });
    expect(await tenant.remove(token, email?.id ?? '')).toMatchObject({
      status: 403,
      json: { error: 'access_denied' },
    });
    await challenge(await tenant.token(userId, { kind: 'mfa_token' }));
    expect(await tenant.inbox()).toMatchObject([{ channel: 'email', to: 'grace@example.com' }]);
    expect(await tenant.list(before)).toEqual([]);
  });

  test.each([
    ['smsFactor', 'sms'],
    ['smsFactor', 'voice'],
    ['emailFactor', 'email'],
    ['pushFactor', 'auth0'],
  ])('%s off: associate by %s is refused', async (name, channel) => {
    await tenant.switches({ phoneMessageTypes: ['sms', 'voice'] });
    const body = { authenticator_types: ['oob'], oob_channels: [channel], phone_number: '+15551234567' };
    expect((await tenant.associate(await fresh(), body)).status).toBe(200);
    await tenant.switches({ [name]: false });
    expect((await tenant.associate(await fresh(), body)).json['error']).toBe('unsupported_challenge_type');
  });
});

describe('push', () => {
  test('it waits, is approved, and brings the app’s code generator along', async () => {
    const { userId, poll } = await startPush();
    expect(await poll()).toMatchObject({
      status: 400,
      json: {
        error: 'authorization_pending',
        error_description: 'Authorization pending: please repeat the request in a few seconds.',
      },
    });
    await answerPush(userId, 'approve');
    const { json } = await poll();
    const list = await tenant.list(tenant.text(json['access_token']));
    expect(list).toMatchObject([
      { authenticator_type: 'oob', oob_channel: 'auth0', active: true },
      { authenticator_type: 'otp', active: true },
    ]);
    expect(list.map(({ id }) => id.split('|')[0])).toEqual(['push', 'totp']);
  });

  test('a minute after slow_down it may be polled again', async () => {
    const { poll } = await startPush();
    await times(12, poll);
    expect((await poll()).json['error']).toBe('slow_down');
    await tenant.advance(61);
    expect((await poll()).json['error']).toBe('authorization_pending');
  });

  test('with nothing waiting, an answer is refused', async () => {
    expect((await answerPush(await tenant.newUser(), 'approve')).status).toBe(409);
  });
});
