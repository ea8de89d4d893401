import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { UnreadableReason } from '../enrollment/unsealed';
import { markUnreadable, markUnsealed, withoutMarker } from './payload-marker';
import { contentOf, payloadIn } from './sealed-content';
import {
  authenticated,
  envelopeFor,
  isFor,
  keyIdPattern,
  nonceBytes,
  put,
  tagBytes,
  takeApart,
  vouchedFor,
  type Binding,
} from './sealed-envelope';
import { createVouchers } from './vouchers';

/** AES-256 keys by id. `activeKeyId` encrypts; every key decrypts. */
export interface KeyRing {
  readonly activeKeyId: string;
  readonly keys: ReadonlyMap<string, KeyObject>;
  /** Are payloads of the first format opened, which were bound to no workflow id? */
  readonly readV1?: boolean;
  /** Are payloads written as before version 3, for processes of an older release that have to read them? */
  readonly writeV2?: boolean;
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

/**
 * A codec that seals each payload, its metadata included, with AES-256-GCM under the active key (NIST SP 800-38D: 96-bit random
 * nonce, 128-bit tag; 2^32 payloads per key at most), bound to its namespace and workflow id. The version of the format, the id of
 * the key and a fingerprint of both ids stand in clear beside it and are authenticated (`sealed-envelope.ts`).
 *
 * With a context, only what was sealed for that namespace and workflow id opens. Without one, as in a codec server, only the
 * integrity under what stands in clear is checked. What the SDK encodes without a context is bound to no workflow id: the failure
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
export const clientCodec = (ring: KeyRing, observe: ObserveUnreadable = unobserved): PayloadCodec =>
  codecOf(ring, (opened) => {
    if (opened.type === 'unreadable') observe(opened.reason);
    throw new PayloadDecryptionError(opened);
  });

/**
 * For workers. A message that is not sealed, or does not open, must not stop its workflow: it is in the history, and every retry
 * meets it again. So it gets a marker that `payload-converter.ts` reads. Two things throw PayloadDecryptionError, and Temporal
 * tries the task again: a payload of a key that is missing, and of which another key of the ring vouches that it is one of
 * ours (the case waits until its key is there); and whatever else than messages does not open.
 */
export const workerCodec = (ring: KeyRing, observe: ObserveUnreadable = unobserved): PayloadCodec =>
  codecOf(ring, (opened, payload, context) => {
    if (opened.type === 'unreadable') observe(opened.reason);
    if (context?.type !== 'workflow' || opened.awaited) throw new PayloadDecryptionError(opened);
    return opened.type === 'unsealed' ? markUnsealed(payload) : markUnreadable(opened.reason);
  });

/** Hears of each sealed payload that does not open. May not throw. */
export type ObserveUnreadable = (reason: UnreadableReason) => void;

const unobserved: ObserveUnreadable = () => undefined;

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
function createSealer({ activeKeyId, keys, readV1 = false, writeV2 = false }: KeyRing): Sealer {
  const activeKey = keys.get(activeKeyId);
  if (activeKey === undefined) throw new RangeError(`the key ring has no key ${activeKeyId} to encrypt with`);
  for (const [id, key] of keys) {
    if (!keyIdPattern.test(id)) throw new RangeError('a payload key id is up to 32 of A-Z a-z 0-9 . _ -');
    if (key.symmetricKeySize !== 32) throw new RangeError(`payload key ${id}: expected 32 bytes`);
  }
  const vouchers = createVouchers(activeKeyId, keys);
  const written = writeV2 ? '2' : '3';

  return {
    seal: (payload, binding) => {
      const envelope = envelopeFor(written, activeKeyId, binding);
      const content = written === '3' ? contentOf(payload) : PayloadMessage.encode(payload).finish();
      return put({
        envelope,
        vouchers: vouchers.write(vouchedFor(envelope)),
        body: encrypt(content, activeKey, authenticated(envelope)),
      });
    },

    open: (payload, binding) => {
      const sealed = takeApart(payload);
      if (sealed === undefined) return { type: 'unsealed', awaited: false, message: 'a payload is not sealed' };
      const { envelope, body } = sealed;
      const { version, keyId } = envelope;
      if (version === 'unknown') return unreadable('unknown_format', 'a payload has a format that is not known here');
      if (version === '1' && !readV1) {
        return unreadable('old_format', 'a payload has the first format, which PAYLOAD_READ_V1=true allows');
      }
      if (version !== '1' && binding !== undefined && !isFor(envelope, binding)) {
        return unreadable('other_case', 'a payload is sealed for another workflow id or namespace than it stands in');
      }
      const key = keys.get(keyId);
      if (key === undefined) {
        const message = `a payload is encrypted with key "${keyId}", which is not in the key ring`;
        const awaited = version !== '1' && vouchers.verify(vouchedFor(envelope), sealed.vouchers);
        return { ...unreadable('key_missing', message), awaited };
      }
      try {
        const content = decrypt(body, key, authenticated(envelope));
        const opened = version === '3' ? payloadIn(content) : PayloadMessage.decode(content);
        return { type: 'opened', payload: withoutMarker(opened) };
      } catch {
        // Node's own error says less.
        return unreadable(
          'not_ours',
          `a payload does not open with key "${keyId}": it was changed, or written with another key under the same id`,
        );
      }
    },
  };
}

const { Payload: PayloadMessage } = temporal.api.common.v1;

/** Nonce, tag and ciphertext. */
function encrypt(content: Uint8Array, key: KeyObject, context: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(context);
  const ciphertext = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
}

/** Throws when anything is not as it was encrypted. */
function decrypt(body: Uint8Array, key: KeyObject, context: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, nonceBytes), { authTagLength: tagBytes })
    .setAAD(context)
    .setAuthTag(body.subarray(nonceBytes, nonceBytes + tagBytes));
  return Buffer.concat([decipher.update(body.subarray(nonceBytes + tagBytes)), decipher.final()]);
}

const unreadable = (reason: UnreadableReason, message: string) =>
  ({ type: 'unreadable', reason, awaited: false, message }) as const;
