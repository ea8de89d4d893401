import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { JWK } from 'jose';

/** What makes tokens and seals of one process good in the next. */
export interface Keys {
  readonly signingKey: JWK;
  readonly sealId: string;
  readonly sealPassword: string;
}

/** What a stopped emulator leaves to the next one. */
interface KeptState<State> {
  /** Of this file's form; another one is not read. */
  readonly version: 1;
  readonly client: { readonly id: string; readonly secret: string };
  readonly keys: Keys;
  /** Milliseconds that the clock is ahead. */
  readonly clockOffset: number;
  readonly state: State;
}

/** Undefined when nothing was kept yet. Throws an error that names the file when it cannot be read. */
export function readKeptState<State>(file: string): KeptState<State> | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const kept = deserialize(readFileSync(file)) as KeptState<State>; // written by `writeKeptState`: Maps and Sets are no JSON
    if (kept.version === 1) return kept;
  } catch (cause) {
    throw new Error(`${file} is not the state of an emulator. Remove it to begin anew.`, { cause });
  }
  throw new Error(`${file} is the state of another version of the emulator. Remove it to begin anew.`);
}

/** All or nothing, for its owner alone: it holds passwords, keys and secrets. */
export function writeKeptState<State>(file: string, kept: KeptState<State>): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, serialize(kept), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
