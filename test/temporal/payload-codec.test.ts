import { createCipheriv, createHash, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import {
  defaultPayloadConverter,
  type Payload,
  type PayloadCodec,
  type SerializationContext,
} from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import fc from 'fast-check';
import { Unreadable, Unsealed } from '../../src/enrollment/unsealed';
import {
  clientCodec,
  encryptionCodec,
  PayloadDecryptionError,
  workerCodec,
  type KeyRing,
} from '../../src/temporal/payload-codec';
import { payloadConverter } from '../../src/temporal/payload-converter';

const newKey = (): KeyObject => createSecretKey(randomBytes(32));
const k1 = newKey();
const k2 = newKey();
const ringOf = (activeKeyId: string, keys: Readonly<Record<string, KeyObject>>): KeyRing => ({
  activeKeyId,
  keys: new Map(Object.entries(keys)),
});
const oldRing = ringOf('k1', { k1 });
const bothRing = ringOf('k2', { k1, k2 });
const newRing = ringOf('k2', { k2 });
const codec = encryptionCodec(oldRing);
const rotated = encryptionCodec(bothRing);
const worker = workerCodec(oldRing);

const here = { type: 'workflow', namespace: 'default', workflowId: 'mfa-enrollment-one' } as const;
const activity = { ...here, type: 'activity', isLocal: false } as const;
const elsewhere = [
  ['another workflow id', { ...here, workflowId: 'mfa-enrollment-two' }],
  ['another namespace', { ...here, namespace: 'other' }],
  // The parts of a binding must not run into each other.
  ['the same letters, cut elsewhere', { ...here, namespace: 'defaultm', workflowId: 'fa-enrollment-one' }],
] as const;

const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (payload: Payload | undefined): unknown => payload && defaultPayloadConverter.fromPayload(payload);
const encodeOne = async (value: unknown, using = codec, context: SerializationContext | undefined = here) => {
  const [payload] = await using.encode([payloadOf(value)], context);
  if (payload === undefined) throw new Error('nothing was encoded');
  return payload;
};
const decodeOne = async (payload: Payload, using = codec, context: SerializationContext | undefined = here) =>
  (await using.decode([payload], context))[0];
const unbound = async (value: unknown): Promise<Payload | undefined> => (await codec.encode([payloadOf(value)]))[0];
/** What a workflow gets. */
const readBy = async (payload: Payload, using: PayloadCodec = worker): Promise<unknown> =>
  payloadConverter.fromPayload((await decodeOne(payload, using)) ?? {}, here);
const metadataText = (payload: Payload, name: string): string => Buffer.from(payload.metadata?.[name] ?? []).toString();
const withMetadata = (payload: Payload, changed: Readonly<Record<string, string>>): Payload => ({
  ...payload,
  metadata: {
    ...payload.metadata,
    ...Object.fromEntries(Object.entries(changed).map(([name, text]) => [name, Buffer.from(text)])),
  },
});

/** Nonce, tag and ciphertext. */
function encryptedWith(key: KeyObject, context: string, content: Uint8Array): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(Buffer.from(context));
  const ciphertext = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
}
const protobufOf = (value: unknown): Uint8Array => temporal.api.common.v1.Payload.encode(payloadOf(value)).finish();

/** With the fingerprint of another place put over its own. */
function movedTo(payload: Payload, namespace: string, workflowId: string): Payload {
  const data = Buffer.from(payload.data ?? []);
  place(namespace, workflowId).copy(data, 1);
  return { ...payload, data };
}

/** As the first format was written: bound to its key id alone. */
const sealedInV1 = (value: unknown, keyId = 'k1', key = k1): Payload => ({
  metadata: { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from(keyId) },
  data: encryptedWith(key, `auth0-mfa-enrollment payload v1\0${keyId}`, protobufOf(value)),
});

/** As the second format was written: both ids in clear. */
const sealedInV2 = (value: unknown): Payload => ({
  metadata: {
    encoding: Buffer.from('binary/encrypted'),
    'encryption-version': Buffer.from('2'),
    'encryption-key-id': Buffer.from('k1'),
    'encryption-namespace': Buffer.from('default'),
    'encryption-workflow-id': Buffer.from('mfa-enrollment-one'),
  },
  data: encryptedWith(
    k1,
    '["auth0-mfa-enrollment payload","2","k1","default","mfa-enrollment-one"]',
    protobufOf(value),
  ),
});

const place = (namespace: string, workflowId: string): Buffer =>
  createHash('sha256')
    .update(JSON.stringify(['auth0-mfa-enrollment place', namespace, workflowId]))
    .digest()
    .subarray(0, 16);

/** As the third format is written, around any content. */
function sealedInV3(content: Uint8Array): Payload {
  const at = place('default', 'mfa-enrollment-one');
  const context = `["auth0-mfa-enrollment payload","3","k1","${at.toString('base64')}"]`;
  return {
    metadata: { encoding: Buffer.from('binary/encrypted'), 'key-id': Buffer.from('k1') },
    data: Buffer.concat([Buffer.of(3), at, encryptedWith(k1, context, content)]),
  };
}

test('what goes in comes out, metadata included, in the same order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), async (values) => {
      const payloads = values.map(payloadOf);
      const decoded = await codec.decode(await codec.encode(payloads, here), here);
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

test('only the encoding, the id of the key, the version and what it is bound to stand in clear', async () => {
  const encoded = await encodeOne({ code: '123456' });
  const clear = Object.keys(encoded.metadata ?? {}).map((name) => [name, metadataText(encoded, name)]);
  expect(Object.fromEntries(clear)).toEqual({ encoding: 'binary/encrypted', 'key-id': 'k1' });
  const data = Buffer.from(encoded.data ?? []);
  expect(data.subarray(0, 17)).toEqual(Buffer.of(3, ...place('default', 'mfa-enrollment-one')));
  expect(data.toString('latin1')).not.toMatch(/123456|code|json|mfa|default/);
});

describe('what is encrypted', () => {
  const status = { factors: ['sms', 'otp'].map((factor) => ({ factor, state: 'waiting', note: 'n'.repeat(200) })) };

  test('is deflated where it is long', async () => {
    const encoded = await encodeOne(status);
    expect(encoded.data?.length).toBeLessThan(JSON.stringify(status).length / 2);
    expect(valueOf(await decodeOne(encoded))).toEqual(status);
  });

  test.each([200, 5_000, 100_000, 4 * 1024 * 1024 - 100, 5 * 1024 * 1024])(
    'opens with %i characters',
    async (length) => {
      const long = status.factors[0]?.factor.repeat(length / 3);
      expect(valueOf(await decodeOne(await encodeOne(long)))).toBe(long);
    },
  );

  test('has a length that says nothing about a code', async () => {
    const lengthOf = async (code: string) => (await encodeOne({ factor: 'sms', code })).data?.length;
    const length = await lengthOf('000000');
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[0-9]{6}$/), async (code) => expect(await lengthOf(code)).toBe(length)),
    );
  });

  test('is no longer for having been deflated', async () => {
    const random = new Uint8Array(randomBytes(2000));
    const { data } = await encodeOne(random);
    // A version, the place, a nonce, a tag, and a byte that says that it is not deflated.
    expect(data?.length).toBe(protobufOf(random).length + 1 + 16 + 12 + 16 + 1);
  });

  test('opens as it is and deflated', async () => {
    const whole = protobufOf(status);
    for (const content of [Buffer.of(0, ...whole), Buffer.of(1, ...deflateRawSync(whole))]) {
      expect(valueOf(await decodeOne(sealedInV3(content)))).toEqual(status);
    }
  });

  test.each([
    ['a first byte that nobody knows', () => Buffer.of(2, ...protobufOf('x'))],
    ['nothing in it but that byte too many', () => Buffer.of(7)],
    ['bytes that are not deflated', () => Buffer.of(1, 255, 255, 255)],
    [
      'more than 4 MiB in a few bytes',
      () => Buffer.concat([Buffer.of(1), deflateRawSync(protobufOf('x'.repeat(4 * 1024 * 1024)))]),
    ],
  ])('with %s is not ours', async (_what, content) => {
    expect(await readBy(sealedInV3(content()))).toEqual(new Unreadable('not_ours'));
  });
});

test('no nonce is used twice', async () => {
  const encoded = await codec.encode(
    Array.from({ length: 1000 }, () => payloadOf('same')),
    here,
  );
  const nonces = encoded.map(({ data }) =>
    Buffer.from(data ?? [])
      .subarray(17, 29)
      .toString('hex'),
  );
  expect(new Set(nonces).size).toBe(1000);
});

test('a summary of all factors stays within the 400 bytes that the server takes, also while a key is rotated', async () => {
  const many = Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`${at}`.padStart(32, 'k'), newKey()]));
  const rings = [
    { ring: ringOf('k'.repeat(30) + '16', many), namespace: 'n'.repeat(255) },
    { ring: { ...ringOf('k'.repeat(16), { ['k'.repeat(16)]: k1, k2 }), writeV2: true }, namespace: 'n'.repeat(45) },
  ];
  for (const { ring, namespace } of rings) {
    const context = { ...here, namespace, workflowId: `mfa-enrollment-${'w'.repeat(22)}` };
    const encoded = await encodeOne(
      'text message → phone call → email → authenticator app · …23',
      encryptionCodec(ring),
      context,
    );
    expect(temporal.api.common.v1.Payload.encode(encoded).finish().length).toBeLessThanOrEqual(400);
  }
});

describe('a payload opens only where it belongs', () => {
  test.each(elsewhere)('not for %s', async (_what, context) => {
    const error = await decodeOne(await encodeOne('text'), codec, context).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'PayloadDecryptionError', awaited: false });
    expect(String(error)).toContain('sealed for another workflow id or namespace');
  });

  test.each([
    ['another workflow id', { ...here, workflowId: 'mfa-enrollment-two' }],
    ['another namespace', { ...here, namespace: 'other' }],
  ])('not when the fingerprint is rewritten for %s', async (_what, context) => {
    const moved = movedTo(await encodeOne('text'), context.namespace, context.workflowId);
    await expect(decodeOne(moved, codec, context)).rejects.toThrow(/does not open with key "k1"/);
  });

  test('as the argument of an activity of the same workflow', async () => {
    expect(valueOf(await decodeOne(await encodeOne('text', codec, activity), codec, activity))).toBe('text');
  });

  test('without a context, as in a codec server, what is whole opens', async () => {
    const encoded = await encodeOne('text');
    expect(valueOf((await codec.decode([encoded]))[0])).toBe('text');
    await expect(codec.decode([movedTo(encoded, 'default', 'x')])).rejects.toThrow(PayloadDecryptionError);
  });

  test('what was sealed without a context opens nowhere that one is given', async () => {
    const encoded = (await unbound('the failure of a workflow task')) ?? {};
    expect(valueOf((await codec.decode([encoded]))[0])).toBe('the failure of a workflow task');
    await expect(decodeOne(encoded)).rejects.toThrow(PayloadDecryptionError);
  });
});

describe('the first format', () => {
  const allowed = { ...oldRing, readV1: true };

  test('opens only where the configuration says so', async () => {
    expect(valueOf(await decodeOne(sealedInV1('old'), encryptionCodec(allowed)))).toBe('old');
    expect(await readBy(sealedInV1('old'), workerCodec(allowed))).toBe('old');
    await expect(decodeOne(sealedInV1('old'))).rejects.toThrow(/PAYLOAD_READ_V1=true/);
    expect(await readBy(sealedInV1('old'))).toEqual(new Unreadable('old_format'));
  });

  test('a payload of today does not pass for it', async () => {
    for (const { data } of [await encodeOne('text'), sealedInV2('text')]) {
      for (const from of [0, 17]) {
        const downgraded = {
          metadata: { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from('k1') },
          data: Buffer.from(data ?? []).subarray(from),
        };
        expect(await readBy(downgraded, workerCodec(allowed))).toEqual(new Unreadable('not_ours'));
      }
    }
  });
});

describe('the second format', () => {
  test('opens where it belongs, and nowhere else', async () => {
    expect(await readBy(sealedInV2('old'))).toBe('old');
    expect(valueOf((await codec.decode([sealedInV2('old')]))[0])).toBe('old');
    for (const [, context] of elsewhere) {
      await expect(decodeOne(sealedInV2('old'), codec, context)).rejects.toThrow('another workflow id or namespace');
    }
    const moved = withMetadata(sealedInV2('old'), { 'encryption-workflow-id': 'mfa-enrollment-two' });
    const there = { ...here, workflowId: 'mfa-enrollment-two' };
    await expect(decodeOne(moved, codec, there)).rejects.toThrow(/does not open with key "k1"/);
  });

  test('is written where the configuration says so, as before to the name', async () => {
    const encoded = await encodeOne('text', encryptionCodec({ ...bothRing, writeV2: true }));
    expect(Object.keys(encoded.metadata ?? {})).toEqual([
      'encoding',
      'encryption-version',
      'encryption-key-id',
      'encryption-namespace',
      'encryption-workflow-id',
      'encryption-vouchers',
    ]);
    expect(await readBy(encoded, workerCodec(bothRing))).toBe('text');
  });

  test('a payload of today does not pass for it', async () => {
    const { data } = await encodeOne('text');
    const body = Buffer.from(data ?? []).subarray(17);
    expect(await readBy({ ...sealedInV2('text'), data: body })).toEqual(new Unreadable('not_ours'));
  });

  test('nor does it pass for one of today', async () => {
    const { metadata, data } = await encodeOne('text');
    const raised = {
      metadata: metadata ?? {},
      data: Buffer.concat([(data ?? new Uint8Array()).subarray(0, 17), sealedInV2('text').data ?? new Uint8Array()]),
    };
    expect(await readBy(raised)).toEqual(new Unreadable('not_ours'));
  });
});

describe('rotation', () => {
  test('old payloads are read after the active key has changed', async () => {
    expect(valueOf(await decodeOne(await encodeOne('old'), rotated))).toBe('old');
  });

  test('new payloads are written with the active key', async () => {
    expect(metadataText(await encodeOne('new', rotated), 'key-id')).toBe('k2');
  });

  test('a key that is missing is named, and nothing else', async () => {
    const encoded = await encodeOne('secret text', rotated);
    const error = await decodeOne(encoded).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(PayloadDecryptionError);
    expect(String(error)).toBe(
      'PayloadDecryptionError: a payload is encrypted with key "k2", which is not in the key ring',
    );
  });

  test.each([
    ['has the new key first', bothRing, oldRing],
    ['has lost the old key too early', { ...bothRing, activeKeyId: 'k1' }, newRing],
    ['has the new key first, in the second format', { ...bothRing, writeV2: true }, oldRing],
  ])('a message of a key that is missing, where one ring %s, makes a worker wait', async (_what, writer, reader) => {
    const encoded = await encodeOne('text', encryptionCodec(writer));
    await expect(decodeOne(encoded, workerCodec(reader))).rejects.toMatchObject({ awaited: true });
    expect(await readBy(encoded, workerCodec(bothRing))).toBe('text');
  });

  test.each([
    ['without a voucher', async () => encodeOne('text', encryptionCodec(ringOf('forged', { forged: newKey() })))],
    [
      'with a voucher of another ring',
      async () => encodeOne('text', encryptionCodec(ringOf('forged', { forged: newKey(), k1: newKey() }))),
    ],
    [
      'with the voucher of a real message for another key id',
      async () => withMetadata(await encodeOne('text', rotated), { 'key-id': 'forged' }),
    ],
    [
      'with the voucher of a message that was sealed for another workflow',
      async () => {
        const copied = await encodeOne('text', rotated, { ...here, workflowId: 'mfa-enrollment-two' });
        return movedTo(copied, here.namespace, here.workflowId);
      },
    ],
    [
      'with vouchers of the wrong length',
      async () => withMetadata(await encodeOne('text', rotated), { vouchers: 'short' }),
    ],
  ])('a key id that somebody made up, %s, makes nobody wait', async (_what, forge) => {
    expect(await readBy(await forge())).toEqual(new Unreadable('key_missing'));
  });
});

describe('what was changed does not open', () => {
  test.each([
    ['the nonce', 17],
    ['the tag', 29],
    ['the ciphertext', 45],
  ])('%s', async (_what, at) => {
    const encoded = await encodeOne('text');
    const data = Uint8Array.from(encoded.data ?? []);
    data[at] = (data[at] ?? 0) ^ 1;
    await expect(decodeOne({ ...encoded, data })).rejects.toThrow(/does not open with key "k1"/);
    expect(await readBy({ ...encoded, data })).toEqual(new Unreadable('not_ours'));
  });

  test('the end cut off', async () => {
    const encoded = await encodeOne('text');
    await expect(decodeOne({ ...encoded, data: encoded.data?.subarray(0, -1) ?? null })).rejects.toThrow(
      PayloadDecryptionError,
    );
  });

  test('another key under the same id', async () => {
    const other = encryptionCodec(ringOf('k1', { k1: newKey() }));
    await expect(decodeOne(await encodeOne('text'), other)).rejects.toThrow(PayloadDecryptionError);
  });

  test('the id of another key put in its place, even where the bytes of the key are the same', async () => {
    const same = encryptionCodec(ringOf('k1', { k1, copy: k1 }));
    const renamed = withMetadata(await encodeOne('text'), { 'key-id': 'copy' });
    await expect(decodeOne(renamed, same)).rejects.toThrow(PayloadDecryptionError);
  });

  test('a version that nobody here knows', async () => {
    const newer = Buffer.from((await encodeOne('text')).data ?? []).fill(4, 0, 1);
    const forms = [
      { ...(await encodeOne('text')), data: newer },
      withMetadata(sealedInV2('text'), { 'encryption-version': '3' }),
    ];
    for (const form of forms) expect(await readBy(form)).toEqual(new Unreadable('unknown_format'));
  });
});

describe('what is not sealed', () => {
  const encrypted = { encoding: Buffer.from('binary/encrypted') };
  const forms: [string, Payload, unknown][] = [
    ['a signal from the command line', payloadOf('123456'), '123456'],
    [
      'an encoding nobody knows',
      { metadata: { encoding: Buffer.from('binary/other') }, data: Buffer.from('x') },
      undefined,
    ],
    ['no metadata', { data: Buffer.from('x') }, undefined],
    ['our encoding without a key id', { metadata: encrypted, data: Buffer.alloc(64) }, undefined],
    [
      'our encoding with a key id that none of ours can be',
      { metadata: { ...encrypted, 'key-id': Buffer.from('a b') }, data: Buffer.alloc(64) },
      undefined,
    ],
    [
      'our encoding and too few bytes',
      { metadata: { ...encrypted, 'key-id': Buffer.from('k1') }, data: Buffer.alloc(45) },
      undefined,
    ],
    [
      'an older encoding of ours and too few bytes',
      { metadata: { ...encrypted, 'encryption-key-id': Buffer.from('k1') }, data: Buffer.alloc(28) },
      undefined,
    ],
  ];

  test.each(forms)('%s: a codec server leaves it as it is', async (_what, payload) => {
    expect((await codec.decode([payload]))[0]).toBe(payload);
  });

  test.each(forms)('%s: a client refuses it', async (_what, payload) => {
    await expect(decodeOne(payload, clientCodec(oldRing))).rejects.toThrow('a payload is not sealed');
  });

  test.each(forms)('%s: a workflow gets it as Unsealed', async (_what, payload, value) => {
    expect(await readBy(payload)).toEqual(new Unsealed(value));
  });

  test.each(forms)('%s: as the result of an activity it is a fault', async (_what, payload) => {
    await expect(decodeOne(payload, worker, activity)).rejects.toThrow(PayloadDecryptionError);
    await expect(worker.decode([payload])).rejects.toThrow(PayloadDecryptionError);
  });

  test('no marker of its own makes it pass for sealed, nor a sealed one for something else', async () => {
    const marked = withMetadata(payloadOf('x'), { 'mfa-not-sealed': 'not_ours' });
    expect(await readBy(marked)).toEqual(new Unsealed('x'));
    const [sealed = {}] = await codec.encode([marked], here);
    expect(await readBy(sealed)).toBe('x');
  });

  test('where no codec runs, as in a replay of a plain history, a value is itself', () => {
    expect(payloadConverter.fromPayload(payloadOf('x'), here)).toBe('x');
  });
});

test.each([
  ['the active key is not in the ring', 'k9', new Map([['k1', k1]])],
  ['a key is too short', 'k1', new Map([['k1', createSecretKey(randomBytes(16))]])],
  ['a key id is too long', 'k'.repeat(33), new Map([['k'.repeat(33), k1]])],
])('a ring is refused where %s', (_what, activeKeyId, keys) => {
  expect(() => encryptionCodec({ activeKeyId, keys })).toThrow(RangeError);
});
