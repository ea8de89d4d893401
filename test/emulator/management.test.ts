import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { call, type Answer, startTenant, type Tenant } from './tenant';

let tenant: Tenant;
let userId: string;
let token: string;

beforeAll(async () => {
  tenant = await startTenant();
});
beforeEach(async () => {
  await tenant.control('POST', '/reset');
  userId = await tenant.newUser('ada@example.com');
  const { json } = await tenant.post('/oauth/token', {
    grant_type: 'client_credentials',
    ...tenant.client,
    audience: `${tenant.publicUrl}/api/v2/`,
  });
  token = tenant.text(json['access_token']);
});
afterAll(() => tenant.close());

const api = (method: string, path: string, body?: unknown): Promise<Answer> =>
  call(`${tenant.publicUrl}/api/v2${path}`, {
    method,
    headers: { ...tenant.bearer(token), ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const ofUser = (rest: string): string => `/users/${encodeURIComponent(userId)}${rest}`;
const methods = async () => JSON.parse((await api('GET', ofUser('/authentication-methods'))).text) as unknown[];

test('a method set up here is confirmed: it is listed, challenges, and its codes are taken', async () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  const phone = await api('POST', ofUser('/authentication-methods'), { type: 'phone', phone_number: '+12025550123' });
  expect(phone).toMatchObject({
    status: 201,
    json: {
      id: expect.stringMatching(/^phone\|dev_/),
      type: 'phone',
      confirmed: true,
      phone_number: '+12025550123',
      authentication_methods: [{ type: 'sms', id: expect.stringMatching(/^sms\|dev_/) }],
    },
  });
  await api('POST', ofUser('/authentication-methods'), { type: 'totp', totp_secret: secret, name: 'Work phone' });
  const mfa = await tenant.token(userId);
  expect((await tenant.list(mfa)).map(({ active }) => active)).toEqual([true, true]);
  expect((await tenant.confirmOtp(mfa, await tenant.otpCode(secret))).status).toBe(200);
  expect(await methods()).toMatchObject([{ type: 'phone' }, { type: 'totp', name: 'Work phone' }]);
});

test('an unconfirmed record is not listed, yet goes by its id', async () => {
  const mfa = await tenant.token(userId);
  await tenant.associateSms(mfa);
  expect(await methods()).toEqual([]);
  const [record] = await tenant.list(mfa);
  const path = ofUser(`/authentication-methods/${encodeURIComponent(record?.id ?? '')}`);
  expect((await api('DELETE', path)).status).toBe(204);
  expect((await api('DELETE', path)).status).toBe(404);
  expect(await tenant.list(mfa)).toEqual([]);
});

test('one method can be read and named; with totals the list is an object', async () => {
  await tenant.withSms(userId);
  const [{ id }] = (await methods()) as [{ id: string }];
  const path = ofUser(`/authentication-methods/${encodeURIComponent(id)}`);
  expect((await api('PATCH', path, { name: 'Mine' })).json).toMatchObject({ id, name: 'Mine' });
  expect((await api('GET', path)).json).toMatchObject({ id, name: 'Mine', type: 'phone' });
  const paged = await api('GET', ofUser('/authentication-methods?include_totals=true'));
  expect(paged.json).toMatchObject({ start: 0, total: 1, authenticators: [{ id }] });
});

test('PUT replaces all, DELETE wipes', async () => {
  await tenant.withSms(userId);
  await api('PUT', ofUser('/authentication-methods'), [{ type: 'email', email: 'ada@example.com' }]);
  expect(await methods()).toMatchObject([{ type: 'email', email: 'ada@example.com' }]);
  expect((await api('DELETE', ofUser('/authentication-methods'))).status).toBe(204);
  expect(await methods()).toEqual([]);
});

test('the old enrolment calls show pending and confirmed, and remove one', async () => {
  await tenant.withSms(userId);
  await tenant.associateOtp(await tenant.token(userId));
  const list = JSON.parse((await api('GET', ofUser('/enrollments'))).text) as { id: string }[];
  expect(list).toMatchObject([
    { status: 'confirmed', auth_method: 'sms', phone_number: '+155512349167' },
    { status: 'pending', auth_method: 'authenticator' },
  ]);
  const path = `/guardian/enrollments/${list[0]?.id ?? ''}`;
  expect((await api('GET', path)).json).toMatchObject({ user_id: userId, status: 'confirmed' });
  expect((await api('DELETE', path)).status).toBe(204);
  expect((await api('GET', path)).status).toBe(404);
});

test('resets: one provider, then everything', async () => {
  await tenant.withSms(userId);
  await tenant.withOtp(userId);
  expect((await api('DELETE', ofUser('/multifactor/google-authenticator'))).status).toBe(204);
  expect(await methods()).toMatchObject([{ type: 'phone' }]);
  expect((await api('DELETE', ofUser('/authenticators'))).status).toBe(204);
  expect(await methods()).toEqual([]);
});

test('a recovery code can be made anew where there is one', async () => {
  expect((await api('POST', ofUser('/recovery-code-regeneration'))).status).toBe(404);
  await tenant.switches({ recoveryCodes: true });
  await tenant.withSms(userId);
  const { json } = await api('POST', ofUser('/recovery-code-regeneration'));
  expect(json['recovery_code']).toMatch(/^[A-Z0-9]{24}$/);
});

test('an enrolment ticket is for a user there is', async () => {
  const { json } = await api('POST', '/guardian/enrollments/ticket', { user_id: userId });
  expect(json['ticket_url']).toContain(tenant.text(json['ticket_id']));
  expect((await api('POST', '/guardian/enrollments/ticket', { user_id: 'auth0|none' })).status).toBe(404);
});

test('a factor that is turned off here is refused at associate', async () => {
  expect((await api('PUT', '/guardian/factors/otp', { enabled: false })).json).toEqual({ enabled: false });
  const factors = JSON.parse((await api('GET', '/guardian/factors')).text) as unknown[];
  expect(factors).toContainEqual({ name: 'otp', enabled: false, trial_expired: false });
  expect(factors).toContainEqual({ name: 'sms', enabled: true, trial_expired: false });
  expect((await tenant.associateOtp(await tenant.token(userId))).json['error']).toBe('unsupported_challenge_type');
});

test('phone channels, provider and policy are read back as they were set', async () => {
  await api('PUT', '/guardian/factors/phone/message-types', { message_types: ['sms', 'voice'] });
  expect((await api('GET', '/guardian/factors/phone/message-types')).json).toEqual({ message_types: ['sms', 'voice'] });
  await api('PUT', '/guardian/factors/phone/selected-provider', { provider: 'auth0' });
  expect((await api('GET', '/guardian/factors/phone/selected-provider')).json).toEqual({ provider: 'auth0' });
  await api('PUT', '/guardian/policies', ['all-applications']);
  expect((await api('GET', '/guardian/policies')).text).toBe('["all-applications"]');
});

test('the client shows what the MFA grants need, and a patch of it counts', async () => {
  const path = `/clients/${tenant.clientId}`;
  const fields = 'grant_types,token_endpoint_auth_method,is_first_party,callbacks';
  const before = await api('GET', `${path}?fields=${fields}`);
  expect(Object.keys(before.json).sort()).toEqual(fields.split(',').sort());
  expect(before.json['grant_types']).toContain('http://auth0.com/oauth/grant-type/mfa-oob');
  await api('PATCH', path, { grant_types: ['authorization_code'] });
  const answer = await tenant.confirmOtp(await tenant.token(userId), '000000');
  expect(answer.json['error']).toBe('unauthorized_client');
});

test('a third-party application gets no MFA grant, whatever its list says', async () => {
  await api('PATCH', `/clients/${tenant.clientId}`, { is_first_party: false });
  const answer = await tenant.confirmOtp(await tenant.token(userId), '000000');
  expect(answer).toMatchObject({ status: 403, json: { error: 'unauthorized_client' } });
});

test('without sms among the phone channels a text is refused', async () => {
  await api('PUT', '/guardian/factors/phone/message-types', { message_types: ['voice'] });
  const { json } = await tenant.associateSms(await tenant.token(userId));
  expect(json['error']).toBe('unsupported_challenge_type');
});

test.each([
  [{}, []],
  [{ unifiedPhone: true }, [{ name: 'twilio', disabled: false, configuration: { delivery_methods: ['text'] } }]],
  [{ unifiedPhone: true, phoneProvider: 'phone-message-hook' }, [{ name: 'custom', disabled: false }]],
  [{ unifiedPhone: true, phoneProviderDisabled: true }, [{ name: 'twilio', disabled: true }]],
  [
    { unifiedPhone: true, phoneMessageTypes: ['sms', 'voice'] },
    [{ configuration: { delivery_methods: ['text', 'voice'] } }],
  ],
  [{ unifiedPhone: true, phoneProvider: 'auth0' }, []],
])('with %j the phone providers are %j', async (switches, providers) => {
  await tenant.switches(switches);
  expect((await api('GET', '/branding/phone/providers')).json).toMatchObject({ providers });
});

test('tenant settings, custom domains and the log can be read', async () => {
  await tenant.withSms(userId);
  expect((await api('GET', '/tenants/settings')).json).toMatchObject({ friendly_name: 'Emulated Tenant' });
  expect((await api('GET', '/custom-domains')).text).toBe('[]');
  const query = encodeURIComponent(`user_id:"${userId}"`);
  const logs = JSON.parse((await api('GET', `/logs?q=${query}`)).text) as { type: string }[];
  expect(logs.map(({ type }) => type)).toEqual([
    'gd_auth_succeed',
    'gd_enrollment_complete',
    'gd_send_sms',
    'gd_start_enroll',
  ]);
  expect((await api('GET', `/logs?q=${encodeURIComponent('user_id:"other"')}`)).text).toBe('[]');
});

test.each([
  ['PUT', '/guardian/factors/sms', { enabled: 'yes' }, 400, 'invalid_body'],
  ['PUT', '/guardian/factors/phone/message-types', { message_types: [] }, 400, 'invalid_body'],
  ['GET', '/users/auth0%7Cnone/authentication-methods', undefined, 404, 'inexistent_user'],
  ['GET', '/clients/none', undefined, 404, 'inexistent_client'],
])('%s %s %j answers %d %s in the Management envelope', async (method, path, body, status, errorCode) => {
  expect(await api(method, path, body)).toMatchObject({
    status,
    json: { statusCode: status, error: expect.any(String), message: expect.any(String), errorCode },
  });
});

test('without a token, or with one of the MFA API, it is 401', async () => {
  for (const headers of [{}, tenant.bearer(await tenant.token(userId))]) {
    expect(await tenant.get('/api/v2/guardian/factors', headers)).toMatchObject({
      status: 401,
      json: { statusCode: 401, error: 'Unauthorized' },
    });
  }
});
