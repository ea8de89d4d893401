import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { temporal as proto } from '@temporalio/proto';
import type { Stack } from '../stack';
import type { Tenant } from '../stack/tenant';
import type { Plan, Played } from './person';
import { blows, type Blow } from './saboteur';
import { faults, judge, leftoversOf, textBound, type Account, type Ended, type Fault, type Hindrance } from './truth';
import { closings, workflowIdOf, type ListedRun } from './workflows';

export interface ChaosReport {
  readonly passed: boolean;
  readonly seed: string;
  readonly cases: number;
  readonly seconds: number;
  readonly journeys: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<Fault, number>>;
  readonly texts: { readonly sent: number; readonly mostOfOneCase: number; readonly bound: number };
  /** Taken by the server: floods, and tokens of other users. */
  readonly signals: number;
  /** Cases with a leftover that the tenant, or a proxy before it, would not list or delete: no fault of theirs. */
  readonly undeletable: number;
  readonly blows: readonly {
    readonly victim: string;
    readonly harm: string;
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

/** One case before it begins. */
export interface Arranged {
  readonly plan: Plan;
  readonly before: Account;
  /** Present where another user's tokens are brought. */
  readonly otherUserBefore?: Account;
}

/** One case that has been played, with what the tenant refused it at the end. */
export type Result = Arranged & Played & { readonly hindrance: Hindrance };

/** What the tenant knows of a user now. */
export const accountOf = async (tenant: Tenant, userId: string): Promise<Account> => ({
  authenticators: await tenant.authenticators(userId),
  texts: (await tenant.texts(userId)).length,
});

/** Compares every case with the tenant and with Temporal. `dealt` is what was done to the processes. */
export async function reportOn(parts: {
  readonly seed: string;
  readonly seconds: number;
  readonly stack: Stack;
  readonly tenant: Tenant;
  readonly connection: Connection;
  readonly results: readonly Result[];
  readonly dealt: readonly Blow[];
  readonly signals: number;
}): Promise<ChaosReport> {
  const { tenant, results, dealt } = parts;
  const closingOf = await closingsOf(parts);
  const counts = Object.fromEntries(Object.keys(faults).map((fault) => [fault, 0])) as Record<Fault, number>; // its keys are the faults
  const wrong: ChaosReport['wrong'][number][] = [];
  const sent: number[] = [];
  let undeletable = 0;
  for (const result of results) {
    const { plan, view } = result;
    const ended = await endedOf(tenant, result, view === undefined ? undefined : closingOf(view.id));
    const found = judge(ended);
    for (const fault of found) counts[fault] += 1;
    sent.push(ended.after.texts - ended.before.texts);
    if (leftoversOf(ended).length > 0 && !found.includes('leftovers')) undeletable += 1;
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
    seed: parts.seed,
    cases: results.length,
    seconds: Math.round(parts.seconds),
    journeys: tally(results.map(({ plan }) => plan.journey)),
    outcomes: tally(results.map(({ view }) => view?.state ?? 'none')),
    faults: counts,
    texts: { sent: sent.reduce((sum, each) => sum + each, 0), mostOfOneCase: Math.max(0, ...sent), bound: textBound },
    signals: parts.signals,
    undeletable,
    blows: blows.map(({ victim, harm, point: { name: point } }) => {
      const same = dealt.filter((blow) => blow.victim === victim && blow.harm === harm && blow.point === point);
      const met = same.filter((blow) => blow.met).length;
      return { victim, harm, point, met, missed: same.length - met };
    }),
    wrong,
  };
}

async function endedOf(tenant: Tenant, result: Result, closed: string | undefined): Promise<Ended> {
  const { plan, view, before, otherUserBefore, hindrance, tookOtherUsersToken } = result;
  return {
    journey: plan.journey,
    view,
    closed,
    before,
    after: await accountOf(tenant, plan.userId),
    hindrance,
    ...(otherUserBefore === undefined
      ? {}
      : {
          otherUser: {
            before: otherUserBefore,
            after: await accountOf(tenant, plan.otherUserId),
            tokenTaken: tookOtherUsersToken,
          },
        }),
  };
}

/** How Temporal closed each case, by enrollment id. The lists of Temporal are a little behind, so they are asked again for a while. */
async function closingsOf({
  stack,
  connection,
  results,
}: {
  readonly stack: Stack;
  readonly connection: Connection;
  readonly results: readonly Result[];
}): Promise<(id: string) => string | undefined> {
  const ids = results.flatMap(({ view }) => (view?.endedAt === undefined ? [] : [workflowIdOf(view.id)]));
  for (let tries = 0; ; tries += 1) {
    const closed = closings(await listRuns(connection, stack));
    const isOpen = (id: string) => closed.get(id) === undefined || closed.get(id) === 'RUNNING';
    if (tries === 20 || !ids.some(isOpen)) return (id) => closed.get(workflowIdOf(id));
    await sleep(500);
  }
}

const { WorkflowExecutionStatus } = proto.api.enums.v1;

/** Every run of the stack. Asked without decoding: memos are encrypted, and nobody needs them here. */
async function listRuns(
  { workflowService }: Connection,
  { namespace, taskQueue }: Pick<Stack, 'namespace' | 'taskQueue'>,
): Promise<readonly ListedRun[]> {
  const runs: ListedRun[] = [];
  let nextPageToken: Uint8Array | null | undefined;
  do {
    const page = await workflowService.listWorkflowExecutions({
      namespace,
      query: `TaskQueue = '${taskQueue}'`,
      pageSize: 500,
      ...(nextPageToken ? { nextPageToken } : {}),
    });
    for (const { execution, status, startTime } of page.executions) {
      const name = status ? WorkflowExecutionStatus[status] : undefined;
      if (!execution?.workflowId || name === undefined) continue;
      runs.push({
        workflowId: execution.workflowId,
        status: name.replace('WORKFLOW_EXECUTION_STATUS_', ''),
        startedAt: Number(startTime?.seconds ?? 0) * 1000 + (startTime?.nanos ?? 0) / 1e6,
      });
    }
    ({ nextPageToken } = page);
  } while (nextPageToken && nextPageToken.length > 0);
  return runs;
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
