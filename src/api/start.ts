import {
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { EnrollmentOptions } from '../enrollment/commands';
import { defined } from '../enrollment/defined';
import { inheritedFrom, openEnrollment } from '../enrollment/enrollment';
import { limits } from '../enrollment/limits';
import { outlookOf } from '../enrollment/outlook';
import type { GivenToken } from '../enrollment/tokens';
import { factors, type FactorName } from '../factors';
import type { EnrollmentIds } from '../temporal/ids';
import { awaitChallenge, caseMemo, renewToken, workflowType, type CaseMemo } from '../workflows/messages';
import { searchAttributes } from '../workflows/search-attributes';
import { parseMemo } from './case-memo';
import { ApiProblem } from './problems';
import {
  chainOf,
  isOpen,
  isOutcome,
  type Chain,
  type EnrollmentView,
  type EnrollmentWorkflow,
  type Runs,
} from './runs';
import { asProblem, unavailable } from './temporal-errors';

/** A token as callers send it. */
export type Token = Omit<GivenToken, 'expiresAt'>;

export interface StartRequest {
  readonly userId: string;
  /** In order. */
  readonly factors: readonly FactorName[];
  /** E.164. */
  readonly phoneNumber?: string;
  readonly token?: Token;
  /** The name of the caller, who will own the enrollment. */
  readonly caller: string;
  readonly idempotencyKey?: string;
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
  readonly options: Pick<EnrollmentOptions, 'partialPolicy' | 'opaqueTokens'>;
  readonly runs: Runs;
  /** Milliseconds for the first challenge. */
  readonly answerMs: number;
  /** Milliseconds for an enrollment that is settled to close. */
  readonly closeMs: number;
}

/** How long an Idempotency-Key is remembered after its enrollment has ended. */
const keyLifeMs = 24 * 3600 * 1000;

/** What one start is known by. */
interface Request {
  readonly body: Omit<StartRequest, 'token' | 'caller' | 'idempotencyKey'>;
  readonly token: GivenToken | undefined;
  readonly workflowId: string;
  readonly owner: string;
  /** Of the body: a new token does not make it another request. */
  readonly fingerprint: string;
  readonly startKey: string | undefined;
}

/** One live enrollment per user: the workflow id is the user's, and Temporal keeps a second one out. */
export function createStart({ client, ids, domain, taskQueue, options, runs, answerMs, closeMs }: StartParts) {
  return async function start({ token, caller, idempotencyKey, ...body }: StartRequest): Promise<Started> {
    const request: Request = {
      body,
      token: token && givenNow(token),
      workflowId: ids.workflowId(domain, body.userId),
      owner: ids.owner(caller),
      fingerprint: ids.fingerprint(body),
      startKey: idempotencyKey === undefined ? undefined : ids.startKey(caller, idempotencyKey),
    };
    for (let tries = 0; tries < 3; tries += 1) {
      const newest = await runs.newest(request.workflowId);
      const known = await startedByKey(request, newest);
      if (known !== undefined) return { created: false, enrollment: known };
      if (newest === undefined || !isOpen(newest)) {
        const enrollment = await startNew(request, newest);
        if (enrollment !== undefined) return { created: true, enrollment };
        continue; // somebody else was faster
      }
      const joined = await join(request, newest);
      if (joined !== undefined) return { created: false, enrollment: joined };
    }
    throw unavailable();
  };

  /** The enrollment that this key has started, also when it has ended. Throws when it was for another body. */
  async function startedByKey(
    { workflowId, startKey, fingerprint, token }: Request,
    newest: WorkflowExecutionDescription | undefined,
  ): Promise<EnrollmentView | undefined> {
    if (startKey === undefined || newest === undefined) return undefined;
    const found =
      parseMemo(newest.memo).startKey === startKey
        ? { chain: chainOf(newest), memo: newest.memo, isOpen: isOpen(newest) }
        : await earlierRun(workflowId, startKey, newest);
    if (found === undefined) return undefined;
    if (parseMemo(found.memo).fingerprint !== fingerprint) throw new ApiProblem('idempotency_key_reused');
    return found.isOpen ? await rejoin(found.chain, token) : await runs.read(found.chain);
  }

  /** From visibility, which lags a moment behind: enough for an enrollment that has been followed by another one. */
  async function earlierRun(workflowId: string, startKey: string, newest: WorkflowExecutionDescription) {
    const since = new Date(Date.now() - keyLifeMs);
    if (newest.startTime < since && (newest.closeTime ?? new Date()) < since) return undefined;
    const query = `WorkflowId = '${workflowId}' AND (StartTime > '${since.toISOString()}' OR CloseTime > '${since.toISOString()}')`;
    try {
      return await runs.within(answerMs, async () => {
        for await (const { runId, memo } of client.workflow.list({ query })) {
          const { startKey: other, shared } = parseMemo(memo);
          if (other === startKey) {
            return { chain: { workflowId, runId: shared?.firstRunId ?? runId }, memo, isOpen: false };
          }
        }
        return undefined;
      });
    } catch (error) {
      throw await asProblem(error, () => Promise.resolve(true));
    }
  }

  /** Undefined: another enrollment of this user runs. */
  async function startNew(
    request: Request,
    before: WorkflowExecutionDescription | undefined,
  ): Promise<EnrollmentView | undefined> {
    const { body, token, workflowId, owner, fingerprint, startKey } = request;
    const last = parseMemo(before?.memo).shared;
    const inherited = last && inheritedFrom(last.enrollment);
    const now = Date.now();
    const opening = openEnrollment({ ...body, ...defined({ inherited }) }, now);
    const memo: CaseMemo = { version: 2, enrollment: opening }; // so that it can be read before a worker has seen it
    const startWorkflowOperation = new WithStartWorkflowOperation<EnrollmentWorkflow>(workflowType, {
      workflowId,
      taskQueue,
      args: [{ ...body, ...defined({ token, inherited }), ...(Object.keys(options).length === 0 ? {} : { options }) }],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      memo: { fingerprint, ...defined({ startKey }), [caseMemo]: memo },
      typedSearchAttributes: [
        { key: searchAttributes.state, value: token === undefined ? 'awaiting_token' : 'associating' },
        { key: searchAttributes.waitingFor, value: token === undefined ? 'user' : outlookOf(opening, now).who },
        { key: searchAttributes.deadline, value: new Date(now + limits.lifetimeSeconds * 1000) },
        { key: searchAttributes.owner, value: owner },
      ],
      staticSummary: summary(body.factors),
      staticDetails: `Takes one Auth0 user through ${summary(body.factors)}. The \`status\` query says where it is.`,
    });
    let chain: Chain | undefined;
    try {
      return await runs.within(answerMs, async () => {
        const update = await client.workflow.startUpdateWithStart(awaitChallenge, {
          // Set no update id: a known id returns the old run's result and starts nothing.
          startWorkflowOperation,
          waitForStage: 'ACCEPTED',
        });
        if (update.workflowRunId === undefined)
          throw new TypeError('Temporal named no run for the enrollment it started');
        chain = { workflowId, runId: update.workflowRunId };
        return runs.view(chain, await update.result());
      });
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
      if (chain === undefined) throw await asProblem(error, () => Promise.resolve(true));
      return await runs.read(chain); // it is there: Auth0 may be slow, or the enrollment over at once, and it can say so itself
    }
  }

  /**
   * The enrollment of this user that runs: the same request finds it, and may bring the token it waits for. Undefined when it
   * was settled and has closed by now: whoever asks then means a new one.
   */
  async function join(
    { fingerprint, token }: Request,
    running: WorkflowExecutionDescription,
  ): Promise<EnrollmentView | undefined> {
    const chain = chainOf(running);
    if (isOutcome(await runs.read(chain))) {
      if (await runs.closed(chain, closeMs)) return undefined;
      throw unavailable();
    }
    if (parseMemo(running.memo).fingerprint !== fingerprint) {
      throw new ApiProblem('enrollment_conflict', {
        detail: 'Another enrollment of this user is under way. Cancel it first, or send the same body to join it.',
      });
    }
    return rejoin(chain, token);
  }

  /** Waits for the first challenge with whoever started it, and brings the token if it waits for one. */
  async function rejoin(chain: Chain, token: GivenToken | undefined): Promise<EnrollmentView> {
    await runs
      .find(chain, (handle) =>
        runs.within(answerMs, () => handle.executeUpdate(awaitChallenge, { updateId: firstChallenge })),
      )
      .catch(() => undefined); // what counts is the reading below
    const enrollment = await runs.read(chain);
    if (enrollment.state !== 'awaiting_token' || token === undefined) return enrollment;
    const updateId = `joined-${ids.fingerprint(token.accessToken)}`;
    const renewed = await runs.update(renewToken.name, chain, (handle) =>
      runs.within(answerMs, () => handle.executeUpdate(renewToken, { args: [token], updateId })),
    );
    return runs.view(chain, renewed);
  }
}

/** With the moment it dies in place of how long it lives: what waits in a queue gets older. */
export const givenNow = ({ expiresIn = limits.tokenLifeSeconds, ...token }: Token): GivenToken => ({
  ...token,
  expiresAt: Date.now() + expiresIn * 1000,
});

/** One update for all who join a run: the second waits with the first, and a hundredth adds nothing to the history. */
const firstChallenge = 'first-challenge';

/** "text message → authenticator app" */
const summary = (plan: readonly FactorName[]): string => plan.map((name) => factors[name].title).join(' → ');
