import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from './engine';
import { newestCode } from './measure';
import { makePeople } from './people';
import { median } from './percentiles';

/** From `kill -9` to the first code confirmed, in milliseconds. */
export interface CrashTimes {
  readonly median: number;
  readonly times: readonly number[];
  /** Enrollments, of all that waited, whose code was confirmed in the end. */
  readonly confirmed: number;
  readonly waited: number;
}

interface Open {
  readonly id: string;
  readonly code: string;
}

const rounds = 3;
const waiting = 10;
const patienceMs = 90_000;

/**
 * While enrollments wait for a code, ends the process with the workflow's code as `kill -9` does, starts it again at once, and sends
 * one code over and over until it is confirmed; then the others. Undefined for an engine without such a process or without codes.
 */
export async function crashTimes(engine: Engine, say: (line: string) => void): Promise<CrashTimes | undefined> {
  const { crashes, tenant } = engine;
  if (crashes === undefined || tenant === undefined) return undefined;
  const times: number[] = [];
  let confirmed = 0;
  for (let round = 0; round < rounds; round += 1) {
    const people = await makePeople(`crash-${engine.name}-${round}`, waiting, tenant);
    const open: Open[] = [];
    for (const person of people) {
      const id = await engine.start(person);
      open.push({ id, code: await newestCode(tenant, person.userId) });
    }
    const began = performance.now();
    await crashes.kill();
    const restarted = crashes.start();
    restarted.catch(() => undefined); // told below, after the codes
    const confirm = ({ id, code }: Open) => untilConfirmed(() => engine.code(id, 'sms', code), began + patienceMs);
    const [first, ...others] = open;
    if (first !== undefined && (await confirm(first))) {
      times.push(performance.now() - began);
      confirmed += 1;
    }
    confirmed += (await Promise.all(others.map(confirm))).filter(Boolean).length;
    await restarted;
    say(
      `${engine.name}: first code confirmed ${((times.at(-1) ?? 0) / 1000).toFixed(1)} s after kill ${round + 1} of ${rounds}`,
    );
  }
  return times.length === 0 ? undefined : { median: median(times), times, confirmed, waited: rounds * waiting };
}

async function untilConfirmed(send: () => Promise<void>, until: number): Promise<boolean> {
  while (performance.now() < until) {
    try {
      await send();
      return true;
    } catch {
      await sleep(50);
    }
  }
  return false;
}
