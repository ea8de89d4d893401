import { expect, test } from '@jest/globals';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { redactedPayload } from '../../src/codec-server/redact';

const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const shown = (payload: Payload): unknown => defaultPayloadConverter.fromPayload(redactedPayload(payload));

test('JSON is shown without its secrets', () => {
  expect(shown(payloadOf({ factor: 'otp', code: '123 456' }))).toEqual({ factor: 'otp', code: '[redacted]' });
});

test.each<[string, Payload]>([
  ['bytes', payloadOf(new Uint8Array([1, 2, 3]))],
  ['broken JSON', { ...payloadOf('x'), data: Buffer.from('{"accessToken":') }],
  ['JSON under another encoding', { ...payloadOf({ state: 'failed' }), metadata: { encoding: Buffer.from('json/x') } }],
  ['a payload without metadata', { data: Buffer.from('123456') }],
])('%s, which nothing of ours writes, is redacted whole', (_name, payload) => {
  expect(shown(payload)).toBe('[redacted]');
});

test.each<[string, Payload]>([
  ['undefined', payloadOf(undefined)],
  ['a payload without data', { metadata: payloadOf('x').metadata ?? {} }],
])('%s has nothing to redact', (_name, payload) => {
  expect(redactedPayload(payload)).toEqual(payload);
});
