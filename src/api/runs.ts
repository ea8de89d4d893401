import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { outcomes, type EnrollmentStatus, type Outcome } from '../enrollment/status';
import type { EnrollmentIds, EnrollmentRun } from '../temporal/ids';
import { status as statusQuery, type MfaEnrollmentInput } from '../workflows/messages';
import { ApiProblem } from './problems';
import { asProblem } from './temporal-errors';

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
  return { parse, handle, read, view, within, attempt, query, update };

  /** Throws the problem of an unknown enrollment, whatever is wrong with the id: it tells nothing about users. */
  function parse(id: string): EnrollmentRun {
    const run = ids.parseEnrollmentId(id);
    if (run === undefined) throw new ApiProblem('enrollment_not_found');
    return run;
  }

  async function read(run: EnrollmentRun): Promise<EnrollmentView> {
    const ask = (to: RunHandle) => Promise.all([to.query(statusQuery), to.describe()]);
    const [status, description] = await query(run, ask);
    return view(run, asClosed(status, description));
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
