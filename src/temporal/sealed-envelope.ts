import { createHash } from 'node:crypto';
import type { Payload } from '@temporalio/common';

// How a sealed payload is laid out: what stands in clear beside the ciphertext, in each version of the format, and what of it is
// authenticated. docs/payload-encryption.md describes it for people.

/** What a payload is sealed for: one workflow id of one namespace. Both empty: for none. */
export interface Binding {
  readonly namespace: string;
  readonly workflowId: string;
}

/** What stands in clear, as far as it is authenticated. */
export type Envelope = Known | { readonly version: 'unknown'; readonly keyId: string };

type Known =
  | { readonly version: '3'; readonly keyId: string; readonly place: string }
  | ({ readonly version: '2'; readonly keyId: string } & Binding)
  | { readonly version: '1'; readonly keyId: string };

/** An envelope that is written today, or was until lately: bound to a place. */
export type Bound = Exclude<Known, { version: '1' }>;

/** A payload taken apart. `body`: nonce, tag and ciphertext. */
export interface Sealed {
  readonly envelope: Envelope;
  readonly vouchers: Uint8Array | undefined;
  readonly body: Uint8Array;
}

/** As configuration allows them. */
export const keyIdPattern = /^[A-Za-z0-9._-]{1,32}$/;
export const nonceBytes = 12;
export const tagBytes = 16;

const encoding = Buffer.from('binary/encrypted');
/** Of version 3. */
const keyIdName = 'key-id';
const vouchersName = 'vouchers';
/** Of versions 1 and 2. */
const older = {
  version: 'encryption-version',
  keyId: 'encryption-key-id',
  namespace: 'encryption-namespace',
  workflowId: 'encryption-workflow-id',
  vouchers: 'encryption-vouchers',
} as const;

/** The first byte of the data of version 3. */
const thirdVersion = 3;
const placeBytes = 16;

/** The envelope of a new payload for this place. */
export const envelopeFor = (version: Bound['version'], keyId: string, binding: Binding): Bound =>
  version === '3' ? { version, keyId, place: placeOf(binding) } : { version, keyId, ...binding };

/**
 * A namespace and a workflow id as 128 bits of SHA-256, in base64: whoever wants a payload to open elsewhere has to find another pair
 * with the same bits, and a workflow id that was given is not theirs to choose. JSON, so that the parts cannot run into each other.
 */
const placeOf = ({ namespace, workflowId }: Binding): string =>
  createHash('sha256')
    .update(JSON.stringify(['auth0-mfa-enrollment place', namespace, workflowId]))
    .digest()
    .toString('base64', 0, placeBytes);

/** Is it sealed for this place? */
export const isFor = (envelope: Bound, binding: Binding): boolean =>
  envelope.version === '3'
    ? envelope.place === placeOf(binding)
    : envelope.namespace === binding.namespace && envelope.workflowId === binding.workflowId;

/** What AES-GCM authenticates beside the ciphertext. The constants keep a payload from passing for anything else that these keys may ever seal. */
export const authenticated = (envelope: Known): Uint8Array =>
  Buffer.from(
    envelope.version === '1'
      ? `auth0-mfa-enrollment payload v1\0${envelope.keyId}`
      : JSON.stringify(['auth0-mfa-enrollment payload', envelope.version, ...claimsOf(envelope)]),
  );

/** What a voucher vouches for. */
export const vouchedFor = (envelope: Bound): string => JSON.stringify(claimsOf(envelope));

const claimsOf = (envelope: Bound): readonly string[] =>
  envelope.version === '3'
    ? [envelope.keyId, envelope.place]
    : [envelope.keyId, envelope.namespace, envelope.workflowId];

/** The payload as Temporal stores it. */
export function put({ envelope, vouchers, body }: Sealed & { readonly envelope: Bound }): Payload {
  const keyId = Buffer.from(envelope.keyId);
  if (envelope.version === '3') {
    return {
      metadata: { encoding, [keyIdName]: keyId, ...(vouchers && { [vouchersName]: vouchers }) },
      data: Buffer.concat([Buffer.of(thirdVersion), Buffer.from(envelope.place, 'base64'), body]),
    };
  }
  return {
    metadata: {
      encoding,
      [older.version]: Buffer.from(envelope.version),
      [older.keyId]: keyId,
      [older.namespace]: Buffer.from(envelope.namespace),
      [older.workflowId]: Buffer.from(envelope.workflowId),
      ...(vouchers && { [older.vouchers]: vouchers }),
    },
    data: body,
  };
}

/** Undefined when a payload cannot be one of ours: another encoding, no key id, or too short. */
export function takeApart({ metadata, data }: Payload): Sealed | undefined {
  if (!metadata || !data || text(metadata['encoding']) !== text(encoding)) return undefined;
  return metadata[keyIdName] === undefined ? olderApart(metadata, data) : newApart(metadata, data);
}

function newApart(metadata: Metadata, data: Uint8Array): Sealed | undefined {
  const keyId = keyIdIn(metadata[keyIdName]);
  const body = data.subarray(1 + placeBytes);
  if (keyId === undefined || isTooShort(body)) return undefined;
  const place = Buffer.from(data.subarray(1, 1 + placeBytes)).toString('base64');
  const envelope: Envelope = data[0] === thirdVersion ? { version: '3', keyId, place } : { version: 'unknown', keyId };
  return { envelope, vouchers: metadata[vouchersName], body };
}

function olderApart(metadata: Metadata, data: Uint8Array): Sealed | undefined {
  const keyId = keyIdIn(metadata[older.keyId]);
  if (keyId === undefined || isTooShort(data)) return undefined;
  return { envelope: olderEnvelope(metadata, keyId), vouchers: metadata[older.vouchers], body: data };
}

function olderEnvelope(metadata: Metadata, keyId: string): Envelope {
  const version = text(metadata[older.version]);
  const namespace = text(metadata[older.namespace]);
  const workflowId = text(metadata[older.workflowId]);
  if (version === undefined) return { version: '1', keyId };
  return version === '2' && namespace !== undefined && workflowId !== undefined
    ? { version, keyId, namespace, workflowId }
    : { version: 'unknown', keyId };
}

type Metadata = Readonly<Record<string, Uint8Array>>;

const isTooShort = (body: Uint8Array): boolean => body.length <= nonceBytes + tagBytes;

function keyIdIn(value: Uint8Array | undefined): string | undefined {
  const keyId = text(value);
  return keyId !== undefined && keyIdPattern.test(keyId) ? keyId : undefined;
}

const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString('utf8');
