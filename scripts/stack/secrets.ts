import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isNativeError } from 'node:util/types';
import { z } from 'zod';

const roles = ['onboarding', 'support', 'ops'] as const;

const secretsSchema = z.strictObject({
  payloadKey: z.string(),
  idKey: z.string(),
  apiKeys: z.strictObject({ onboarding: z.string(), support: z.string(), ops: z.string() }),
  clientId: z.string(),
  clientSecret: z.string(),
  /** Of the support desk: its application, and the passwords of its staff. A stack that was kept before there was a desk has none. */
  desk: z
    .strictObject({ clientId: z.string(), clientSecret: z.string(), support: z.string(), ops: z.string() })
    .default(() => deskSecrets()),
});

/** All that a local stack needs to keep to itself. Keys are 256 bits from the system's random generator. */
export type Secrets = z.infer<typeof secretsSchema>;

/** Fresh secrets, for a stack that is thrown away. */
export const freshSecrets = (): Secrets => ({
  payloadKey: randomBytes(32).toString('base64'),
  idKey: randomBytes(32).toString('base64'),
  apiKeys: { onboarding: apiKey('onboarding'), support: apiKey('support'), ops: apiKey('ops') },
  clientId: randomBytes(24).toString('base64url'),
  clientSecret: randomBytes(48).toString('base64url'),
  desk: deskSecrets(),
});

const deskSecrets = () => ({
  clientId: randomBytes(24).toString('base64url'),
  clientSecret: randomBytes(48).toString('base64url'),
  support: randomBytes(12).toString('base64url'),
  ops: randomBytes(12).toString('base64url'),
});

/** The secrets of a stack that stays: made once, then read again, since cases of yesterday are encrypted with them. */
export function keptSecrets(file: string): Secrets {
  try {
    const secrets = secretsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    write(file, secrets); // whole, also when a stack from before has left it
    return secrets;
  } catch (error) {
    if (!(isNativeError(error) && 'code' in error && error.code === 'ENOENT')) {
      throw new Error(`${file} cannot be read as the keys of this stack. Remove its folder to begin anew.`, {
        cause: error,
      });
    }
  }
  const secrets = freshSecrets();
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  write(file, secrets);
  return secrets;
}

/** All or nothing: without it, enrollments of yesterday cannot be read. */
function write(file: string, secrets: Secrets): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** `API_KEYS`: names, hashes and roles; the keys themselves stay out of it. Support and ops may say which person acts. */
export const apiKeysVariable = (keys: Secrets['apiKeys']): string =>
  JSON.stringify(
    roles.map((role) => ({
      name: role,
      hash: `sha256:${createHash('sha256').update(keys[role]).digest('hex')}`,
      role,
      ...(role === 'onboarding' ? {} : { namesPersons: true }),
    })),
  );

const apiKey = (role: (typeof roles)[number]): string => `mfa_${role}_${randomBytes(32).toString('base64url')}`;
