import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openBrowser } from './browser';
import { startTenant, type Tenant } from './tenant';

let tenant: Tenant;

beforeAll(async () => {
  tenant = await startTenant();
});
beforeEach(() => tenant.control('POST', '/reset'));
afterAll(() => tenant.close());

test('a user who signs in once gets SMS and then TOTP active', async () => {
  const userId = await tenant.newUser('user@example.com');
  const browser = openBrowser(tenant);
  const callback = await browser.login(await browser.authorize(), 'user@example.com');
  const first = tenant.text((await browser.exchange(callback)).json['access_token']);

  const sms = await tenant.associateSms(first);
  expect(sms.json).toEqual({
    authenticator_type: 'oob',
    binding_method: 'prompt',
    oob_channel: 'sms',
    oob_code: expect.stringMatching(
      /^Fe26\.2\*SERVER_\d+\*[0-9a-f]{64}\*[\w-]{22}\*[\w-]+\*\d+\*[0-9a-f]{64}\*[\w-]{43}$/,
    ),
  });
  const confirmed = await tenant.confirmOob(first, sms.json['oob_code'], await tenant.lastCode());
  expect(confirmed.json).toEqual({
    access_token: expect.any(String),
    scope: 'enroll read:authenticators remove:authenticators',
    expires_in: 600,
    token_type: 'Bearer',
  });

  const second = tenant.text(confirmed.json['access_token']);
  const otp = await tenant.associateOtp(second);
  const done = await tenant.confirmOtp(second, await tenant.otpCode(otp.json['secret']));
  expect(done.status).toBe(200);
  expect((await tenant.list(second)).map(({ authenticator_type, active }) => [authenticator_type, active])).toEqual([
    ['oob', true],
    ['otp', true],
  ]);
  expect(await tenant.inbox()).toMatchObject([{ to: '+155512349167', userId, channel: 'sms' }]);
});

test('two confirms of one code at the same moment: one wins', async () => {
  const token = await tenant.token(await tenant.newUser());
  const { json } = await tenant.associateSms(token);
  const code = await tenant.lastCode();
  const answers = await Promise.all([1, 2, 3].map(() => tenant.confirmOob(token, json['oob_code'], code)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403]);
});
