import { rmSync } from 'node:fs';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { temporal as proto } from '@temporalio/proto';
import { startStack, type Stack } from '../stack';
import { createDraw } from './draw';
import { badDays } from './faults';
import { journeyOf } from './journeys';
import { play, type PersonParts, type Plan, type View } from './person';
import { blows, createSaboteur, type Blow } from './saboteur';
import { createTenant, type Tenant, type TrueRecord } from '../stack/tenant';
import { faults, judge, textBound, type Fault } from './truth';

export interface ChaosOptions {
  readonly cases: number;
  readonly seed: string;
  readonly minutes: number;
  /** A folder, emptied first, that keeps database and logs for whoever wants to see what became of a case. */
  readonly folder?: string;
  /** Processes from `dist/`, which start faster than from source. */
  readonly compiled?: boolean;
  readonly say?: (line: string) => void;
}

export interface ChaosReport {
  readonly passed: boolean;
  readonly seed: string;
  readonly cases: number;
  readonly seconds: number;
  readonly journeys: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<Fault, number>>;
  readonly texts: { readonly sent: number; readonly mostOfOneCase: number; readonly bound: number };
  readonly blows: readonly {
    readonly victim: string;
    readonly point: string;
    readonly met: number;
    readonly missed: number;
  }[];
  /** Every case with a fault: enough to look it up. */
  readonly wrong: readonly {
    readonly case: number;
    readonly journey: string;
    readonly faults: readonly Fault[];
    readonly id?: string;
    readonly state?: string;
    readonly problem?: string | undefined;
  }[];
}

const { WorkflowExecutionStatus } = proto.api.enums.v1;

/** Time at the end in which nothing is broken any more: a case that is not over by then is stuck. */
const quietShare = 0.35;

/** A whole stack, its cases, and somebody who breaks it. Throws only when the run itself cannot go on. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { cases, seed, minutes, say = () => undefined } = options;
  if (options.folder !== undefined) rmSync(options.folder, { recursive: true, force: true });
  const stack = await startStack({
    ...(options.folder === undefined ? {} : { remains: options.folder }),
    logLevel: 'warn',
    ...(options.compiled === true ? { compiled: true } : {}),
    apiVariables: { API_CALLS_PER_MINUTE: '1000000' },
  });
  try {
    const began = Date.now();
    const draw = createDraw(seed);
    const tenant = createTenant(stack);
    const arranged = await arrange(
      tenant,
      Array.from({ length: cases }, (_, index) => index),
      draw,
    );
    say(`${cases} users are there; the cases begin`);

    const blowsDealt: Blow[] = [];
    const saboteur = createSaboteur({
      stack,
      tenant,
      draw,
      onBlow: (blow) => blowsDealt.push(blow),
      mostPauseMs: 6_000 + cases * 20,
    });
    const parts: PersonParts = {
      stack,
      tenant,
      draw,
      reached: saboteur.reached,
      lookEveryMs: Math.max(300, cases * 8),
    };
    for (const fault of badDays(seed)) await tenant.arm(fault);

    // Ends the people's patience: whoever is not done by then is stuck.
    const end = AbortSignal.timeout(minutes * 60_000);
    setMaxListeners(0, end);
    const calm = new AbortController();
    const calmAt = setTimeout(() => calm.abort(), minutes * 60_000 * (1 - quietShare));
    const breaking = saboteur.run(calm.signal).then(async () => {
      await tenant.disarm();
      say('nothing is broken from here on');
    });
    let over = 0;
    const progress = setInterval(() => say(`${over} of ${cases} cases are over, ${blowsDealt.length} blows`), 10_000);
    let views: readonly (View | undefined)[];
    try {
      const people = Promise.all(
        arranged.map(async ({ plan }) => {
          await sleep(draw('arrival', plan.index) * cases * 40);
          const view = await play(parts, plan, end);
          over += 1;
          return view;
        }),
      );
      views = await Promise.race([people, breaking.then(() => people)]); // a saboteur that cannot go on ends the run
    } finally {
      calm.abort();
      clearTimeout(calmAt);
      clearInterval(progress);
      await breaking;
    }
    return await report(options, stack, tenant, arranged, views, blowsDealt, (Date.now() - began) / 1000);
  } finally {
    await stack.stop();
  }
}

interface Arranged {
  readonly plan: Plan;
  readonly recordsBefore: readonly TrueRecord[];
  readonly textsBefore: number;
}

/** The users, with what they had before. */
async function arrange(
  tenant: Tenant,
  indexes: readonly number[],
  draw: ReturnType<typeof createDraw>,
): Promise<readonly Arranged[]> {
  const arranged: Arranged[] = [];
  for (const index of indexes) {
    const journey = journeyOf(draw, index);
    const userId = await tenant.createUser(`person-${index}@example.com`);
    const number = `+1646555${String(index % 10_000).padStart(4, '0')}`;
    if (journey === 'hadSms') await tenant.enrollSms(userId, number);
    if (journey === 'hadLeftover') await tenant.leaveRecord(userId, number);
    arranged.push({
      plan: { index, journey, userId },
      recordsBefore: await tenant.records(userId),
      textsBefore: (await tenant.texts(userId)).length,
    });
  }
  return arranged;
}

async function report(
  { seed, cases }: ChaosOptions,
  stack: Stack,
  tenant: Tenant,
  arranged: readonly Arranged[],
  views: readonly (View | undefined)[],
  blowsDealt: readonly Blow[],
  seconds: number,
): Promise<ChaosReport> {
  const closingOf = await closingsOf(stack);
  const counts = Object.fromEntries(Object.keys(faults).map((fault) => [fault, 0])) as Record<Fault, number>; // its keys are the faults
  const wrong: ChaosReport['wrong'][number][] = [];
  const sent: number[] = [];
  for (const [position, { plan, recordsBefore, textsBefore }] of arranged.entries()) {
    const view = views[position];
    const texts = (await tenant.texts(plan.userId)).length - textsBefore;
    sent.push(texts);
    const found = judge({
      journey: plan.journey,
      view,
      closed: view === undefined ? undefined : closingOf(view.id),
      texts,
      recordsBefore,
      recordsAfter: await tenant.records(plan.userId),
    });
    for (const fault of found) counts[fault] += 1;
    if (found.length > 0) {
      wrong.push({
        case: plan.index,
        journey: plan.journey,
        faults: found,
        ...(view === undefined ? {} : { id: view.id, state: view.state, problem: view.lastProblem?.message }),
      });
    }
  }
  return {
    passed: wrong.length === 0,
    seed,
    cases,
    seconds: Math.round(seconds),
    journeys: tally(arranged.map(({ plan }) => plan.journey)),
    outcomes: tally(views.map((view) => view?.state ?? 'none')),
    faults: counts,
    texts: { sent: sent.reduce((sum, each) => sum + each, 0), mostOfOneCase: Math.max(0, ...sent), bound: textBound },
    blows: blows.map(([victim, { name: point }]) => {
      const same = blowsDealt.filter((blow) => blow.victim === victim && blow.point === point);
      const met = same.filter((blow) => blow.met).length;
      return { victim, point, met, missed: same.length - met };
    }),
    wrong,
  };
}

/** How Temporal closed each run, by enrollment id. Asked without decoding: memos are encrypted, and nobody needs them here. */
async function closingsOf({ temporal, namespace, taskQueue }: Stack): Promise<(id: string) => string | undefined> {
  const connection = await Connection.connect({ address: temporal });
  try {
    const closings = new Map<string, string>();
    let nextPageToken: Uint8Array | null | undefined;
    do {
      const page = await connection.workflowService.listWorkflowExecutions({
        namespace,
        query: `TaskQueue = '${taskQueue}'`,
        pageSize: 500,
        ...(nextPageToken ? { nextPageToken } : {}),
      });
      for (const { execution, status } of page.executions) {
        const name = status ? WorkflowExecutionStatus[status] : undefined;
        if (execution?.runId && name !== undefined) {
          closings.set(execution.runId.replaceAll('-', ''), name.replace('WORKFLOW_EXECUTION_STATUS_', ''));
        }
      }
      ({ nextPageToken } = page);
    } while (nextPageToken && nextPageToken.length > 0);
    // An enrollment id holds the run id in its second 16 bytes (src/temporal/ids.ts).
    return (id) => closings.get(Buffer.from(id.slice('enr_'.length), 'base64url').subarray(16, 32).toString('hex'));
  } finally {
    await connection.close();
  }
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
