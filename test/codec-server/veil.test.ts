import { describe, expect, test } from '@jest/globals';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { veiled } from '../../src/codec-server/veil';

const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value) ?? {};
const shown = (value: unknown): unknown => defaultPayloadConverter.fromPayload(veiled(payloadOf(value)));

describe('what an operator sees of a decoded payload', () => {
  test.each<[string, unknown, unknown]>([
    [
      'the input of a case',
      {
        userId: 'auth0|1',
        phoneNumber: '+14155550123',
        factors: ['sms', 'otp'],
        token: { accessToken: 'eyJ', expiresIn: 600, refreshToken: 'v1.M' },
      },
      {
        userId: 'auth0|1',
        phoneNumber: '••••••••••23',
        factors: ['sms', 'otp'],
        token: { accessToken: '[secret]', expiresIn: 600, refreshToken: '[secret]' },
      },
    ],
    [
      'a call to confirm a texted code',
      {
        accessToken: 'eyJ',
        factor: 'sms',
        proof: { type: 'oob', oobCode: 'Fe26', bindingCode: '123456' },
        activeIds: ['sms|dev_1'],
      },
      {
        accessToken: '[secret]',
        factor: 'sms',
        proof: { type: 'oob', oobCode: '[secret]', bindingCode: '[secret]' },
        activeIds: ['sms|dev_1'],
      },
    ],
    [
      'a call to confirm a code of the app',
      { proof: { type: 'otp', otp: '123456' } },
      { proof: { type: 'otp', otp: '[secret]' } },
    ],
    [
      'the challenge',
      { type: 'otp', setupKey: 'JBSW', barcodeUri: 'otpauth://totp/x?secret=JBSW', recoveryCode: 'ABCD' },
      { type: 'otp', setupKey: '[secret]', barcodeUri: '[secret]', recoveryCode: '[secret]' },
    ],
    ['an update with a code', { factor: 'otp', code: '123 456' }, { factor: 'otp', code: '[secret]' }],
    ['a code sent alone', '123456', '[secret]'],
    [
      'a problem, whose code is a word',
      { code: 'auth0_unavailable', at: 1_700_000_000_000 },
      { code: 'auth0_unavailable', at: 1_700_000_000_000 },
    ],
    ['a masked number', { phoneNumber: '••••••••••23' }, { phoneNumber: '••••••••••23' }],
    ['a summary', 'Waiting for a code: text message', 'Waiting for a code: text message'],
    ['nothing', null, null],
  ])('%s', (_name, value, expected) => {
    expect(shown(value)).toEqual(expected);
  });

  test.each<[string, Payload]>([
    ['bytes', payloadOf(new Uint8Array([1, 2, 3]))],
    ['broken JSON', { ...payloadOf('x'), data: Buffer.from('{"accessToken":') }],
    ['a payload without data', { metadata: payloadOf('x').metadata ?? {} }],
  ])('%s is passed on as it is', (_name, payload) => {
    expect(veiled(payload)).toEqual(payload);
  });
});
