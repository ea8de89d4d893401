import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';

/** AES-256 keys by id. `activeKeyId` encrypts; every key decrypts. */
export interface KeyRing {
  readonly activeKeyId: string;
  readonly keys: ReadonlyMap<string, KeyObject>;
}

/** A payload of ours that cannot be read: its key is not in the ring, or it is not what was written. */
export class PayloadDecryptionError extends Error {
  override readonly name = 'PayloadDecryptionError';
}

const encryptedEncoding = 'binary/encrypted';
const keyIdMetadata = 'encryption-key-id';
/** As configuration allows them. */
const keyIdPattern = /^[A-Za-z0-9._-]{1,32}$/;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Encrypts each payload, its metadata included, with AES-256-GCM under the active key (NIST SP 800-38D: 96-bit random nonce,
 * 128-bit tag; 2^32 payloads per key at most). Data: nonce, tag, ciphertext. The key's id stands in clear beside it and is
 * authenticated. Namespace and workflow id are not in the authenticated data, because a codec server cannot verify them.
 *
 * What another program wrote is left as it is: a signal from a plain command line is welcome.
 * `decode` throws PayloadDecryptionError; a worker then retries the workflow task, so a case waits until its key is back.
 */
export function encryptionCodec({ activeKeyId, keys }: KeyRing): PayloadCodec {
  const activeKey = keys.get(activeKeyId);
  if (activeKey === undefined) throw new RangeError(`the key ring has no key ${activeKeyId} to encrypt with`);
  for (const [id, key] of keys) {
    if (!keyIdPattern.test(id)) throw new RangeError('a payload key id is up to 32 of A-Z a-z 0-9 . _ -');
    if (key.symmetricKeySize !== 32) throw new RangeError(`payload key ${id}: expected 32 bytes`);
  }
  // Synchronous on purpose: at the size of these payloads node:crypto is five times faster than WebCrypto's promises.
  return {
    encode: async (payloads) => payloads.map((payload) => encrypt(payload, activeKeyId, activeKey)),
    decode: async (payloads) => payloads.map((payload) => decrypt(payload, keys)),
  };
}

/** Has this payload the form that `encryptionCodec` gives, under whatever key? */
export const isEncrypted = (payload: Payload): boolean => keyIdOf(payload) !== undefined;

function encrypt(payload: Payload, keyId: string, key: KeyObject): Payload {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(authenticated(keyId));
  const plaintext = temporal.api.common.v1.Payload.encode(payload).finish();
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return {
    metadata: { encoding: Buffer.from(encryptedEncoding), [keyIdMetadata]: Buffer.from(keyId) },
    data: Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]),
  };
}

function decrypt(payload: Payload, keys: ReadonlyMap<string, KeyObject>): Payload {
  const keyId = keyIdOf(payload);
  if (keyId === undefined) return payload;
  const key = keys.get(keyId);
  if (key === undefined) {
    throw new PayloadDecryptionError(`a payload is encrypted with key "${keyId}", which is not in the key ring`);
  }
  const data = payload.data ?? new Uint8Array();
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, nonceBytes), { authTagLength: tagBytes })
      .setAAD(authenticated(keyId))
      .setAuthTag(data.subarray(nonceBytes, nonceBytes + tagBytes));
    const plaintext = Buffer.concat([decipher.update(data.subarray(nonceBytes + tagBytes)), decipher.final()]);
    return temporal.api.common.v1.Payload.decode(plaintext);
  } catch {
    // Node's own error says less than this.
    throw new PayloadDecryptionError(
      `a payload does not open with key "${keyId}": it was changed, or written with another key under the same id`,
    );
  }
}

/** The key that sealed this payload; undefined when it cannot be one of ours: another encoding, no key id, or too short. */
function keyIdOf(payload: Payload): string | undefined {
  if (text(payload.metadata?.['encoding']) !== encryptedEncoding) return undefined;
  if ((payload.data?.length ?? 0) <= nonceBytes + tagBytes) return undefined;
  const keyId = text(payload.metadata?.[keyIdMetadata]);
  return keyId !== undefined && keyIdPattern.test(keyId) ? keyId : undefined;
}

/** The constant keeps a payload from passing for anything else that these keys may ever seal. */
const authenticated = (keyId: string): Uint8Array => Buffer.from(`auth0-mfa-enrollment payload v1\0${keyId}`);

const text = (bytes: Uint8Array | null | undefined): string | undefined =>
  bytes ? Buffer.from(bytes).toString('utf8') : undefined;
