import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { UnreadableReason } from '../enrollment/unsealed';
import { markUnreadable, markUnsealed, withoutMarker } from './payload-marker';

/** AES-256 keys by id. `activeKeyId` encrypts; every key decrypts. */
export interface KeyRing {
  readonly activeKeyId: string;
  readonly keys: ReadonlyMap<string, KeyObject>;
  /** Are payloads of the first format opened, which were bound to no workflow id? */
  readonly readV1?: boolean;
}

/** A payload that cannot be read here: it is not sealed, its key is not in the ring, or it is not what was written for this place. */
export class PayloadDecryptionError extends Error {
  override readonly name = 'PayloadDecryptionError';
  /** It is one of ours, and opens once its key is in the ring. */
  readonly awaited: boolean;
  constructor({ message, awaited }: Pick<NotOpened, 'message' | 'awaited'>) {
    super(message);
    this.awaited = awaited;
  }
}

/** What a payload is sealed for: one workflow id of one namespace. Both empty: for none. */
interface Binding {
  readonly namespace: string;
  readonly workflowId: string;
}

/**
 * A codec that seals each payload, its metadata included, with AES-256-GCM under the active key (NIST SP 800-38D: 96-bit random
 * nonce, 128-bit tag; 2^32 payloads per key at most), bound to its namespace and workflow id. Data: nonce, tag, ciphertext. The version of the
 * format, the id of the key, the namespace and the workflow id stand in clear beside it and are authenticated.
 *
 * With a context, only what was sealed for that namespace and workflow id opens. Without one, as in a codec server, only the
 * integrity under the ids in clear is checked. What the SDK encodes without a context is bound to no workflow id: the failure
 * of a workflow task, which no program reads. It opens nowhere that a context is given.
 *
 * For codec servers: what is not sealed comes back as the very object that went in. `decode` throws PayloadDecryptionError.
 */
export const encryptionCodec = (ring: KeyRing): PayloadCodec =>
  codecOf(ring, (opened, payload) => {
    if (opened.type === 'unsealed') return payload;
    throw new PayloadDecryptionError(opened);
  });

/** For clients: as `encryptionCodec`, and what is not sealed is refused, for nobody knows who wrote it. */
export const clientCodec = (ring: KeyRing): PayloadCodec =>
  codecOf(ring, (opened) => {
    throw new PayloadDecryptionError(opened);
  });

/**
 * For workers. A message that is not sealed, or does not open, must not stop its workflow: it is in the history, and every retry
 * meets it again. So it gets a marker that `payload-converter.ts` reads. Two things throw PayloadDecryptionError, and Temporal
 * tries the task again: a payload of a key that is missing, and of which another key of the ring vouches that it is one of
 * ours (the case waits until its key is there); and whatever else than messages does not open.
 */
export const workerCodec = (ring: KeyRing): PayloadCodec =>
  codecOf(ring, (opened, payload, context) => {
    if (context?.type !== 'workflow' || opened.awaited) throw new PayloadDecryptionError(opened);
    return opened.type === 'unsealed' ? markUnsealed(payload) : markUnreadable(opened.reason);
  });

type NotOpened = Exclude<Opened, { type: 'opened' }>;

function codecOf(
  ring: KeyRing,
  otherwise: (opened: NotOpened, payload: Payload, context: SerializationContext | undefined) => Payload,
): PayloadCodec {
  const { seal, open } = createSealer(ring);
  // Synchronous on purpose: at the size of these payloads node:crypto is five times faster than WebCrypto's promises.
  return {
    encode: async (payloads, context) => {
      const binding = bindingOf(context) ?? unbound;
      return payloads.map((payload) => seal(payload, binding));
    },
    decode: async (payloads, context) => {
      const binding = bindingOf(context);
      return payloads.map((payload) => {
        const opened = open(payload, binding);
        return opened.type === 'opened' ? opened.payload : otherwise(opened, payload, context);
      });
    },
  };
}

const bindingOf = (context: SerializationContext | undefined): Binding | undefined =>
  context && { namespace: context.namespace, workflowId: context.workflowId ?? '' };

const unbound: Binding = { namespace: '', workflowId: '' };

/** What became of a payload. `awaited`: it is one of ours, and opens once its key is in the ring. Messages hold nothing of it. */
type Opened =
  | { readonly type: 'opened'; readonly payload: Payload }
  | { readonly type: 'unsealed'; readonly awaited: false; readonly message: string }
  | {
      readonly type: 'unreadable';
      readonly reason: UnreadableReason;
      readonly awaited: boolean;
      readonly message: string;
    };

interface Sealer {
  readonly seal: (payload: Payload, binding: Binding) => Payload;
  /** Without a binding, any will do. Never throws. */
  readonly open: (payload: Payload, binding: Binding | undefined) => Opened;
}

/** Throws RangeError for a ring without its active key, or with a key or an id of the wrong length. */
function createSealer({ activeKeyId, keys, readV1 = false }: KeyRing): Sealer {
  const activeKey = keys.get(activeKeyId);
  if (activeKey === undefined) throw new RangeError(`the key ring has no key ${activeKeyId} to encrypt with`);
  for (const [id, key] of keys) {
    if (!keyIdPattern.test(id)) throw new RangeError('a payload key id is up to 32 of A-Z a-z 0-9 . _ -');
    if (key.symmetricKeySize !== 32) throw new RangeError(`payload key ${id}: expected 32 bytes`);
  }
  const vouchers = createVouchers({ activeKeyId, keys });

  return {
    seal: (payload, binding) => {
      const envelope = { version: '2', keyId: activeKeyId, ...binding } as const;
      const vouched = vouchers.write(binding);
      return {
        metadata: {
          encoding: bytes(encryptedEncoding),
          [versionMetadata]: bytes(envelope.version),
          [keyIdMetadata]: bytes(activeKeyId),
          [namespaceMetadata]: bytes(binding.namespace),
          [workflowIdMetadata]: bytes(binding.workflowId),
          ...(vouched === undefined ? {} : { [vouchersMetadata]: vouched }),
        },
        data: encrypt(payload, activeKey, authenticated(envelope)),
      };
    },

    open: (payload, binding) => {
      const envelope = envelopeOf(payload);
      if (envelope === undefined) return { type: 'unsealed', awaited: false, message: 'a payload is not sealed' };
      const { version, keyId } = envelope;
      if (version === 'unknown') return unreadable('unknown_format', 'a payload has a format that is not known here');
      if (version === '1' && !readV1) {
        return unreadable('old_format', 'a payload has the first format, which PAYLOAD_READ_V1=true allows');
      }
      if (version === '2' && binding !== undefined && !isSame(envelope, binding)) {
        return unreadable('other_case', 'a payload is sealed for another workflow id or namespace than it stands in');
      }
      const key = keys.get(keyId);
      if (key === undefined) {
        const message = `a payload is encrypted with key "${keyId}", which is not in the key ring`;
        const awaited = version === '2' && vouchers.verify(envelope, payload.metadata?.[vouchersMetadata]);
        return { ...unreadable('key_missing', message), awaited };
      }
      const opened = decrypt(payload.data ?? new Uint8Array(), key, authenticated(envelope));
      return opened === undefined
        ? unreadable(
            'not_ours',
            `a payload does not open with key "${keyId}": it was changed, or written with another key under the same id`,
          )
        : { type: 'opened', payload: withoutMarker(opened) };
    },
  };
}

const encryptedEncoding = 'binary/encrypted';
const versionMetadata = 'encryption-version';
const keyIdMetadata = 'encryption-key-id';
const namespaceMetadata = 'encryption-namespace';
const workflowIdMetadata = 'encryption-workflow-id';
const vouchersMetadata = 'encryption-vouchers';
/** As configuration allows them. */
const keyIdPattern = /^[A-Za-z0-9._-]{1,32}$/;
const nonceBytes = 12;
const tagBytes = 16;
const voucherBytes = 8;
/** More keys than any ring needs; bounds the work that a forged payload causes. */
const mostVouchers = 16;

/** What stands in clear beside a sealed payload. */
type Envelope =
  | ({ readonly version: '2'; readonly keyId: string } & Binding)
  | { readonly version: '1' | 'unknown'; readonly keyId: string };

/** Undefined when a payload cannot be one of ours: another encoding, no key id, or too short. */
function envelopeOf({ metadata, data }: Payload): Envelope | undefined {
  if (text(metadata?.['encoding']) !== encryptedEncoding) return undefined;
  if ((data?.length ?? 0) <= nonceBytes + tagBytes) return undefined;
  const keyId = text(metadata?.[keyIdMetadata]);
  if (keyId === undefined || !keyIdPattern.test(keyId)) return undefined;
  const version = text(metadata?.[versionMetadata]);
  const namespace = text(metadata?.[namespaceMetadata]);
  const workflowId = text(metadata?.[workflowIdMetadata]);
  if (version === undefined) return { version: '1', keyId };
  return version === '2' && namespace !== undefined && workflowId !== undefined
    ? { version, keyId, namespace, workflowId }
    : { version: 'unknown', keyId };
}

/** The constants keep a payload from passing for anything else that these keys may ever seal. */
const authenticated = (envelope: Envelope): Uint8Array =>
  envelope.version === '2'
    ? bytes(
        // JSON, so that no part can run into the next one.
        JSON.stringify(['auth0-mfa-enrollment payload', '2', envelope.keyId, envelope.namespace, envelope.workflowId]),
      )
    : bytes(`auth0-mfa-enrollment payload v1\0${envelope.keyId}`);

function encrypt(payload: Payload, key: KeyObject, context: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(context);
  const plaintext = temporal.api.common.v1.Payload.encode(payload).finish();
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
}

function decrypt(data: Uint8Array, key: KeyObject, context: Uint8Array): Payload | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, nonceBytes), { authTagLength: tagBytes })
      .setAAD(context)
      .setAuthTag(data.subarray(nonceBytes, nonceBytes + tagBytes));
    const plaintext = Buffer.concat([decipher.update(data.subarray(nonceBytes + tagBytes)), decipher.final()]);
    return temporal.api.common.v1.Payload.decode(plaintext);
  } catch {
    return undefined; // Node's own error says less than the caller can
  }
}

/**
 * A voucher is a 64-bit MAC, under another key of the writer's ring, that says: a payload of this key id for this workflow id is one of
 * ours. A reader that lacks the key but has the other one can so tell a key that is on its way, or was removed too early,
 * from a key id that somebody made up. The keys of these MACs are derived, so that no AES key is used for two things.
 */
function createVouchers({ activeKeyId, keys }: Pick<KeyRing, 'activeKeyId' | 'keys'>) {
  const macKeys = Array.from(keys, ([id, key]) => ({
    id,
    key: Buffer.from(hkdfSync('sha256', key, '', 'auth0-mfa-enrollment voucher 2', 32)),
  }));
  const others = macKeys.filter(({ id }) => id !== activeKeyId).slice(0, mostVouchers);
  const voucher = (key: Buffer, keyId: string, { namespace, workflowId }: Binding): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([keyId, namespace, workflowId]))
      .digest()
      .subarray(0, voucherBytes);

  return {
    /** One after another, for each key of the ring but the active one; undefined when that is the only one. */
    write: (binding: Binding): Uint8Array | undefined =>
      others.length === 0 ? undefined : Buffer.concat(others.map(({ key }) => voucher(key, activeKeyId, binding))),

    verify(envelope: Binding & { readonly keyId: string }, vouchers: Uint8Array | null | undefined): boolean {
      const given = Array.from({ length: Math.min(mostVouchers, (vouchers?.length ?? 0) / voucherBytes) }, (_, at) =>
        (vouchers ?? new Uint8Array()).subarray(at * voucherBytes, (at + 1) * voucherBytes),
      ).filter(({ length }) => length === voucherBytes);
      return macKeys.some(({ key }) => {
        const expected = voucher(key, envelope.keyId, envelope);
        return given.some((one) => timingSafeEqual(one, expected));
      });
    },
  };
}

const unreadable = (reason: UnreadableReason, message: string) =>
  ({ type: 'unreadable', reason, awaited: false, message }) as const;

const isSame = (one: Binding, other: Binding): boolean =>
  one.namespace === other.namespace && one.workflowId === other.workflowId;

const bytes = (value: string): Uint8Array => Buffer.from(value);

const text = (value: Uint8Array | null | undefined): string | undefined =>
  value ? Buffer.from(value).toString('utf8') : undefined;
