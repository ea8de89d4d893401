import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../stack';
import type { Service } from '../stack/service';
import { shuffled, type Draw } from './draw';
import type { Moment } from './person';
import type { Tenant } from '../stack/tenant';

type Victim = 'worker' | 'API' | 'Temporal server';
/** Killed with SIGKILL, and started again; or stalled: stopped for a while, and alive all the time as far as others know. */
type Harm = 'killed' | 'stalled';

/** When a process is harmed: at something a person does, or between Auth0's answer and the record of it. */
type Point =
  | { readonly name: string; readonly moment: Moment }
  | { readonly name: string; readonly unrecorded: { readonly route: string; readonly grantType?: string } };

const associateAnswered: Point = {
  name: 'associate answered, not recorded',
  unrecorded: { route: 'POST /mfa/associate' },
};
const textedCodeAnswered: Point = {
  name: 'texted code answered, not recorded',
  unrecorded: { route: 'POST /oauth/token', grantType: 'mfa-oob' },
};
const unrecorded: readonly Point[] = [
  associateAnswered,
  textedCodeAnswered,
  { name: 'app code answered, not recorded', unrecorded: { route: 'POST /oauth/token', grantType: 'mfa-otp' } },
  { name: 'reading answered, not recorded', unrecorded: { route: 'GET /mfa/authenticators' } },
  { name: 'cleanup answered, not recorded', unrecorded: { route: 'DELETE /mfa/authenticators/:id' } },
];
const moments: readonly Point[] = [
  { name: 'during a wait', moment: 'wait' },
  { name: 'during a resend', moment: 'resend' },
  { name: 'when a case is cancelled', moment: 'cleanup' },
];

/** One way to harm the stack. */
export interface PlannedBlow {
  readonly victim: Victim;
  readonly harm: Harm;
  readonly point: Point;
}

const blow = (victim: Victim, harm: Harm, point: Point): PlannedBlow => ({ victim, harm, point });

/** Every blow there is. */
export const blows: readonly PlannedBlow[] = [
  ...[...unrecorded, ...moments].map((point) => blow('worker', 'killed', point)),
  blow('worker', 'stalled', associateAnswered),
  blow('worker', 'stalled', textedCodeAnswered),
  blow('API', 'killed', { name: 'when a case starts', moment: 'start' }),
  blow('API', 'killed', { name: 'when a code comes', moment: 'code' }),
  blow('API', 'killed', { name: 'during a resend', moment: 'resend' }),
  blow('Temporal server', 'killed', { name: 'during a wait', moment: 'wait' }),
  blow('Temporal server', 'killed', { name: 'when a code comes', moment: 'code' }),
  blow('Temporal server', 'killed', associateAnswered),
];

/** A blow that was dealt. */
export interface Blow {
  readonly victim: Victim;
  readonly harm: Harm;
  readonly point: string;
  /** False: the point was not met in time, and the process was harmed without it. */
  readonly met: boolean;
}

export interface SaboteurParts {
  readonly stack: Stack;
  readonly tenant: Tenant;
  readonly draw: Draw;
  readonly onBlow: (blow: Blow) => void;
  /** Between two blows: the more cases, the longer it takes until the work of all of them has begun again. */
  readonly mostPauseMs: number;
}

/** How long a point is waited for. */
const patienceMs = 8_000;
/** An answer held back this long is still on its way when the process that waits for it is harmed. */
const heldBackMs = 3_000;
/** A worker that is stalled this long outlasts the 15 seconds that Temporal gives one attempt at a call. */
const stall = { leastMs: 18_000, mostMs: 26_000 };

/** Harms processes, in an order that the seed gives, until `signal` aborts. Whatever it did, all of them run afterwards. */
export function createSaboteur({ stack, tenant, draw, onBlow, mostPauseMs }: SaboteurParts) {
  const reached = new EventEmitter();
  const { temporal } = stack.services;
  const services: Readonly<Record<Victim, readonly Service[]>> = {
    worker: stack.workers,
    API: stack.apis.map(({ service }) => service),
    'Temporal server': temporal === undefined ? [] : [temporal],
  };

  return {
    reached: (moment: Moment) => void reached.emit(moment),

    async run(signal: AbortSignal): Promise<void> {
      for (let round = 0; !signal.aborted; round += 1) {
        for (const { victim, harm, point } of inOrder(round)) {
          await pause(500 + mostPauseMs * draw('pause', round, harm, point.name), signal);
          if (signal.aborted) return;
          const candidates = services[victim];
          const service = candidates[Math.floor(draw('which', round, harm, point.name) * candidates.length)];
          if (service === undefined) continue; // a server that was there before is not ours to kill
          const met = await meet(point, signal);
          if (signal.aborted) return;
          onBlow({ victim, harm, point: point.name, met });
          await inflict(harm, service, draw('stall', round, point.name), signal);
        }
      }
    },
  };

  async function inflict(harm: Harm, service: Service, length: number, signal: AbortSignal): Promise<void> {
    switch (harm) {
      case 'killed':
        await service.kill();
        return service.start();
      case 'stalled':
        service.pause();
        try {
          return await pause(stall.leastMs + (stall.mostMs - stall.leastMs) * length, signal);
        } finally {
          service.resume();
        }
    }
  }

  /** Cases start early only, so what waits for a start goes first. */
  function inOrder(round: number): readonly PlannedBlow[] {
    const order = shuffled(blows, draw, `round ${round}`);
    const atStart = ({ point }: PlannedBlow) => 'moment' in point && point.moment === 'start';
    return [...order.filter(atStart), ...order.filter((blow) => !atStart(blow))];
  }

  async function meet(point: Point, signal: AbortSignal): Promise<boolean> {
    // Not AbortSignal.any: in Node 20 what it makes may be collected before it aborts.
    const patience = new AbortController();
    const giveUp = () => patience.abort();
    const timer = setTimeout(giveUp, patienceMs);
    signal.addEventListener('abort', giveUp, { once: true });
    const until = { signal: patience.signal };
    try {
      if ('moment' in point) {
        await once(reached, point.moment, until);
        await sleep(150 * draw('after', point.name), undefined, until);
        return true;
      }
      const fault = await tenant.arm({ ...point.unrecorded, type: 'delay', when: 'after', ms: heldBackMs, count: 1 });
      while ((await tenant.hits(fault)) === 0) await sleep(20, undefined, until);
      await sleep(50, undefined, until); // the effect comes right after the hit is counted
      return true;
    } catch (error) {
      if (patience.signal.aborted) return false;
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }
}

/** Waits, and no longer than until `signal` aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
