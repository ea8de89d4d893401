import { z } from 'zod';
import { defined } from '../enrollment/defined';
import type { Secret } from '../secret';
import { isLoopback } from './addresses';
import { readJwt, type JwtConfig } from './jwt';
import type { ConfigReader } from './reader';
import { bearerToken, flag, host, origins, port, word } from './variables';

export interface CodecConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Web origins that may call, to the letter. */
  readonly allowedOrigins: readonly string[];
  /** Each is valid: the new one beside the old one, while it is rotated. */
  readonly authTokens?: Secret<readonly string[]>;
  readonly jwt?: CodecJwtConfig;
  /** Does `/encode` answer? */
  readonly encode: boolean;
  /** Are tokens, codes and keys shown in what is decoded? */
  readonly revealSecrets: boolean;
}

interface CodecJwtConfig extends JwtConfig {
  /** What a token must carry in `scope` or `permissions`; absent: any valid token will do. */
  readonly scope?: string;
}

const expectedTokens =
  'at least 22 random characters of A-Z a-z 0-9 . _ ~ + / -; several tokens have a comma between them';
/** One, or several while it is rotated. */
const bearerTokens = z
  .string()
  .transform((list) => list.split(',').map((token) => token.trim()))
  .refine((tokens) => tokens.every((token) => bearerToken.safeParse(token).success), expectedTokens);

/** Where `temporal server start-dev` serves its web interface. */
const developmentOrigins = ['http://localhost:8233', 'http://127.0.0.1:8233'];

export function readCodec(reader: ConfigReader): CodecConfig {
  const listenHost = reader.withDefault('CODEC_HOST', host, '127.0.0.1');
  const authTokens = reader.optionalSecret('CODEC_AUTH_TOKEN', bearerTokens);
  const issuer = readJwt(reader, 'CODEC_JWT');
  const scope = reader.optional('CODEC_JWT_SCOPE', word);
  if (!reader.isSet('CODEC_AUTH_TOKEN') && !reader.isSet('CODEC_JWT_ISSUER')) withoutAuthentication(reader, listenHost);
  return Object.freeze({
    host: listenHost,
    port: reader.withDefault('CODEC_PORT', port, 8081),
    allowedOrigins: Object.freeze(
      reader.withDefault('CODEC_ALLOWED_ORIGINS', origins, reader.production ? [] : developmentOrigins),
    ),
    ...defined({ authTokens, jwt: issuer && Object.freeze({ ...issuer, ...defined({ scope }) }) }),
    encode: reader.withDefault('CODEC_ENCODE', flag, false),
    revealSecrets: reader.withDefault('CODEC_REVEAL_SECRETS', flag, false),
  });
}

function withoutAuthentication(reader: ConfigReader, listenHost: string): void {
  const authentication = 'CODEC_AUTH_TOKEN, or CODEC_JWT_ISSUER and CODEC_JWT_AUDIENCE';
  if (reader.production) {
    reader.fault('CODEC_AUTH_TOKEN', `callers to be authenticated: ${authentication}`);
  } else if (!isLoopback(listenHost)) {
    reader.fault('CODEC_HOST', `a loopback host such as 127.0.0.1 until callers are authenticated: ${authentication}`);
  } else {
    reader.warn(
      `THE CODEC SERVER IS OPEN: every program on this machine can have payloads decrypted. Set ${authentication}.`,
    );
  }
}
