import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { ConfigReader } from './reader';
import { flag, key, keyId, keyRing, type Key } from './variables';

export interface PayloadConfig {
  /** The key that encrypts; any key of the ring decrypts. */
  readonly activeKeyId: string;
  /** AES-256 keys by id. */
  readonly keys: ReadonlyMap<string, KeyObject>;
  /** Are payloads of the first format read, which anybody could copy from one enrollment into another? */
  readonly readV1?: boolean;
  /** Are payloads written in the second format, for processes of an older release that read no other? */
  readonly writeV2?: boolean;
}

/** `PAYLOAD_KEYS`, `PAYLOAD_ACTIVE_KEY_ID`, `PAYLOAD_READ_V1` and `PAYLOAD_WRITE_V2`. */
export function readPayload(reader: ConfigReader): PayloadConfig {
  const ring = reader.optionalSecret('PAYLOAD_KEYS', keyRing)?.reveal() ?? madeUpRing(reader);
  for (const [id, entry] of ring) checkStrength(reader, `PAYLOAD_KEYS.${id}`, entry);

  const ids = [...ring.keys()];
  const only = ids.length === 1 ? ids[0] : undefined;
  const activeKeyId = reader.optional('PAYLOAD_ACTIVE_KEY_ID', keyId) ?? only;
  if (activeKeyId === undefined || !ring.has(activeKeyId)) {
    reader.fault('PAYLOAD_ACTIVE_KEY_ID', `the id of the key to encrypt with: one of ${ids.join(', ')}`);
  }
  return Object.freeze({
    activeKeyId: activeKeyId ?? '',
    keys: new Map(Array.from(ring, ([id, entry]) => [id, entry.key])),
    ...(reader.withDefault('PAYLOAD_READ_V1', flag, false) ? { readV1: true } : {}),
    ...(reader.withDefault('PAYLOAD_WRITE_V2', flag, false) ? { writeV2: true } : {}),
  });
}

/** `ID_KEY`. `consequence`: what it means for this process when the key is made up. */
export function readIdKey(
  reader: ConfigReader,
  consequence = 'after a restart open cases are not found, and a user can get a second one.',
): KeyObject {
  const given = reader.optionalSecret('ID_KEY', key)?.reveal();
  if (given !== undefined) {
    checkStrength(reader, 'ID_KEY', given);
    return given.key;
  }
  missing(reader, 'ID_KEY', 'base64 of 32 random bytes', `A key was made up for this process: ${consequence}`);
  return createSecretKey(randomBytes(32));
}

const previousKeysShape = 'keys as ID_KEY has one, separated by commas or as a JSON list';
const previousKeys = z
  .string()
  .transform((text, context): unknown => {
    if (!text.trimStart().startsWith('[')) return text.split(',').map((part) => part.trim());
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: previousKeysShape }); // JSON.parse quotes the text in its error: not passed on
      return z.NEVER;
    }
  })
  .pipe(z.array(key, { error: previousKeysShape }).max(8, 'at most 8 keys'));

/**
 * `ID_KEYS_PREVIOUS`: what `ID_KEY` was before, newest first. What was made under these keys still holds; nothing new is made
 * under them. A key may go once no enrollment of its time is open and its last ones ended more than 24 hours ago.
 */
export function readPreviousIdKeys(reader: ConfigReader, current: KeyObject): readonly KeyObject[] {
  const given = reader.optionalSecret('ID_KEYS_PREVIOUS', previousKeys)?.reveal() ?? [];
  given.forEach((entry, index) => checkStrength(reader, `ID_KEYS_PREVIOUS[${index}]`, entry));
  const keys = given.map((entry) => entry.key);
  const all = [current, ...keys];
  if (all.some((one, index) => all.slice(index + 1).some((other) => one.equals(other)))) {
    reader.fault('ID_KEYS_PREVIOUS', 'keys that differ from each other and from ID_KEY');
  }
  return Object.freeze(keys);
}

function madeUpRing(reader: ConfigReader): ReadonlyMap<string, Key> {
  missing(
    reader,
    'PAYLOAD_KEYS',
    'a JSON object of key id to base64 of 32 random bytes',
    'A key was made up for this process: no other process can read its payloads, nor can this one after a restart.',
  );
  return new Map([
    [`made-up-${randomBytes(4).toString('hex')}`, { key: createSecretKey(randomBytes(32)), weak: false }],
  ]);
}

/** A key is never made up in production; elsewhere the operator is told what a made-up key means. */
function missing(reader: ConfigReader, name: string, expected: string, consequence: string): void {
  if (reader.isSet(name)) return; // set and wrong: the reader has said so
  if (reader.production) reader.fault(name, `${expected}; it is not set`);
  else reader.warn(`${name} is not set. ${consequence}`);
}

function checkStrength(reader: ConfigReader, name: string, { weak }: Key): void {
  if (!weak) return;
  const expected = '32 random bytes, as `openssl rand -base64 32` makes them: this key has a pattern';
  if (reader.production) reader.fault(name, expected);
  else reader.warn(`${name} has a pattern that random bytes do not have. Production refuses it.`);
}
