import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from '@jest/globals';
import { DefaultLogger, Runtime, type LogEntry } from '@temporalio/worker';

const root = join(__dirname, '../../..');

/** Where Temporal's SDK logs while the tests of this file run. */
export function sdkLogPath(): string {
  const { testPath = 'unknown.test.ts' } = expect.getState();
  return join(root, 'reports/logs', `${relative(join(root, 'test'), testPath)}.log`);
}

let installed = false;

/**
 * Has Temporal's SDK, its Rust core included, log into a file of its own for each test file: refusals and faults are what
 * these tests make, so the terminal stays quiet, and what hangs can still be read. Call it before any connection is made.
 */
export function logSdkToFile(): void {
  if (installed) return;
  installed = true;
  const path = sdkLogPath();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  Runtime.install({
    logger: new DefaultLogger('INFO', (entry) => appendFileSync(path, lineOf(entry))),
    telemetryOptions: { logging: { filter: { core: 'INFO', other: 'WARN' }, forward: {} } },
  });
}

function lineOf({ timestampNanos, level, message, meta }: LogEntry): string {
  const at = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  const more = meta === undefined ? '' : ` ${JSON.stringify(meta, shownValue)}`;
  return `${at} ${level} ${message}${more}\n`;
}

const shownValue = (_key: string, value: unknown): unknown =>
  value instanceof Error ? (value.stack ?? value.message) : typeof value === 'bigint' ? String(value) : value;
