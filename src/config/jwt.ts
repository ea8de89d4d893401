import type { ConfigReader } from './reader';
import { issuer, word } from './variables';

/** Whose tokens are taken: they are checked against the keys that the issuer publishes. */
export interface JwtConfig {
  readonly issuer: string;
  readonly audience: string;
}

/** `<prefix>_ISSUER` and `<prefix>_AUDIENCE`: both or neither. */
export function readJwt(reader: ConfigReader, prefix: 'API_JWT' | 'CODEC_JWT'): JwtConfig | undefined {
  const from = reader.optional(`${prefix}_ISSUER`, issuer);
  const audience = reader.optional(`${prefix}_AUDIENCE`, word);
  for (const [one, other] of [
    ['ISSUER', 'AUDIENCE'],
    ['AUDIENCE', 'ISSUER'],
  ] as const) {
    if (reader.isSet(`${prefix}_${other}`) && !reader.isSet(`${prefix}_${one}`)) {
      reader.fault(`${prefix}_${one}`, `to be set together with ${prefix}_${other}`);
    }
  }
  return from === undefined || audience === undefined ? undefined : Object.freeze({ issuer: from, audience });
}
