import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** The version of this project (Semantic Versioning), as its package.json says. Throws when that file is not beside `src` or `dist`. */
export const version = readVersion();

function readVersion(): string {
  const inPackage = z.object({ name: z.literal('auth0-mfa-enrollment'), version: z.string() });
  for (const folder of ['..', '../..']) {
    const text = textOf(join(__dirname, folder, 'package.json')); // beside src/, or above dist/src/
    const parsed = text === undefined ? undefined : inPackage.safeParse(JSON.parse(text)).data;
    if (parsed !== undefined) return parsed.version;
  }
  throw new Error('package.json of auth0-mfa-enrollment is not where it belongs: beside src/ or dist/.');
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
