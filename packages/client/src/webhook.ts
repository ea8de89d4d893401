/** A delivery whose signature holds. */
export interface VerifiedWebhook {
  /** `webhook-id`: the same for every try to deliver the same event. Take an event with an id that you know as done. */
  readonly id: string;
  readonly sentAt: Date;
  /** The body, parsed from JSON. */
  readonly payload: unknown;
}

/** A delivery that must not be believed. Answer it with 400 or 401. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
  /** `time`: signed too long ago, or in the future: a replay, or a clock that is wrong. */
  readonly why: 'headers' | 'time' | 'signature' | 'body';

  constructor(why: 'headers' | 'time' | 'signature' | 'body', message: string) {
    super(message);
    this.why = why;
  }
}

export interface VerifyWebhookOptions {
  /** How far the time of the signature may be from now, in seconds. 300 when absent. */
  readonly toleranceSeconds?: number;
  /** Epoch milliseconds. */
  readonly now?: number;
}

export type WebhookHeaders =
  { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Checks a delivery by Standard Webhooks, signature `v1` (HMAC-SHA256 over id, timestamp and body; https://www.standardwebhooks.com).
 * `body`: the bytes as they came, before any JSON parser. `secrets`: `whsec_…`; several while one replaces another.
 * Throws WebhookVerificationError for a delivery that must not be believed, and TypeError for a secret that is none.
 */
export async function verifyWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  { toleranceSeconds = 300, now = Date.now() }: VerifyWebhookOptions = {},
): Promise<VerifiedWebhook> {
  const keys = (typeof secrets === 'string' ? [secrets] : secrets).map(keyOf);
  if (keys.length === 0) throw new TypeError('secrets: expected one or more');
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature');
  if (!/^\d{1,12}$/.test(timestamp))
    throw new WebhookVerificationError('headers', 'webhook-timestamp: expected seconds since 1970');
  const sentAt = Number(timestamp) * 1000;
  // Whole seconds: a delivery that was sent in this second is not in the future.
  if (Math.abs(Math.floor(now / 1000) - Number(timestamp)) > toleranceSeconds)
    throw new WebhookVerificationError(
      'time',
      `The delivery was not signed within ${toleranceSeconds} seconds of now.`,
    );

  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const signed = joined(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
  const given = signatures
    .split(' ')
    .slice(0, mostSignatures)
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => fromBase64(signature.slice(3)))
    .filter((signature) => signature !== undefined);
  if (!(await isSignedByAny(keys, given, signed)))
    throw new WebhookVerificationError('signature', 'No signature of the delivery holds under the given secrets.');
  return { id, sentAt: new Date(sentAt), payload: parsed(bytes) };
}

/** More than a rotation of keys needs; each costs work. */
const mostSignatures = 20;

async function isSignedByAny(
  keys: readonly Uint8Array<ArrayBuffer>[],
  signatures: readonly Uint8Array<ArrayBuffer>[],
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const { subtle } = globalThis.crypto;
  for (const raw of keys) {
    const key = await subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
    for (const signature of signatures) {
      if (await subtle.verify('HMAC', key, signature, signed)) return true; // compares in constant time
    }
  }
  return false;
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const value = isGetter(headers)
    ? headers.get(name)
    : Object.entries(headers).find(([each]) => each.toLowerCase() === name)?.[1];
  const [one, ...others] = typeof value === 'string' ? [value] : (value ?? []);
  if (one !== undefined && one !== '' && others.length === 0) return one;
  throw new WebhookVerificationError('headers', `${name}: expected once`);
}

const isGetter = (headers: WebhookHeaders): headers is { get(name: string): string | null } =>
  typeof headers.get === 'function';

function keyOf(secret: string): Uint8Array<ArrayBuffer> {
  const key = secret.startsWith('whsec_') ? fromBase64(secret.slice(6)) : undefined;
  if (key !== undefined && key.length >= 24 && key.length <= 64) return key; // as the standard bounds it
  throw new TypeError('secret: expected whsec_ and 24 to 64 bytes in base64');
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new WebhookVerificationError('body', 'The body of the delivery is not JSON.');
  }
}
