import { createHmac, randomBytes, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import type { Sending, SendingLimits, SendingReserved } from '../activities/sending-limits';
import { defined } from '../enrollment/defined';
import { restMs, type Reservation, type Reserved } from '../enrollment/sending-limit';
import { stoppedBy } from '../enrollment/stopped-prefixes';
import {
  recallText,
  releaseText,
  reserveTexts,
  sendingLimitType,
  type SendingLimitInput,
} from '../workflows/sending-limit';
import { remembered } from './remembered';
import { createStoppedPrefixes } from './stopped-prefixes';

export interface SendingLimitsParts {
  readonly client: Client;
  readonly taskQueue: string;
  /** Keys the hashes that the ids of counters are made of. */
  readonly idKey: KeyObject;
  /** In any 24 hours; absent: no limit. */
  readonly textsPerNumber?: number;
  readonly textsPerCaller?: number;
  readonly timing?: Partial<typeof defaultTiming>;
}

/** Milliseconds. */
const defaultTiming = {
  /** For one answer of a counter. */
  answerMs: 4_000,
  /** A list of stopped prefixes that is not older is not read again. */
  stoppedMs: 10_000,
  /** What a process has leased for a caller and not used by then is lost. Less than `slotMs` in src/enrollment/sending-limit.ts. */
  leaseMs: 10 * 60_000,
};

/**
 * The counters of texts and calls, one run of `mfaSendingLimit` for each phone number and each caller: strongly consistent over
 * all workers, and kept by Temporal itself. A number is asked for each text. A caller may send to thousands, so a busy worker
 * leases a block from its counter. What it does not use is lost, never sent twice.
 */
export function createSendingLimits(parts: SendingLimitsParts): SendingLimits {
  const { client, taskQueue, idKey, textsPerNumber, textsPerCaller } = parts;
  const { answerMs, stoppedMs, leaseMs } = { ...defaultTiming, ...parts.timing };
  const stoppedPrefixes = createStoppedPrefixes({ client, taskQueue, deadlineMs: answerMs });
  const stopped = remembered(() => stoppedPrefixes.list(), stoppedMs);
  const inTurn = createTurns();
  const callers = createLeases(leaseMs, (caller, wanted, cap) =>
    reserve(counterOf('caller', caller), { id: randomBytes(16).toString('base64url'), wanted, cap }),
  );

  /** 128 bits of a keyed hash: nobody without the key can tell which number or caller is counted. */
  const counterOf = (kind: 'number' | 'caller', of: string): string => {
    const hash = createHmac('sha256', idKey).update(JSON.stringify(['sending-limit', kind, of]));
    return `mfa-limit-${kind}-${hash.digest().subarray(0, 16).toString('base64url')}`;
  };

  return {
    async reserve(sending, signal) {
      return client.withAbortSignal(signal, () => reserveAll(sending, signal));
    },
    remembers: textsPerNumber !== undefined,
    async recall({ id, phoneNumber }, signal) {
      const counter = counterOf('number', phoneNumber);
      return client.withAbortSignal(signal, () => within(() => recall(counter, id)));
    },
  };

  async function reserveAll({ id, phoneNumber, caller, note }: Sending, signal: AbortSignal): Promise<SendingReserved> {
    if (stoppedBy(await stopped(), phoneNumber) !== undefined) return { type: 'refused', why: 'stopped' };
    const taken =
      caller === undefined || textsPerCaller === undefined ? untaken : await callers.take(caller, textsPerCaller);
    if (taken.type === 'refused') return { type: 'refused', why: 'caller', ...defined({ retryAt: taken.retryAt }) };
    const { giveBack } = taken;
    if (textsPerNumber === undefined) {
      return { type: 'reserved', again: false, release: () => Promise.resolve(giveBack()) };
    }
    const counter = counterOf('number', phoneNumber);
    let reserved: Reserved;
    try {
      reserved = await inTurn(counter, signal, () =>
        reserve(counter, { id, wanted: 1, cap: textsPerNumber, ...defined({ note }) }),
      );
    } catch (error) {
      giveBack();
      throw error;
    }
    if (reserved.granted > 0) {
      return {
        type: 'reserved',
        again: reserved.again === true,
        async release() {
          giveBack();
          await release(counter, id);
        },
      };
    }
    giveBack();
    return { type: 'refused', why: 'number', ...defined({ retryAt: reserved.retryAt }) };
  }

  /**
   * The first reservation of a day starts its counter, and needs no answer of a worker: it is within any cap. Asked before it is
   * started: a start that is refused makes the server drop the updates that are on their way to the counter.
   */
  async function reserve(workflowId: string, reservation: Reservation): Promise<Reserved> {
    for (const pauseMs of [0, 50, 200]) {
      const reserved =
        (await within(() => ask(workflowId, reservation))) ?? (await within(() => begin(workflowId, reservation)));
      if (reserved !== undefined) return reserved;
      await sleep(pauseMs); // others began it first, and it may go on as another run: under one id nothing is counted twice
    }
    throw new Error('the counter was gone each time it was asked');
  }

  function within<T>(call: () => Promise<T>): Promise<T> {
    return client.withDeadline(Date.now() + answerMs, call);
  }

  /** Undefined: there is no counter. */
  async function ask(workflowId: string, reservation: Reservation): Promise<Reserved | undefined> {
    try {
      return await client.workflow.getHandle(workflowId).executeUpdate(reserveTexts, { args: [reservation] });
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  async function recall(workflowId: string, id: string): Promise<string | undefined> {
    try {
      return (await client.workflow.getHandle(workflowId).executeUpdate(recallText, { args: [{ id }] })).note;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  /** Undefined: somebody else was faster. */
  async function begin(workflowId: string, reservation: Reservation): Promise<Reserved | undefined> {
    try {
      await client.workflow.start<(input: SendingLimitInput) => Promise<void>>(sendingLimitType, {
        workflowId,
        taskQueue,
        args: [{ first: reservation }],
        startDelay: restMs, // it costs no worker anything until it is asked
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        staticSummary: 'Counts texts and calls of a day',
      });
      return { granted: Math.min(reservation.wanted, reservation.cap) };
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
      throw error;
    }
  }

  /** A text that stays counted although it was not sent costs its user a little, so nobody waits or fails for this. */
  async function release(workflowId: string, id: string): Promise<void> {
    try {
      await within(() => client.workflow.getHandle(workflowId).signal(releaseText, { id }));
    } catch {
      // it stays counted until a day has passed
    }
  }
}

/**
 * One call at a time for each key. The server takes ten updates of one run at once and, when it refuses one more, drops the
 * others that are on their way; they are then sent again.
 */
function createTurns() {
  const last = new Map<string, Promise<unknown>>();
  return function inTurn<T>(key: string, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    const turn = (last.get(key) ?? Promise.resolve()).then(() => {
      signal.throwIfAborted();
      return call();
    });
    const over = turn
      .catch(() => undefined)
      .then(() => {
        if (last.get(key) === over) last.delete(key);
      });
    last.set(key, over);
    return turn;
  };
}

interface Lease {
  /** Asked for. */
  readonly size: number;
  left: number;
  readonly until: number;
}

/** `giveBack`: for one that turned out not to be used. */
type Taken =
  | { readonly type: 'taken'; readonly giveBack: () => void }
  | { readonly type: 'refused'; readonly retryAt: number | undefined };

/** Where callers are not counted. */
const untaken: Taken = { type: 'taken', giveBack: () => undefined };

/** Texts that this process may send for each caller, taken from the caller's counter by the block. */
function createLeases(leaseMs: number, lease: (caller: string, wanted: number, cap: number) => Promise<Reserved>) {
  const leases = new Map<string, Lease>();
  /** One at a time for each caller, so that many texts at once do not each take a block. */
  const asking = new Map<string, Promise<Reserved>>();

  /** One that was used up in time is followed by one twice as large: what is lost is never more than what was used before. */
  async function renew(caller: string, cap: number, before: Lease | undefined): Promise<Reserved> {
    const usedUp = before !== undefined && before.left <= 0 && before.until > performance.now();
    const most = Math.max(1, Math.min(50, Math.floor(cap / 200)));
    const size = usedUp ? Math.min(most, 2 * before.size) : 1;
    const until = performance.now() + leaseMs;
    const reserved = await lease(caller, size, cap);
    if (reserved.granted > 0) leases.set(caller, { size, left: reserved.granted, until });
    return reserved;
  }

  return {
    async take(caller: string, cap: number): Promise<Taken> {
      for (;;) {
        const held = leases.get(caller);
        if (held !== undefined && held.left > 0 && held.until > performance.now()) {
          held.left -= 1;
          return { type: 'taken', giveBack: () => void (held.left += 1) };
        }
        const pending = asking.get(caller) ?? renew(caller, cap, held).finally(() => asking.delete(caller));
        asking.set(caller, pending);
        const { granted, retryAt } = await pending;
        if (granted === 0) return { type: 'refused', retryAt };
      }
    },
  };
}
