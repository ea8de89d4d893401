import { WithStartWorkflowOperation, WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { startedEnrollment } from '../enrollment/enrollment';
import { limits } from '../enrollment/limits';
import { factors, type FactorName } from '../factors';
import type { EnrollmentIds, EnrollmentRun } from '../temporal/ids';
import {
  awaitChallenge,
  caseMemo,
  renewToken,
  workflowType,
  type CaseMemo,
  type TokenInput,
} from '../workflows/messages';
import { searchAttributes } from '../workflows/search-attributes';
import { ApiProblem } from './problems';
import type { EnrollmentView, EnrollmentWorkflow, Runs } from './runs';
import { asProblem } from './temporal-errors';

export interface StartRequest {
  readonly userId: string;
  /** In order. */
  readonly factors: readonly FactorName[];
  /** E.164. */
  readonly phoneNumber?: string;
  readonly token?: TokenInput;
}

export interface Started {
  /** False: the same request had started it before. */
  readonly created: boolean;
  readonly enrollment: EnrollmentView;
}

export interface StartParts {
  readonly client: Client;
  readonly ids: EnrollmentIds;
  readonly domain: string;
  readonly taskQueue: string;
  readonly partialPolicy: 'keep' | 'remove';
  readonly runs: Runs;
  /** Milliseconds for the first challenge. */
  readonly answerMs: number;
}

/** One live case per user: the workflow id is the user's, and Temporal keeps a second one out. */
export function createStart({ client, ids, domain, taskQueue, partialPolicy, runs, answerMs }: StartParts) {
  return async function start(request: StartRequest): Promise<Started> {
    const workflowId = ids.workflowId(domain, request.userId);
    const { token, ...body } = request;
    const fingerprint = ids.fingerprint(body); // a new token does not make it another request
    try {
      return { created: true, enrollment: await startNew(workflowId, fingerprint, request) };
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        return { created: false, enrollment: await join(workflowId, fingerprint, token) };
      }
      throw await asProblem(error, () => Promise.resolve(true));
    }
  };

  async function startNew(workflowId: string, fingerprint: string, request: StartRequest): Promise<EnrollmentView> {
    const startWorkflowOperation = new WithStartWorkflowOperation<EnrollmentWorkflow>(workflowType, {
      workflowId,
      taskQueue,
      args: [{ ...request, ...(partialPolicy === 'keep' ? {} : { options: { partialPolicy } }) }],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      memo: { fingerprint, [caseMemo]: openingOf(request) },
      typedSearchAttributes: [
        { key: searchAttributes.state, value: request.token === undefined ? 'awaiting_token' : 'associating' },
        { key: searchAttributes.deadline, value: new Date(Date.now() + limits.lifetimeSeconds * 1000) },
      ],
      staticSummary: summary(request.factors),
      staticDetails: `Takes one Auth0 user through ${summary(request.factors)}. The \`status\` query says where it is.`,
    });
    let run: EnrollmentRun | undefined;
    try {
      return await runs.within(answerMs, async () => {
        const update = await client.workflow.startUpdateWithStart(awaitChallenge, {
          // No update id of ours: for one that it knows, Temporal answers for the run that had it, be it over, and starts nothing.
          startWorkflowOperation,
          waitForStage: 'ACCEPTED',
        });
        if (update.workflowRunId === undefined) throw new TypeError('Temporal named no run for the case it started');
        run = { workflowId, runId: update.workflowRunId };
        return runs.view(run, await update.result());
      });
    } catch (error) {
      if (run === undefined) throw error;
      return await runs.read(run); // it is there: Auth0 may be slow, or the case over at once, and it can say so itself
    }
  }

  /** The case of this user that runs already: the same request finds it, and may bring the token it waits for. */
  async function join(workflowId: string, fingerprint: string, token?: TokenInput): Promise<EnrollmentView> {
    const { runId, memo } = await runs.query({ workflowId }, (handle) => handle.describe());
    if (memo?.['fingerprint'] !== fingerprint) {
      throw new ApiProblem('enrollment_conflict', {
        detail: 'Another enrollment of this user is under way. Cancel it first, or send the same body to join it.',
      });
    }
    const run = { workflowId, runId };
    await runs
      .within(answerMs, () => runs.handle(run).executeUpdate(awaitChallenge, { updateId: firstChallenge }))
      .catch(() => undefined); // what counts is the reading below
    const enrollment = await runs.read(run);
    if (enrollment.state !== 'awaiting_token' || token === undefined) return enrollment;
    const updateId = `joined-${ids.fingerprint(token)}`;
    const renewed = await runs.update(renewToken.name, run, (handle) =>
      runs.within(answerMs, () => handle.executeUpdate(renewToken, { args: [token], updateId })),
    );
    return runs.view(run, renewed);
  }
}

/** The case before a worker has seen it: it can be read from the first moment. */
const openingOf = (request: StartRequest): CaseMemo => ({
  version: 1,
  enrollment: startedEnrollment(request, Date.now()),
});

/** One update for all who join a run: the second waits with the first, and a hundredth adds nothing to the history. */
const firstChallenge = 'first-challenge';

/** "text message → authenticator app" */
const summary = (plan: readonly FactorName[]): string => plan.map((name) => factors[name].title).join(' → ');
