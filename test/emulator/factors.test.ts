import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTenant, type Body, type Tenant } from './tenant';

let tenant: Tenant;
let userId: string;
let token: string;

beforeAll(async () => {
  tenant = await startTenant();
});
beforeEach(async () => {
  await tenant.control('POST', '/reset');
  userId = await tenant.newUser('ada@example.com');
  token = await tenant.token(userId);
});
afterAll(() => tenant.close());

const associate = (channel: string, more: Body = {}) =>
  tenant.associate(token, { authenticator_types: ['oob'], oob_channels: [channel], ...more });
const listed = async () => (await tenant.list(token)).map(({ id, active }) => [id.split('|')[0], active]);

describe('a phone call', () => {
  const number = { phone_number: '+12025550143' };
  beforeEach(() => tenant.switches({ phoneMessageTypes: ['sms', 'voice'] }));

  test('says a code that confirms both channels of the number, since Auth0 makes them together', async () => {
    const { status, json } = await associate('voice', number);
    expect(status).toBe(200);
    expect(json).toEqual({
      authenticator_type: 'oob',
      binding_method: 'prompt',
      oob_channel: 'voice',
      oob_code: expect.any(String),
    });
    expect(await tenant.inbox()).toMatchObject([
      { channel: 'voice', to: '+12025550143', code: expect.stringMatching(/^\d{6}$/), userId },
    ]);
    expect(await listed()).toEqual([
      ['voice', false],
      ['sms', false],
    ]);
    const confirmed = await tenant.confirmOob(token, json['oob_code'], await tenant.lastCode());
    expect(confirmed.json).toMatchObject({ expires_in: 600, scope: expect.stringContaining('enroll') });
    expect(await listed()).toEqual([
      ['voice', true],
      ['sms', true],
    ]);
  });

  test.each([
    ['voice', 'sms'],
    ['sms', 'voice'],
  ])('deleting %s takes %s along', async (deleted, other) => {
    await associate('voice', number);
    const entry = (await tenant.list(token)).find(({ id }) => id.startsWith(`${deleted}|`));
    expect((await tenant.remove(token, entry?.id ?? '')).status).toBe(204);
    expect(await tenant.list(token)).toEqual([]);
    const sibling = `${other}|${entry?.id.split('|')[1] ?? ''}`;
    expect((await tenant.remove(token, sibling)).status).toBe(404);
  });

  test('does not take another number along', async () => {
    await associate('voice', number);
    await associate('sms', { phone_number: '+12025550144' });
    const [first] = await tenant.list(token);
    await tenant.remove(token, first?.id ?? '');
    expect((await tenant.list(token)).map(({ name }) => name)).toEqual(['XXXXXXXX0144', 'XXXXXXXX0144']);
  });

  test('is answered with a code that a wrong one does not spoil', async () => {
    const { json } = await associate('voice', number);
    const code = await tenant.lastCode();
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    expect(await tenant.confirmOob(token, json['oob_code'], wrong)).toMatchObject({
      status: 403,
      json: { error: 'invalid_grant', error_description: 'Invalid binding_code.' },
    });
    expect((await tenant.confirmOob(token, json['oob_code'], code)).status).toBe(200);
  });

  test('needs a number', async () => {
    expect((await associate('voice')).json['error_description']).toBe('Missing required parameter: phone_number');
  });
});

describe('an email', () => {
  test.each<[string, Body, string]>([
    ['the address of the user', {}, 'ada@example.com'],
    ['the address that the request names', { email: 'lovelace@example.org' }, 'lovelace@example.org'],
  ])('goes to %s, and its code confirms', async (_name, more, to) => {
    const { json } = await associate('email', more);
    expect(json).toEqual({
      authenticator_type: 'oob',
      binding_method: 'prompt',
      oob_channel: 'email',
      oob_code: expect.any(String),
    });
    expect(await tenant.inbox()).toMatchObject([
      { channel: 'email', to, code: expect.stringMatching(/^\d{6}$/), userId },
    ]);
    expect(await listed()).toEqual([['email', false]]);
    expect((await tenant.confirmOob(token, json['oob_code'], await tenant.lastCode())).status).toBe(200);
    expect(await listed()).toEqual([['email', true]]);
  });

  test('is deleted alone', async () => {
    await associate('email');
    await tenant.associateSms(token);
    const [email] = await tenant.list(token);
    expect((await tenant.remove(token, email?.id ?? '')).status).toBe(204);
    expect(await listed()).toEqual([['sms', false]]);
  });

  test('does not draw on the bucket of texts: twenty go out, then one a minute', async () => {
    for (let sent = 0; sent < 20; sent += 1) expect((await associate('email')).status).toBe(200);
    expect((await associate('email')).json['error_description']).toMatch(/^Too many emails sent by the user\./);
    expect((await tenant.associateSms(token)).status).toBe(200);
    await tenant.advance(61);
    expect((await associate('email')).status).toBe(200);
  });

  test('tells its code to the inbox of the address alone', async () => {
    await associate('email', { email: 'lovelace@example.org' });
    await tenant.associateSms(token, '+12025550143');
    const inbox = await tenant.control(
      'GET',
      `/inbox?${new URLSearchParams({ to: 'lovelace@example.org' }).toString()}`,
    );
    expect(JSON.parse(inbox.text)).toMatchObject([{ channel: 'email' }]);
  });
});

test('sms, a call, an email and an app can all be active for one user', async () => {
  await tenant.switches({ phoneMessageTypes: ['sms', 'voice'] });
  for (const channel of ['voice', 'email']) {
    const { json } = await associate(channel, { phone_number: '+12025550143' });
    token = tenant.text(
      (await tenant.confirmOob(token, json['oob_code'], await tenant.lastCode())).json['access_token'],
    );
  }
  await tenant.associateOtp(token);
  const { json } = await tenant.control('GET', `/users/${encodeURIComponent(userId)}/otp`);
  expect((await tenant.confirmOtp(token, tenant.text(json['code']))).status).toBe(200);
  expect(await listed()).toEqual([
    ['voice', true],
    ['sms', true],
    ['email', true],
    ['totp', true],
  ]);
});
