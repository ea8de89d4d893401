import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runMain } from '../src/run-main';
import { callers, type FuzzCaller } from './fuzz/callers';
import { tableOf } from './fuzz/report';
import { runFuzz, type FuzzOptions } from './fuzz/run';
import { startStack } from './stack';
import { interruption } from './stack/interruption';
import { wholeNumber } from './whole-number';

const folder = join(__dirname, '../reports');

/**
 * `npm run fuzz [-- --role NAME --seed N --max-examples N --minutes N --path REGEX]`: starts a stack, makes up requests from the OpenAPI
 * document that it serves, valid ones and invalid ones, alone and in sequences, and checks each answer against the document. Prints what
 * failed and a table, writes `reports/fuzz.json`, and exits 1 when anything has failed.
 */
async function main(): Promise<void> {
  const options = readOptions();
  const say = (line: string) => process.stderr.write(`${line}\n`);
  say(`seed ${options.seed}: a stack starts`);
  mkdirSync(folder, { recursive: true });
  const stack = await startStack({ logLevel: 'warn', apiVariables: { API_CALLS_PER_MINUTE: '1000000' } });
  try {
    const report = await Promise.race([
      runFuzz(stack, { ...options, say }),
      interruption().then(() => {
        throw new Error('Interrupted.');
      }),
    ]);
    writeFileSync(join(folder, 'fuzz.json'), `${JSON.stringify(report, null, 2)}\n`);
    for (const { caller, passed } of report.callers) {
      if (!passed) process.stdout.write(`${failuresIn(join(options.folder, caller, 'output.txt'))}\n`);
    }
    process.stdout.write(`${tableOf(report)}\n`);
    if (!report.passed) process.exitCode = 1;
  } finally {
    await stack.stop();
  }
}

/** What Schemathesis has said of failures: each with the answer, and a call that shows it again. */
function failuresIn(output: string): string {
  const text = readFileSync(output, 'utf8');
  const start = text.search(/^=+ (?:ERRORS|FAILURES) =+$/m);
  return start === -1 ? text : text.slice(start);
}

function readOptions(): FuzzOptions {
  const { values } = parseArgs({
    options: {
      role: { type: 'string', multiple: true },
      seed: { type: 'string' },
      'max-examples': { type: 'string' },
      minutes: { type: 'string' },
      path: { type: 'string' },
    },
  });
  const { minutes, path } = values;
  return {
    callers: values.role === undefined ? callers : values.role.map(callerNamed),
    seed: wholeNumber('--seed', values.seed, randomInt(1, 1_000_000), 1_000_000_000),
    maxExamples: wholeNumber('--max-examples', values['max-examples'], 25, 10_000),
    ...(minutes === undefined ? {} : { minutes: wholeNumber('--minutes', minutes, 10, 600) }),
    ...(path === undefined ? {} : { path }),
    folder: join(folder, 'fuzz'),
  };
}

function callerNamed(name: string): FuzzCaller {
  const caller = callers.find((each) => each === name);
  if (caller === undefined) throw new RangeError(`--role must be one of ${callers.join(', ')}`);
  return caller;
}

void runMain(main);
