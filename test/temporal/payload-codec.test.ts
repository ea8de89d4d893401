import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import fc from 'fast-check';
import { encryptionCodec, isEncrypted, PayloadDecryptionError } from '../../src/temporal/payload-codec';

const newKey = (): KeyObject => createSecretKey(randomBytes(32));
const k1 = newKey();
const k2 = newKey();
const codec = encryptionCodec({ activeKeyId: 'k1', keys: new Map([['k1', k1]]) });
const rotated = encryptionCodec({
  activeKeyId: 'k2',
  keys: new Map([
    ['k1', k1],
    ['k2', k2],
  ]),
});

const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (payload: Payload | undefined): unknown => payload && defaultPayloadConverter.fromPayload(payload);
const encodeOne = async (value: unknown, using = codec): Promise<Payload> => {
  const [payload] = await using.encode([payloadOf(value)]);
  if (payload === undefined) throw new Error('nothing was encoded');
  return payload;
};
const decodeOne = async (payload: Payload, using = codec): Promise<Payload | undefined> =>
  (await using.decode([payload]))[0];
const metadataText = (payload: Payload, name: string): string => Buffer.from(payload.metadata?.[name] ?? []).toString();

test('what goes in comes out, metadata included, in the same order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), async (values) => {
      const payloads = values.map(payloadOf);
      const decoded = await codec.decode(await codec.encode(payloads));
      expect(decoded.map(valueOf)).toEqual(payloads.map(valueOf));
      expect(decoded.map((payload) => metadataText(payload, 'encoding'))).toEqual(values.map(() => 'json/plain'));
    }),
  );
});

test('bytes come out to the byte', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
      expect(Buffer.from(valueOf(await decodeOne(await encodeOne(bytes))) as Uint8Array)).toEqual(Buffer.from(bytes));
    }),
  );
});

test('only the encoding and the id of the key stand in clear', async () => {
  const encoded = await encodeOne({ code: '123456' });
  expect(Object.keys(encoded.metadata ?? {}).sort()).toEqual(['encoding', 'encryption-key-id']);
  expect(metadataText(encoded, 'encoding')).toBe('binary/encrypted');
  expect(metadataText(encoded, 'encryption-key-id')).toBe('k1');
  expect(Buffer.from(encoded.data ?? []).toString('latin1')).not.toMatch(/123456|code|json/);
});

test('no nonce is used twice', async () => {
  const encoded = await codec.encode(Array.from({ length: 1000 }, () => payloadOf('same')));
  const nonces = encoded.map(({ data }) =>
    Buffer.from(data ?? [])
      .subarray(0, 12)
      .toString('hex'),
  );
  expect(new Set(nonces).size).toBe(1000);
});

test('a summary of 200 bytes stays within the 400 that the server takes', async () => {
  expect((await encodeOne('s'.repeat(200))).data?.length).toBeLessThan(
    400 - 'encodingbinary/encryptedencryption-key-id'.length - 32,
  );
});

describe('rotation', () => {
  test('old payloads are read after the active key has changed', async () => {
    expect(valueOf(await decodeOne(await encodeOne('old'), rotated))).toBe('old');
  });

  test('new payloads are written with the active key', async () => {
    expect(metadataText(await encodeOne('new', rotated), 'encryption-key-id')).toBe('k2');
  });

  test('a key that is missing is named, and nothing else', async () => {
    const encoded = await encodeOne('secret text', rotated);
    const error = await codec.decode([encoded]).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(PayloadDecryptionError);
    expect(String(error)).toBe(
      'PayloadDecryptionError: a payload is encrypted with key "k2", which is not in the key ring',
    );
  });
});

describe('what was changed does not open', () => {
  test.each([
    ['the nonce', 0],
    ['the tag', 12],
    ['the ciphertext', 28],
  ])('%s', async (_what, at) => {
    const encoded = await encodeOne('text');
    const data = Uint8Array.from(encoded.data ?? []);
    data[at] = (data[at] ?? 0) ^ 1;
    await expect(decodeOne({ ...encoded, data })).rejects.toThrow(/does not open with key "k1"/);
  });

  test('the end cut off', async () => {
    const encoded = await encodeOne('text');
    await expect(decodeOne({ ...encoded, data: encoded.data?.subarray(0, -1) ?? null })).rejects.toThrow(
      PayloadDecryptionError,
    );
  });

  test('another key under the same id', async () => {
    const other = encryptionCodec({ activeKeyId: 'k1', keys: new Map([['k1', newKey()]]) });
    await expect(decodeOne(await encodeOne('text'), other)).rejects.toThrow(PayloadDecryptionError);
  });

  test('the id of another key put in its place, even where the bytes of the key are the same', async () => {
    const same = encryptionCodec({
      activeKeyId: 'k1',
      keys: new Map([
        ['k1', k1],
        ['copy', k1],
      ]),
    });
    const encoded = await encodeOne('text');
    const renamed = { ...encoded, metadata: { ...encoded.metadata, 'encryption-key-id': Buffer.from('copy') } };
    await expect(decodeOne(renamed, same)).rejects.toThrow(PayloadDecryptionError);
  });
});

describe('what another program wrote is left as it is', () => {
  const encrypted = { encoding: Buffer.from('binary/encrypted') };
  test.each([
    ['a signal from the command line', payloadOf('123456')],
    ['an encoding nobody knows', { metadata: { encoding: Buffer.from('binary/other') }, data: Buffer.from('x') }],
    ['no metadata', { data: Buffer.from('x') }],
    ['our encoding without a key id', { metadata: encrypted, data: Buffer.alloc(64) }],
    [
      'our encoding with a key id that none of ours can be',
      { metadata: { ...encrypted, 'encryption-key-id': Buffer.from('a b') }, data: Buffer.alloc(64) },
    ],
    [
      'our encoding and too few bytes',
      { metadata: { ...encrypted, 'encryption-key-id': Buffer.from('k1') }, data: Buffer.alloc(28) },
    ],
  ])('%s', async (_what, payload) => {
    expect(await decodeOne(payload)).toBe(payload);
    expect(isEncrypted(payload)).toBe(false);
  });
});

test.each([
  ['the active key is not in the ring', 'k9', new Map([['k1', k1]])],
  ['a key is too short', 'k1', new Map([['k1', createSecretKey(randomBytes(16))]])],
  ['a key id is too long', 'k'.repeat(33), new Map([['k'.repeat(33), k1]])],
])('a ring is refused where %s', (_what, activeKeyId, keys) => {
  expect(() => encryptionCodec({ activeKeyId, keys })).toThrow(RangeError);
});
