import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { verifyWebhook } from '@auth0-mfa-enrollment/client';

// The test vector of the Standard Webhooks libraries.
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = '{"test": 2432232314}';
const now = 1_614_265_330_000;
const headers = {
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': '1614265330',
  'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const other = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

test.each([
  ['as a plain object', headers],
  ['as Headers', new Headers(headers)],
  [
    'with names in capitals, as lists',
    {
      'Webhook-Id': [headers['webhook-id']],
      'WEBHOOK-TIMESTAMP': '1614265330',
      'Webhook-Signature': headers['webhook-signature'],
    },
  ],
  [
    'with signatures of other keys and versions',
    { ...headers, 'webhook-signature': `v1a,xx v1,AAAA v1,@ ${headers['webhook-signature']}` },
  ],
])('the published example is verified, its headers %s', async (_what, given) => {
  const verified = await verifyWebhook(body, given, secret, { now });
  expect(verified).toEqual({ id: headers['webhook-id'], sentAt: new Date(now), payload: { test: 2432232314 } });
});

test('either of two secrets is enough, and the body may be bytes', async () => {
  await expect(verifyWebhook(Buffer.from(body), headers, [other, secret], { now })).resolves.toBeDefined();
});

test.each([
  ['another body', '{"test": 1}', headers, secret, now, 'signature'],
  ['another id', body, { ...headers, 'webhook-id': 'msg_2' }, secret, now, 'signature'],
  ['another secret', body, headers, other, now, 'signature'],
  [
    'a signature of another version',
    body,
    { ...headers, 'webhook-signature': headers['webhook-signature'].replace('v1', 'v2') },
    secret,
    now,
    'signature',
  ],
  ['a signature that is cut', body, { ...headers, 'webhook-signature': 'v1,g0hM9SsE' }, secret, now, 'signature'],
  ['a time of 301 seconds ago', body, headers, secret, now + 301_000, 'time'],
  ['a time in 301 seconds', body, headers, secret, now - 301_000, 'time'],
  ['no id', body, { ...headers, 'webhook-id': undefined }, secret, now, 'headers'],
  [
    'two signature headers',
    body,
    { ...headers, 'webhook-signature': [headers['webhook-signature'], 'v1,AA'] },
    secret,
    now,
    'headers',
  ],
  ['a time that is none', body, { ...headers, 'webhook-timestamp': 'now' }, secret, now, 'headers'],
])('a delivery with %s is not believed', async (_what, text, given, key, at, why) => {
  await expect(verifyWebhook(text, given, key, { now: at })).rejects.toMatchObject({
    name: 'WebhookVerificationError',
    why,
  });
});

test.each([300_000, -300_000])('a clock that differs by %i ms is within the tolerance', async (differs) => {
  await expect(verifyWebhook(body, headers, secret, { now: now + differs })).resolves.toBeDefined();
});

test('a body that is signed but no JSON is not believed', async () => {
  const key = Buffer.from(secret.slice(6), 'base64');
  const signature = createHmac('sha256', key).update(`${headers['webhook-id']}.1614265330.no`).digest('base64');
  const given = { ...headers, 'webhook-signature': `v1,${signature}` };
  await expect(verifyWebhook('no', given, secret, { now })).rejects.toMatchObject({ why: 'body' });
});

test.each(['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_', 'whsec_c2hvcnQ=', 'whsec_@@'])(
  'a secret that is none says what was expected, and not what was given: %s',
  async (wrong) => {
    await expect(verifyWebhook(body, headers, wrong, { now })).rejects.toThrow(
      /^secret: expected whsec_ and 24 to 64 bytes in base64$/,
    );
  },
);
