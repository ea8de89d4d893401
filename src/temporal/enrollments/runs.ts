import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, WorkflowNotFoundError, type Client, type WorkflowHandle } from '@temporalio/client';
import { defined } from '../../enrollment/defined';
import { outcomes, type EnrollmentStatus, type Outcome } from '../../enrollment/status';
import { viewOf } from '../../enrollment/view';
import { ApiProblem } from '../../problems';
import { status as statusQuery, type MfaEnrollmentInput } from '../../workflows/messages';
import type { EnrollmentIds, EnrollmentRun, KeyedRun } from '../ids';
import { PayloadDecryptionError } from '../payload-codec';
import { describeRun, type RunDescription } from './run-description';
import { asProblem, busy, isExhausted, isUnavailable, unavailable } from './temporal-errors';

/** An enrollment as its callers see it: `id` names one enrollment, so a call for an old one never reaches a newer one. */
export interface EnrollmentView extends EnrollmentStatus {
  readonly id: string;
}

export type EnrollmentWorkflow = (input: MfaEnrollmentInput) => Promise<unknown>;
export type RunHandle = WorkflowHandle<EnrollmentWorkflow>;

/**
 * An enrollment as Temporal names it: a workflow id and the first of its runs. A run that has received many messages goes on as
 * another run of the same workflow id; both belong to the chain that the first one began.
 */
export type Chain = KeyedRun;

export type UpdateOutcome = 'answered' | 'refused' | 'unanswered';

export interface RunsParts {
  readonly client: Client;
  readonly ids: EnrollmentIds;
  /** Milliseconds for an answer that needs no Auth0. */
  readonly queryMs: number;
  /** Told of every update: how long its answer took, and whether there was one. */
  readonly observeUpdate: (name: string, outcome: UpdateOutcome, seconds: number) => void;
}

/** Before an update is sent again that came while its run went on as another one: milliseconds. */
const busyPausesMs = [200, 800];

/** Calls to the runs of one enrollment, each with a deadline, and with Temporal's errors turned into problems. */
export function createRuns({ client, ids, queryMs, observeUpdate }: RunsParts) {
  return {
    ...{
      parse,
      newest,
      read,
      readFrom,
      current,
      ownerOf,
      askedBy,
      view,
      within,
      signal,
      queryAtRest,
      update,
      find,
      closed,
    },
    isAtWork,
  };

  /** Throws the problem of an unknown enrollment, whatever is wrong with the id: it tells nothing about users. */
  function parse(id: string): Chain {
    const chain = ids.parseEnrollmentId(id);
    if (chain === undefined) throw new ApiProblem('enrollment_not_found');
    return chain;
  }

  /** The newest run of a workflow id, whichever chain it belongs to; undefined when there is none. */
  async function newest(workflowId: string): Promise<RunDescription | undefined> {
    try {
      return await describe({ workflowId });
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw await asProblem(error, () => Promise.resolve(true));
    }
  }

  /** The last run of a chain. Throws the problem of an unknown enrollment when there is no such chain. */
  async function current(chain: Chain): Promise<RunDescription> {
    const last = await newest(chain.workflowId);
    if (last !== undefined && chainOf(last).runId === chain.runId) return last;
    return attempt(async () => {
      let description = await describe(chain);
      for (let next = await nextRun(description); next !== undefined; next = await nextRun(description)) {
        description = await describe(next);
      }
      return description;
    });
  }

  /**
   * From the memo, which needs no worker; a run whose memo cannot be read is asked. `admit` is told the owner, as `ownerOf`, before
   * anything else is done, and may throw: whoever needs both pays for one call.
   */
  async function read(chain: Chain, admit?: (owner: string | undefined) => void): Promise<EnrollmentView> {
    const description = await current(chain);
    admit?.(description.memo.owner);
    return readFrom(chain, description);
  }

  /** As `read`, from what was told of the last run of the chain just now. */
  async function readFrom(chain: Chain, description: RunDescription): Promise<EnrollmentView> {
    const { shared } = description.memo;
    const status =
      shared === undefined
        ? await query(description, (to) => to.query(statusQuery))
        : viewOf(shared.enrollment, Date.now(), shared.tokenExpiresAt);
    return view(chain, asClosed(status, description));
  }

  /** The owner that stands in the memo; undefined where none does, as in an enrollment that was started by hand. */
  async function ownerOf(chain: Chain): Promise<string | undefined> {
    return (await current(chain)).memo.owner;
  }

  /** The name of the caller who started it, as the memo has it; undefined where none does. */
  async function askedBy(chain: Chain): Promise<string | undefined> {
    return (await current(chain)).memo.askedBy;
  }

  /**
   * A query, sent while nothing is under way: Temporal's SDK can spoil a run for good when a query reaches a worker that
   * does not know the run, with a result on its way to it and an update right behind (docs/decisions/0011-status-in-memo.md).
   * `admit`: as of `read`.
   */
  async function queryAtRest<T>(
    chain: Chain,
    ask: (to: RunHandle) => Promise<T>,
    admit?: (owner: string | undefined) => void,
  ): Promise<T> {
    const until = Date.now() + queryMs;
    for (;;) {
      const description = await current(chain);
      admit?.(description.memo.owner);
      if (description.isAtRest) return query(description, ask);
      if (Date.now() > until) throw unavailable();
      await sleep(50);
    }
  }

  function query<T>(run: EnrollmentRun, ask: (to: RunHandle) => Promise<T>): Promise<T> {
    return attempt(() => within(queryMs, () => ask(handle(run))));
  }

  /**
   * To the last run of this chain, and to no run of another one. Most chains have one run, so the first is tried before the last
   * is looked for.
   */
  async function signal(chain: Chain, send: (to: RunHandle) => Promise<void>): Promise<void> {
    for (let run: EnrollmentRun = chain; ;) {
      try {
        return await within(queryMs, () => send(handle(run)));
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw await asProblem(error, () => Promise.resolve(true));
        const last = await current(chain);
        if (last.runId === run.runId) throw new ApiProblem('enrollment_settled');
        run = last;
      }
    }
  }

  /**
   * An update by name, measured. `undefined` counts as unanswered. One that the chain knows already, by its id, is answered by
   * the run that carried it out.
   */
  async function update<T>(name: string, chain: Chain, send: Ask<T>): Promise<T> {
    const began = performance.now();
    const observe = (outcome: UpdateOutcome) => observeUpdate(name, outcome, (performance.now() - began) / 1000);
    try {
      const answer = await patiently(() => find(chain, send));
      observe(answer === undefined ? 'unanswered' : 'answered');
      return answer;
    } catch (error) {
      observe(error instanceof ApiProblem && error.code !== 'unavailable' ? 'refused' : 'unanswered');
      throw error;
    }
  }

  /** Asks the runs of a chain, the first one first, until one knows what it is asked for. */
  async function find<T>(chain: Chain, ask: Ask<T>): Promise<T> {
    for (let run: EnrollmentRun = chain; ;) {
      try {
        return await ask(handle(run), run);
      } catch (error) {
        if (isExhausted(error)) throw busy();
        if (!(error instanceof WorkflowNotFoundError)) throw await asProblem(error, () => exists(run));
        const next = await attempt(async () => nextRun(await describe(run)));
        if (next === undefined) throw new ApiProblem('enrollment_settled');
        run = next;
      }
    }
  }

  /** Has a worker a workflow task of this run in hand? */
  async function isAtWork(run: EnrollmentRun): Promise<boolean> {
    return (await describe(run)).isAtWork;
  }

  /** Waits until the enrollment has closed, `ms` at the longest: whether it has. Whatever it closed as. */
  async function closed({ workflowId, runId }: Chain, ms: number): Promise<boolean> {
    try {
      await within(ms, () => client.workflow.result(workflowId, runId, { followRuns: true }));
      return true;
    } catch (error) {
      if (error instanceof WorkflowFailedError) return true; // a cancelled run "fails" its waiters
      if (error instanceof PayloadDecryptionError) return true; // it has a result, which nobody needs here
      if (isUnavailable(error)) return false;
      throw await asProblem(error, () => Promise.resolve(true));
    }
  }

  /** The run that this one went on as. Its close event names it: lists lag behind. */
  async function nextRun({ workflowId, runId, wentOn }: RunDescription): Promise<EnrollmentRun | undefined> {
    if (!wentOn) return undefined;
    const { history } = await within(queryMs, () =>
      client.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: client.options.namespace,
        execution: { workflowId, runId },
        maximumPageSize: 1,
      }),
    );
    const next = history?.events?.[0]?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    if (!next) throw new Error('a run that continued as new does not name the next one');
    return { workflowId, runId: next };
  }

  async function attempt<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw error instanceof WorkflowNotFoundError
        ? new ApiProblem('enrollment_not_found')
        : await asProblem(error, () => Promise.resolve(true));
    }
  }

  async function exists(run: EnrollmentRun): Promise<boolean> {
    return describe(run).then(
      () => true,
      () => false,
    );
  }

  function describe(run: Pick<EnrollmentRun, 'workflowId'> & Partial<EnrollmentRun>) {
    return within(queryMs, () => describeRun(client, run));
  }

  function within<T>(ms: number, call: () => Promise<T>): Promise<T> {
    return client.withDeadline(Date.now() + ms, call);
  }

  function handle({ workflowId, runId }: EnrollmentRun): RunHandle {
    return client.workflow.getHandle<EnrollmentWorkflow>(workflowId, runId);
  }

  function view({ workflowId, runId, keyId }: Chain, status: EnrollmentStatus): EnrollmentView {
    return { id: ids.enrollmentId(workflowId, runId, keyId), ...status };
  }
}

export type Runs = ReturnType<typeof createRuns>;

type Ask<T> = (of: RunHandle, run: EnrollmentRun) => Promise<T>;

/** The chain that a run belongs to. */
export const chainOf = ({ workflowId, firstRunId, memo }: RunDescription): Chain => ({
  workflowId,
  runId: firstRunId,
  ...defined({ keyId: memo.keyId }),
});

export const isOutcome = ({ state }: Pick<EnrollmentStatus, 'state'>): boolean => outcomes.includes(state as Outcome); // `includes` asks for a member

/** Running, or paused by an operator. */
export const isOpen = ({ closedAt }: RunDescription): boolean => closedAt === undefined;

/** A run that is about to go on as another one takes no update until it has. */
async function patiently<T>(send: () => Promise<T>): Promise<T> {
  for (const pause of busyPausesMs) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof ApiProblem && error.code === 'busy')) throw error;
      await sleep(pause);
    }
  }
  return send();
}

/** A run that was terminated answers its last status for ever; to a caller it is over. */
function asClosed(status: EnrollmentStatus, { closedAt }: RunDescription): EnrollmentStatus {
  if (closedAt === undefined || isOutcome(status)) return status;
  const { challenge: _challenge, factor: _factor, ...rest } = status;
  return {
    ...rest,
    state: 'failed',
    waitingFor: { who: 'operator', what: 'nothing' },
    nextAction: 'The enrollment was ended from outside. Start a new one.',
    endedAt: new Date(closedAt).toISOString(),
  };
}
