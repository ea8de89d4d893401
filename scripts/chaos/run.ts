import { rmSync } from 'node:fs';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { defined } from '../../src/enrollment/defined';
import { startStack, type Stack, type StackOptions } from '../stack';
import { createTenant, type Tenant } from '../stack/tenant';
import { createDraw, type Draw } from './draw';
import { tenantFaults } from './faults';
import { involvesOtherUser, journeyOf, type JourneyName } from './journeys';
import { play, type PersonParts } from './person';
import { accountOf, reportOn, type Arranged, type ChaosReport, type Result } from './report';
import { createSaboteur, type Blow } from './saboteur';
import { createSignals } from './signals';
import { hindranceOf } from './truth';

export interface ChaosOptions {
  readonly cases: number;
  readonly seed: string;
  readonly minutes: number;
  /** A folder, emptied first, that keeps database and logs for whoever wants to see what became of a case. */
  readonly folder?: string;
  /** Which Temporal server, and how many workers and APIs: as for a stack. */
  readonly server?: NonNullable<StackOptions['server']>;
  readonly workers?: number;
  readonly apis?: number;
  /** Processes from `dist/`, which start faster than from source. */
  readonly compiled?: boolean;
  readonly say?: (line: string) => void;
}

/**
 * Time at the end in which nothing is broken any more: a case that is not over by then is stuck. At least as long as a case
 * waits that was told just before to ask again in a minute.
 */
const quiet = { share: 0.35, leastMs: 120_000 };

/**
 * Over how long the cases begin: during most of the time in which things are broken, so that processes are harmed in every phase
 * of a case; a few cases do not need as long.
 */
const arrivals = { share: 0.6, mostMsEach: 3_000 };

/** A whole stack, its cases, and somebody who breaks it. Throws only when the run itself cannot go on. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { folder, compiled, server, workers, apis } = options;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  const stack = await startStack({
    ...(folder === undefined ? {} : { remains: folder }),
    logLevel: 'warn',
    ...defined({ server, workers, apis }),
    ...(compiled === true ? { compiled: true } : {}),
    apiVariables: { API_CALLS_PER_MINUTE: '1000000' },
  });
  try {
    const connection = await Connection.connect({ address: stack.temporal });
    try {
      return await runOn(stack, connection, options);
    } finally {
      await connection.close();
    }
  } finally {
    await stack.stop();
  }
}

async function runOn(
  stack: Stack,
  connection: Connection,
  { cases, seed, minutes, say = () => undefined }: ChaosOptions,
): Promise<ChaosReport> {
  const began = Date.now();
  const draw = createDraw(seed);
  const tenant = createTenant(stack);
  const signals = createSignals(connection, stack.namespace);
  const arranged = await arrange(
    tenant,
    Array.from({ length: cases }, (_, index) => index),
    draw,
  );
  say(`${cases} users are there; their enrollments begin`);

  const dealt: Blow[] = [];
  const saboteur = createSaboteur({
    stack,
    tenant,
    draw,
    onBlow: (blow) => dealt.push(blow),
    mostPauseMs: 6_000 + cases * 20,
  });
  const parts: PersonParts = {
    stack,
    apis: stack.apis.map(({ address }) => address),
    tenant,
    signals,
    draw,
    reached: saboteur.reached,
    lookEveryMs: Math.max(300, cases * 8),
  };
  for (const fault of tenantFaults(seed)) await tenant.arm(fault);

  // Ends the people's patience: whoever is not done by then is stuck.
  const wholeMs = minutes * 60_000;
  const end = AbortSignal.timeout(wholeMs);
  setMaxListeners(0, end);
  const brokenMs = Math.max(0, wholeMs - Math.max(quiet.leastMs, wholeMs * quiet.share));
  const arrivingMs = Math.min(brokenMs * arrivals.share, cases * arrivals.mostMsEach);
  const calm = new AbortController();
  const calmAt = setTimeout(() => calm.abort(), brokenMs);
  const breaking = saboteur.run(calm.signal).then(async () => {
    await tenant.disarm();
    say('nothing is broken from here on');
  });
  let over = 0;
  const progress = setInterval(
    () => say(`${over} of ${cases} enrollments have ended; processes were harmed ${dealt.length} times`),
    10_000,
  );
  let results: readonly Result[];
  try {
    const people = Promise.all(
      arranged.map(async (one): Promise<Result> => {
        await sleep(draw('arrival', one.plan.index) * arrivingMs);
        const played = await play(parts, one.plan, end);
        over += 1;
        // At once, since the tenant keeps the last requests only.
        return { ...one, ...played, hindrance: hindranceOf(await tenant.requests(one.plan.userId)) };
      }),
    );
    results = await Promise.race([people, breaking.then(() => people)]); // a saboteur that cannot go on ends the run
  } finally {
    calm.abort();
    clearTimeout(calmAt);
    clearInterval(progress);
    await breaking;
  }
  const seconds = (Date.now() - began) / 1000;
  return reportOn({ seed, seconds, stack, tenant, connection, results, dealt, signals: signals.taken });
}

/** The users, with what they had before. */
export async function arrange(
  tenant: Tenant,
  indexes: readonly number[],
  draw: Draw,
  journeyAt: (index: number) => JourneyName = (index) => journeyOf(draw, index),
): Promise<readonly Arranged[]> {
  const arranged: Arranged[] = [];
  for (const index of indexes) {
    const journey = journeyAt(index);
    const userId = await tenant.createUser(`person-${index}@example.com`);
    const number = `+1646555${String(index % 10_000).padStart(4, '0')}`;
    if (journey === 'hadSms') await tenant.enrollSms(userId, number);
    if (journey === 'hadLeftover') await tenant.leaveUnconfirmed(userId, number);
    const before = await accountOf(tenant, userId);
    if (!involvesOtherUser(journey)) {
      arranged.push({ plan: { index, journey, userId, otherUserId: userId }, before });
      continue;
    }
    const otherUserId = await tenant.createUser(`other-${index}@example.com`);
    // Whose authenticators could pass for those of the case, or be deleted with them; or who has none yet.
    if (draw('other user', index) < 0.5) {
      await tenant.enrollSms(otherUserId, number);
      await tenant.leaveUnconfirmed(otherUserId, number);
    }
    const otherUserBefore = await accountOf(tenant, otherUserId);
    arranged.push({ plan: { index, journey, userId, otherUserId }, before, otherUserBefore });
  }
  return arranged;
}
