import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { FuzzCaller } from './callers';

/** A kind of failure, and the operations that it was met at. */
export interface FuzzFailure {
  /** Schemathesis's own code and name: `st explain <code>` tells more. */
  readonly code: string;
  readonly title: string;
  readonly count: number;
  readonly operations: readonly string[];
}

/** What came of one caller. */
export interface CallerReport {
  readonly caller: FuzzCaller;
  readonly seconds: number;
  readonly operations: { readonly total: number; readonly tested: number };
  /** Requests that were made up, answered and checked. */
  readonly cases: number;
  /** Answers by status, those to the checks' own calls included. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly failures: readonly FuzzFailure[];
  /** What kept the run from going on somewhere: a network error, a schema that cannot be read. */
  readonly errors: readonly string[];
  /** Failures that hooks.py says are none. */
  readonly dropped: number;
  readonly passed: boolean;
}

export interface FuzzReport {
  readonly seed: number;
  readonly seconds: number;
  readonly callers: readonly CallerReport[];
  readonly passed: boolean;
}

const summary = z.object({
  running_time: z.number(),
  complete: z.boolean(),
  operations: z.object({ selected: z.number(), tested: z.number() }),
  test_cases: z.object({ generated: z.number() }),
  failures: z.array(
    z.object({ code: z.string(), title: z.string(), count: z.number(), operations: z.array(z.string()) }),
  ),
  errors: z.array(z.unknown()),
  filtered: z.number(),
});

const line = z.object({
  ScenarioFinished: z.object({
    recorder: z.object({
      interactions: z
        .record(z.string(), z.object({ response: z.object({ status_code: z.number() }).nullish() }))
        .default({}),
    }),
  }),
});

const noSequences = 'Missing Open API links';

/** Reads what Schemathesis has written of one caller: its summary, and each of its events. */
export async function readReport(caller: FuzzCaller, summaryFile: string, eventsFile: string): Promise<CallerReport> {
  const read = summary.parse(JSON.parse(readFileSync(summaryFile, 'utf8')));
  const { selected: total, tested } = read.operations;
  // Operations that were chosen by their path may have nothing to do with each other: then there are no sequences.
  const errors = read.errors.map((error) => JSON.stringify(error)).filter((text) => !text.includes(noSequences));
  return {
    caller,
    seconds: Math.round(read.running_time),
    operations: { total, tested },
    cases: read.test_cases.generated,
    statuses: await statusesIn(eventsFile),
    failures: read.failures,
    errors,
    dropped: read.filtered,
    passed: read.complete && read.failures.length === 0 && errors.length === 0 && total > 0 && tested === total,
  };
}

async function statusesIn(eventsFile: string): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {};
  for await (const text of createInterface({ input: createReadStream(eventsFile) })) {
    if (!text.startsWith('{"ScenarioFinished"')) continue;
    const { interactions } = line.parse(JSON.parse(text)).ScenarioFinished.recorder;
    for (const { response } of Object.values(interactions)) {
      const status = String(response?.status_code ?? 'none');
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  }
  return statuses;
}

/** What a person reads of a run. */
export function tableOf({ seed, seconds, callers, passed }: FuzzReport): string {
  const rows = callers.map(({ caller, operations, cases, seconds: took, statuses, failures, errors, dropped }) => [
    caller,
    `${operations.tested} of ${operations.total}`,
    String(cases),
    `${took} s`,
    String(failures.reduce((sum, { count }) => sum + count, 0) + errors.length),
    String(dropped),
    Object.entries(statuses)
      .map(([status, count]) => `${status}: ${count}`)
      .join('  '),
  ]);
  const heads = ['caller', 'operations', 'cases', 'took', 'failures', 'dropped', 'answers by status'];
  const widths = heads.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const text = (row: readonly string[]) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
  const findings = callers.flatMap(({ caller, failures, errors }) => [
    ...failures.map(
      ({ code, title, count, operations }) => `${caller}: ${code} ${title} (${count}): ${operations.join(', ')}`,
    ),
    ...errors.map((error) => `${caller}: ${error}`),
  ]);
  return [
    `seed ${seed}, ${seconds} s`,
    '',
    text(heads).trimEnd(),
    ...rows.map((row) => text(row).trimEnd()),
    ...(findings.length === 0 ? [] : ['', ...findings]),
    '',
    passed ? 'The API keeps what its OpenAPI document says.' : 'The API does not keep what its OpenAPI document says.',
  ].join('\n');
}
