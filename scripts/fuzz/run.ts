import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, createWriteStream, existsSync, mkdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { DesklessStack } from '../stack/stack-file';
import { toolPath } from '../stack/tools';
import { arrangeEnrollments } from './arranged';
import { keyOf, type FuzzCaller } from './callers';
import { readReport, type CallerReport, type FuzzReport } from './report';

export interface FuzzOptions {
  readonly callers: readonly FuzzCaller[];
  readonly seed: number;
  /** The most requests that are made up for one operation in each phase of one caller. */
  readonly maxExamples: number;
  /** Goes on until so many minutes are over, each caller having the same share. Absent: until `maxExamples` are used up. */
  readonly minutes?: number;
  /** Only operations whose path fits this regular expression. */
  readonly path?: string;
  /** Emptied first; keeps what Schemathesis has said and written of each caller. */
  readonly folder: string;
  /** Is 503 an answer like others? Where the machine is busy with other work, Temporal and its workers may not answer in time. */
  readonly toleratesUnavailable?: boolean;
  readonly say?: (line: string) => void;
}

/**
 * Fuzzes the API of a stack from the OpenAPI document that it serves, as one caller after the other. Throws when Schemathesis cannot
 * run; whatever it finds is in the report.
 */
export async function runFuzz(stack: DesklessStack, options: FuzzOptions): Promise<FuzzReport> {
  const { callers, seed, folder, say = () => undefined } = options;
  const began = Date.now();
  rmSync(folder, { recursive: true, force: true });
  const reports: CallerReport[] = [];
  for (const caller of callers) {
    say(`as ${caller}`);
    reports.push(await fuzzAs(stack, caller, options));
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  return { seed, seconds, callers: reports, passed: reports.length > 0 && reports.every(({ passed }) => passed) };
}

async function fuzzAs(stack: DesklessStack, caller: FuzzCaller, options: FuzzOptions): Promise<CallerReport> {
  const folder = join(options.folder, caller);
  mkdirSync(folder, { recursive: true });
  const here = (file: string) => join(folder, file);
  // Several runs on one stack have users of their own.
  await arrangeEnrollments(stack, folder, `${caller}-${randomBytes(4).toString('hex')}`);
  copyFileSync(join(__dirname, 'schemathesis.toml'), here('schemathesis.toml'));
  const key = keyOf(stack, caller);
  const { minutes, path } = options;
  const share = minutes === undefined ? undefined : Math.max(1, Math.round((minutes * 60) / options.callers.length));
  const args = [
    ...['-s', '-m', 'schemathesis.cli', '--no-color', '--config-file', here('schemathesis.toml')],
    ...['run', `${stack.api}/openapi.json`, '--url', stack.api, '--seed', String(options.seed)],
    ...['--max-examples', String(options.maxExamples)],
    ...(share === undefined ? [] : ['--max-time', String(share)]),
    ...(path === undefined ? [] : ['--include-path-regex', path]),
    ...(key === undefined ? [] : ['--header', `Authorization: Bearer ${key}`]),
    ...['--report', 'json,ndjson,junit', '--report-json-path', here('summary.json')],
    ...['--report-ndjson-path', here('events.ndjson'), '--report-junit-path', here('junit.xml')],
  ];
  await python(args, folder, options.toleratesUnavailable === true);
  return readReport(caller, here('summary.json'), here('events.ndjson'));
}

/** Ends well also when failures were found: its summary tells of them. */
async function python(args: readonly string[], folder: string, toleratesUnavailable: boolean): Promise<void> {
  const output = join(folder, 'output.txt');
  const file = createWriteStream(output);
  await once(file, 'open');
  const child = spawn('python3', args, {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      LANG: 'C.UTF-8',
      PYTHONPATH: [toolPath('schemathesis'), __dirname].join(delimiter),
      PYTHONDONTWRITEBYTECODE: '1',
      ...(toleratesUnavailable ? { FUZZ_TOLERATES_UNAVAILABLE: '1' } : {}),
    },
    stdio: ['ignore', file, file],
  });
  const end = () => child.kill();
  process.once('exit', end);
  try {
    await once(child, 'exit');
  } finally {
    process.off('exit', end);
    file.close();
  }
  if (!existsSync(join(folder, 'summary.json'))) throw new Error(`Schemathesis did not run to its end: see ${output}`);
}
