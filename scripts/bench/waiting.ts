import { setTimeout as sleep } from 'node:timers/promises';
import { createTenant } from '../stack/tenant';
import { startStack } from '../stack';
import { send } from '../stack/http';
import type { BenchTenant } from './engine';
import { throughApi } from './engines/ours';
import { runLoad } from './load';
import { newestCode } from './measure';
import { makePeople } from './people';
import { percentile } from './percentiles';
import { cpuMs, residentBytes } from './processes';

/** What many enrollments cost that wait for a code. Times in milliseconds. */
export interface WaitingReport {
  readonly waiting: number;
  /** MB, before the first enrollment and with all of them waiting. */
  readonly memory: Readonly<Record<'worker' | 'API', { readonly empty: number; readonly full: number }>>;
  /** Share of one core over half a minute in which nobody does anything. */
  readonly idleCpu: Readonly<Record<string, number>>;
  readonly list: { readonly p50: number; readonly p95: number };
  readonly status: { readonly p50: number; readonly p95: number };
  /** Medians: of the first and of the last tenth that started. */
  readonly start: { readonly first: number; readonly last: number };
  /** From `kill -9` of the worker to the first confirmed code. */
  readonly afterKill: number;
}

const atOnce = 20;
const idleSeconds = 30;
/** Answers that are timed of each kind. */
const answersTimed = 50;
const patienceMs = 300_000;

/**
 * Starts `waiting` enrollments of this product that wait for the texted code, and measures what that costs. Throws when one does not start within five minutes, or no code is confirmed within five minutes of the kill.
 */
export async function measureWaiting(waiting: number, say: (line: string) => void): Promise<WaitingReport> {
  const stack = await startStack({
    compiled: true,
    logLevel: 'warn',
    apiVariables: { API_CALLS_PER_MINUTE: '1000000' },
  });
  try {
    const { worker, api, temporal, emulator } = stack.services;
    const ours = throughApi(stack);
    const benchTenant: BenchTenant = { tenant: createTenant(stack), stack, pid: () => emulator.pid };
    const enroll = async (name: string, count: number): Promise<readonly (Waiting & { readonly ms: number })[]> => {
      const started: (Waiting & { readonly ms: number })[] = [];
      await runLoad({ kind: 'closed', atOnce }, await makePeople(name, count, benchTenant), async (person, from) => {
        const id = await again(
          () => ours.start(person),
          performance.now() + patienceMs,
          'An enrollment did not start.',
        );
        started.push({ id, userId: person.userId, ms: performance.now() - from });
      });
      return started;
    };
    await enroll('warm-up', 20);
    const [workerEmpty, apiEmpty] = [megabytes(worker.pid), megabytes(api.pid)];

    const all: (Waiting & { readonly ms: number })[] = [];
    const tenth = Math.max(1, Math.ceil(waiting / 10));
    while (all.length < waiting) {
      // In tenths, so that no token has become old before it is used.
      all.push(...(await enroll(`waiting-${all.length}`, Math.min(tenth, waiting - all.length))));
      say(`${all.length} of ${waiting} wait for a code`);
    }
    const memory = {
      worker: { empty: workerEmpty, full: megabytes(worker.pid) },
      API: { empty: apiEmpty, full: megabytes(api.pid) },
    };
    const pids = { worker: worker.pid, API: api.pid, 'Temporal server': temporal?.pid };
    const idleCpu = await idle(pids);
    say('idle CPU measured');

    const get = async (path: string): Promise<number> => {
      const began = performance.now();
      const { status } = await send({ method: 'GET', url: `${stack.api}/v1/enrollments${path}`, key: stack.keys.ops });
      if (status !== 200) throw new Error(`GET /v1/enrollments answered ${status}`);
      return performance.now() - began;
    };
    const some = Array.from(
      { length: answersTimed },
      (_, index) => all[Math.floor((index * all.length) / answersTimed)],
    );
    const list = await timesOf(some, () => get(''));
    const status = await timesOf(some, (one) => get(`/${one?.id ?? ''}`));

    const last = all.at(-1);
    if (last === undefined) throw new RangeError('nothing waits');
    const code = await newestCode(benchTenant, last.userId);
    const began = performance.now();
    await worker.kill();
    const restarted = worker.start();
    await again(() => ours.code(last.id, 'sms', code), began + patienceMs, 'No code was confirmed after the kill.');
    const afterKill = performance.now() - began;
    await restarted;
    return {
      waiting,
      memory,
      idleCpu,
      list,
      status,
      start: { first: medianMs(all.slice(0, tenth)), last: medianMs(all.slice(-tenth)) },
      afterKill,
    };
  } finally {
    await stack.stop();
  }
}

interface Waiting {
  readonly id: string;
  readonly userId: string;
}

export function waitingText({ waiting, memory, idleCpu, list, status, start, afterKill }: WaitingReport): string {
  const whole = (value: number) => value.toFixed(0);
  return [
    `${waiting} enrollments wait for a code`,
    ...Object.entries(memory).map(
      ([name, { empty, full }]) => `  ${name}: ${whole(full)} MB resident, ${whole(empty)} MB before the first`,
    ),
    ...Object.entries(idleCpu).map(([name, share]) => `  ${name}: ${(share * 100).toFixed(1)} % of a core when idle`),
    `  list: ${whole(list.p50)} ms (95 %: ${whole(list.p95)} ms)`,
    `  status: ${whole(status.p50)} ms (95 %: ${whole(status.p95)} ms)`,
    `  start: ${whole(start.first)} ms in the first tenth, ${whole(start.last)} ms in the last`,
    `  from kill -9 of the worker to the first confirmed code: ${(afterKill / 1000).toFixed(1)} s`,
    '',
  ].join('\n');
}

async function idle(pids: Readonly<Record<string, number | undefined>>): Promise<Record<string, number>> {
  await sleep(5_000); // what the last start left behind
  const used = () => Object.entries(pids).map(([name, pid]) => [name, pid === undefined ? 0 : cpuMs(pid)] as const);
  const before = new Map(used());
  await sleep(idleSeconds * 1000);
  return Object.fromEntries(used().map(([name, ms]) => [name, (ms - (before.get(name) ?? 0)) / (idleSeconds * 1000)]));
}

async function timesOf<Item>(items: readonly Item[], time: (item: Item) => Promise<number>) {
  const times: number[] = [];
  for (const item of items) times.push(await time(item));
  return { p50: percentile(times, 0.5), p95: percentile(times, 0.95) };
}

const medianMs = (started: readonly { readonly ms: number }[]): number =>
  percentile(
    started.map(({ ms }) => ms),
    0.5,
  );

const megabytes = (pid: number | undefined): number => (pid === undefined ? 0 : residentBytes(pid) / 1_000_000);

/** As a caller does who is told to come again: both calls may be repeated. Throws `failure` when the time is up. */
async function again<Answer>(call: () => Promise<Answer>, until: number, failure: string): Promise<Answer> {
  for (;;) {
    try {
      return await call();
    } catch (cause) {
      if (performance.now() > until) throw new Error(failure, { cause });
      await sleep(50);
    }
  }
}
