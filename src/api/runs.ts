import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { outcomes, type EnrollmentStatus, type Outcome } from '../enrollment/status';
import type { EnrollmentIds, EnrollmentRun } from '../temporal/ids';
import { viewOf } from '../enrollment/view';
import { caseMemo, status as statusQuery, type CaseMemo, type MfaEnrollmentInput } from '../workflows/messages';
import { ApiProblem } from './problems';
import { asProblem, unavailable } from './temporal-errors';

/** A case as its callers see it: `id` names one run, so a call for an old case never reaches a newer one. */
export interface EnrollmentView extends EnrollmentStatus {
  readonly id: string;
}

export type EnrollmentWorkflow = (input: MfaEnrollmentInput) => Promise<unknown>;
export type RunHandle = WorkflowHandle<EnrollmentWorkflow>;
/** Without a run id: whichever run is the newest. */
type Target = Pick<EnrollmentRun, 'workflowId'> & Partial<EnrollmentRun>;

export type UpdateOutcome = 'answered' | 'refused' | 'unanswered';

export interface RunsParts {
  readonly client: Client;
  readonly ids: EnrollmentIds;
  /** Milliseconds for an answer that needs no Auth0. */
  readonly queryMs: number;
  /** Told of every update: how long its answer took, and whether there was one. */
  readonly observeUpdate: (name: string, outcome: UpdateOutcome, seconds: number) => void;
}

/** Calls to one run, each with a deadline, and with Temporal's errors turned into problems. */
export function createRuns({ client, ids, queryMs, observeUpdate }: RunsParts) {
  return { parse, handle, read, view, within, attempt, query, queryAtRest, update };

  /** Throws the problem of an unknown enrollment, whatever is wrong with the id: it tells nothing about users. */
  function parse(id: string): EnrollmentRun {
    const run = ids.parseEnrollmentId(id);
    if (run === undefined) throw new ApiProblem('enrollment_not_found');
    return run;
  }

  /** From the case's memo, which needs no worker; a run started without one is asked. */
  async function read(run: EnrollmentRun): Promise<EnrollmentView> {
    const description = await query(run, (to) => to.describe());
    const status = sharedStatus(description) ?? (await query(run, (to) => to.query(statusQuery)));
    return view(run, asClosed(status, description));
  }

  /**
   * A query, sent while nothing is under way: Temporal's SDK can spoil a run for good when a query reaches a worker that
   * does not know the run, with a result on its way to it and an update right behind (docs/decisions/0011-status-in-memo.md).
   */
  async function queryAtRest<T>(run: EnrollmentRun, ask: (to: RunHandle) => Promise<T>): Promise<T> {
    const until = Date.now() + queryMs;
    while (isUnderWay(await query(run, (to) => to.describe()))) {
      if (Date.now() > until) throw unavailable();
      await sleep(50);
    }
    return query(run, ask);
  }

  function query<T>(target: Target, ask: (to: RunHandle) => Promise<T>): Promise<T> {
    return attempt(target, () => within(queryMs, () => ask(handle(target))));
  }

  /** An update by name, measured. `undefined` counts as unanswered. */
  async function update<T>(name: string, run: EnrollmentRun, send: (to: RunHandle) => Promise<T>): Promise<T> {
    const began = performance.now();
    const observe = (outcome: UpdateOutcome) => observeUpdate(name, outcome, (performance.now() - began) / 1000);
    try {
      const answer = await attempt(run, () => send(handle(run)));
      observe(answer === undefined ? 'unanswered' : 'answered');
      return answer;
    } catch (error) {
      observe(error instanceof ApiProblem && error.code !== 'unavailable' ? 'refused' : 'unanswered');
      throw error;
    }
  }

  async function attempt<T>(target: Target, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw await asProblem(error, () => exists(target));
    }
  }

  async function exists(target: Target): Promise<boolean> {
    try {
      await within(queryMs, () => handle(target).describe());
      return true;
    } catch {
      return false;
    }
  }

  function within<T>(ms: number, call: () => Promise<T>): Promise<T> {
    return client.withDeadline(Date.now() + ms, call);
  }

  function handle({ workflowId, runId }: Target): RunHandle {
    return client.workflow.getHandle<EnrollmentWorkflow>(workflowId, runId);
  }

  function view({ workflowId, runId }: EnrollmentRun, status: EnrollmentStatus): EnrollmentView {
    return { id: ids.enrollmentId(workflowId, runId), ...status };
  }
}

export type Runs = ReturnType<typeof createRuns>;

export const isOutcome = ({ state }: EnrollmentStatus): boolean => outcomes.includes(state as Outcome); // `includes` asks for a member

function sharedStatus({ memo }: WorkflowExecutionDescription): EnrollmentStatus | undefined {
  const shared = memo?.[caseMemo] as CaseMemo | undefined; // written by our workflow and our start alone, and authenticated by its encryption
  return shared === undefined ? undefined : viewOf(shared.enrollment, Date.now(), shared.tokenExpiresAt);
}

const isUnderWay = ({ raw }: WorkflowExecutionDescription): boolean =>
  (raw.pendingActivities ?? []).length > 0 || (raw.pendingWorkflowTask ?? undefined) !== undefined;

/** A run that was terminated answers its last status for ever; to a caller it is over. */
function asClosed(
  status: EnrollmentStatus,
  { status: run, closeTime }: WorkflowExecutionDescription,
): EnrollmentStatus {
  if (run.name === 'RUNNING' || isOutcome(status)) return status;
  const { challenge: _challenge, factor: _factor, ...rest } = status;
  return {
    ...rest,
    state: 'failed',
    nextAction: 'The case was ended from outside. Start a new enrollment.',
    ...(closeTime === undefined ? {} : { endedAt: closeTime.toISOString() }),
  };
}
