import { TOTP } from 'otpauth';
import type { BenchTenant, CodeFactor, Engine, Person } from './engine';
import type { HistoryFigures } from './history-figures';
import { newestHistories } from './histories';
import { runLoad, type Load } from './load';
import { makePeople, wrongResults, type WrongResults } from './people';
import { percentile } from './percentiles';
import { cpuMs } from './processes';

/** What was measured of one engine under one load, in milliseconds; times of enrollments that failed are not in it. */
export interface Measured {
  done: number;
  ms: number;
  readonly start: number[];
  /** Both codes of each enrollment, until the answer that says confirmed. */
  readonly code: number[];
  /** The same until the setup key is there, or the enrollment is completed. */
  readonly next: number[];
  /** By process. `tenant` and `driver` stand for the world outside. */
  readonly cpu: Record<string, number>;
  wrong: WrongResults;
  /** Why enrollments failed, and how many for each reason. */
  readonly reasons: Record<string, number>;
  history?: HistoryFigures;
}

export const nothingMeasured = (): Measured => ({
  done: 0,
  ms: 0,
  start: [],
  code: [],
  next: [],
  cpu: {},
  wrong: { notCompleted: 0, textsTooMany: 0, textsLost: 0 },
  reasons: {},
});

/** Runs `count` enrollments and adds what was measured to `into`. */
export async function measure(engine: Engine, load: Load, count: number, label: string, into: Measured): Promise<void> {
  const people = await makePeople(label, count, engine.tenant);
  const failed = new Set<string>();
  const before = cpuOf(engine);
  const began = new Date();
  into.ms += await runLoad(load, people, async (person, intendedAt) => {
    try {
      await enroll(engine, person, intendedAt, into);
    } catch (error) {
      failed.add(person.userId);
      const reason = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
      into.reasons[reason] = (into.reasons[reason] ?? 0) + 1;
    }
  });
  for (const [name, ms] of Object.entries(cpuOf(engine))) {
    into.cpu[name] = (into.cpu[name] ?? 0) + ms - (before[name] ?? 0);
  }
  into.done += people.length - failed.size;
  into.wrong = sum(into.wrong, await wrongResults(people, failed, engine.tenant));
  const history = engine.histories && (await newestHistories(engine.histories, began));
  if (history !== undefined) into.history = history;
}

async function enroll(engine: Engine, person: Person, intendedAt: number, into: Measured): Promise<void> {
  const { tenant } = engine;
  const id = await engine.start(person);
  into.start.push(performance.now() - intendedAt);
  const step = async (factor: CodeFactor, code: string): Promise<string> => {
    const began = performance.now();
    await engine.code(id, factor, code);
    into.code.push(performance.now() - began);
    const setupKey = await engine.next(id, factor);
    into.next.push(performance.now() - began);
    return setupKey;
  };
  // Nobody checks the codes of an engine that calls nobody.
  const setupKey = await step('sms', tenant === undefined ? '000000' : await newestCode(tenant, person.userId));
  await step('otp', tenant === undefined ? '000000' : new TOTP({ secret: setupKey }).generate());
}

export async function newestCode({ tenant }: BenchTenant, userId: string): Promise<string> {
  const text = (await tenant.texts(userId)).at(-1);
  if (text === undefined) throw new Error('No text has come.');
  return text.code;
}

/** CPU time so far, in milliseconds, by process. */
function cpuOf({ processes, tenant }: Engine): Record<string, number> {
  const { user, system } = process.cpuUsage();
  const all = { ...processes, ...(tenant === undefined ? {} : { tenant: tenant.pid }) };
  const times = Object.entries(all).flatMap(([name, pidOf]) => {
    const pid = pidOf();
    return pid === undefined ? [] : [[name, cpuMs(pid)] as const];
  });
  return { ...Object.fromEntries(times), driver: (user + system) / 1000 };
}

const sum = (one: WrongResults, other: WrongResults): WrongResults => ({
  notCompleted: one.notCompleted + other.notCompleted,
  textsTooMany: one.textsTooMany + other.textsTooMany,
  textsLost: one.textsLost + other.textsLost,
});

/** One run of one engine under one load. */
export interface RunFigures {
  readonly perSecond: number;
  readonly start: { readonly p50: number; readonly p95: number };
  readonly code: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly next: { readonly p50: number; readonly p95: number };
  /** Milliseconds for each enrollment that was completed. */
  readonly cpu: Readonly<Record<string, number>>;
  readonly wrong: WrongResults;
  readonly reasons: Readonly<Record<string, number>>;
  readonly history?: HistoryFigures;
}

/** Undefined when no enrollment was completed. */
export function figuresOf({
  done,
  ms,
  start,
  code,
  next,
  cpu,
  wrong,
  reasons,
  history,
}: Measured): RunFigures | undefined {
  if (done === 0) return undefined;
  return {
    perSecond: (done * 1000) / ms,
    start: { p50: percentile(start, 0.5), p95: percentile(start, 0.95) },
    code: { p50: percentile(code, 0.5), p95: percentile(code, 0.95), p99: percentile(code, 0.99) },
    next: { p50: percentile(next, 0.5), p95: percentile(next, 0.95) },
    cpu: Object.fromEntries(Object.entries(cpu).map(([name, spent]) => [name, spent / done])),
    wrong,
    reasons,
    ...(history === undefined ? {} : { history }),
  };
}
