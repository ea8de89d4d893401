import { WithStartWorkflowOperation, WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { EnrollmentOptions } from '../../enrollment/commands';
import { defined } from '../../enrollment/defined';
import { inheritedFrom, openEnrollment } from '../../enrollment/enrollment';
import { limits } from '../../enrollment/limits';
import { outlookOf } from '../../enrollment/outlook';
import type { GivenToken } from '../../enrollment/tokens';
import { factors, type FactorName } from '../../factors';
import { ApiProblem } from '../../problems';
import { awaitChallenge, caseMemo, renewToken, workflowType, type CaseMemo } from '../../workflows/messages';
import { searchAttributes } from '../../workflows/search-attributes';
import type { EnrollmentIds } from '../ids';
import { listRuns } from '../sealed-memos';
import { parseMemo, startMemo, type StartMemo } from './case-memo';
import { isOneOf } from './list';
import type { RunDescription } from './run-description';
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
  /** The name of the person who acts through the caller, where it is known. */
  readonly person?: string;
  readonly idempotencyKey?: string;
  /** In place of what holds for other enrollments. */
  readonly overrides?: Pick<EnrollmentOptions, 'partialPolicy' | 'lifetimeSeconds'>;
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
  readonly options: Pick<
    EnrollmentOptions,
    'partialPolicy' | 'opaqueTokens' | 'localFirst' | 'recallInTask' | 'recoveryCode'
  >;
  readonly runs: Runs;
  /** Is anything sent to a webhook? Absent: no. */
  readonly hasWebhooks?: () => Promise<boolean>;
  /** Milliseconds for the first challenge. */
  readonly answerMs: number;
  /** Milliseconds for an enrollment that is settled to close. */
  readonly closeMs: number;
}

/** How long an Idempotency-Key is remembered after its enrollment has ended. */
const keyLifeMs = 24 * 3600 * 1000;

/** What one start is known by. */
interface Request {
  /** A new token does not make it another request. */
  readonly body: Omit<StartRequest, 'token' | 'caller' | 'person' | 'idempotencyKey' | 'overrides'>;
  readonly token: GivenToken | undefined;
  readonly caller: string;
  readonly person: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly overrides: StartRequest['overrides'];
  /** Under which this user can have enrollments: one id for each key of the ring. */
  readonly workflowIds: readonly string[];
}

/**
 * One live enrollment per user: the workflow id is the user's, and Temporal keeps a second one out. An enrollment that was
 * started before `ID_KEY` was replaced runs under an id of the previous key: it is looked for first.
 */
export function createStart(parts: StartParts) {
  const { client, ids, domain, taskQueue, runs, answerMs, closeMs, hasWebhooks } = parts;
  return async function start(asked: StartRequest): Promise<Started> {
    const { token, caller, person, idempotencyKey, overrides, ...body } = asked;
    const request: Request = {
      ...{ body, caller, person, idempotencyKey, overrides },
      token: token && givenNow(token),
      workflowIds: ids.workflowIds(domain, body.userId),
    };
    const first = await startFirst(request);
    if (first !== undefined) return { created: true, enrollment: first };
    for (let tries = 0; tries < 3; tries += 1) {
      const newest = await newestOf(request.workflowIds);
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

  /**
   * The first enrollment of a user, which most starts are: Temporal itself looks whether there was another one, and nothing is
   * asked before. Undefined when there was, for it may be the one that is meant, or hand on what it has used up.
   */
  async function startFirst(request: Request): Promise<EnrollmentView | undefined> {
    const [, ...earlierIds] = request.workflowIds; // of keys that were replaced
    const earlier = await newestOf(earlierIds);
    return earlier === undefined ? startNew(request, undefined, WorkflowIdReusePolicy.REJECT_DUPLICATE) : undefined;
  }

  /** The newest run of this user; before all one that is open, for it keeps a new one out. */
  async function newestOf(workflowIds: readonly string[]): Promise<RunDescription | undefined> {
    const found = (await Promise.all(workflowIds.map((id) => runs.newest(id)))).filter((run) => run !== undefined);
    const byAge = found.toSorted((a, b) => b.startedAt - a.startedAt);
    return byAge.find(isOpen) ?? byAge[0];
  }

  /** The enrollment that this key has started, also when it has ended. Throws when it was for another body. */
  async function startedByKey(
    { workflowIds, caller, idempotencyKey, body, token }: Request,
    newest: RunDescription | undefined,
  ): Promise<EnrollmentView | undefined> {
    if (idempotencyKey === undefined || newest === undefined) return undefined;
    const isByKey = ({ startKey }: StartMemo) => ids.isStartKey(startKey, caller, idempotencyKey);
    const found = isByKey(newest.memo)
      ? { chain: chainOf(newest), memo: newest.memo, isOpen: isOpen(newest), now: newest }
      : await earlierRun(workflowIds, isByKey, newest);
    if (found === undefined) return undefined;
    if (!ids.isFingerprint(found.memo.fingerprint, body)) throw new ApiProblem('idempotency_key_reused');
    const { chain, now } = found;
    if (found.isOpen) return rejoin(chain, token, now);
    return now === undefined ? runs.read(chain) : runs.readFrom(chain, now);
  }

  /** From visibility, which lags a moment behind: enough for an enrollment that has been followed by another one. */
  async function earlierRun(
    workflowIds: readonly string[],
    isByKey: (memo: StartMemo) => boolean,
    newest: RunDescription,
  ) {
    const since = new Date(Date.now() - keyLifeMs);
    if (newest.startedAt < since.getTime() && newest.closedAt !== undefined && newest.closedAt < since.getTime()) {
      return undefined;
    }
    const query = `${isOneOf('WorkflowId', workflowIds)} AND (StartTime > '${since.toISOString()}' OR CloseTime > '${since.toISOString()}')`;
    try {
      return await runs.within(answerMs, async () => {
        for await (const { workflowId, runId, memo } of listRuns(client, query)) {
          const started = parseMemo(memo);
          if (isByKey(started)) {
            const { shared, keyId } = started;
            const chain = { workflowId, runId: shared?.firstRunId ?? runId, ...defined({ keyId }) };
            return { chain, memo: started, isOpen: false, now: undefined };
          }
        }
        return undefined;
      });
    } catch (error) {
      throw await asProblem(error, () => Promise.resolve(true));
    }
  }

  /** Undefined: another enrollment of this user runs, or ran where that is enough. */
  async function startNew(
    request: Request,
    before: RunDescription | undefined,
    workflowIdReusePolicy: WorkflowIdReusePolicy = WorkflowIdReusePolicy.ALLOW_DUPLICATE,
  ): Promise<EnrollmentView | undefined> {
    const { body, token, caller, person, idempotencyKey, overrides } = request;
    const workflowId = ids.workflowId(domain, body.userId);
    const startKey = idempotencyKey === undefined ? undefined : ids.startKey(caller, idempotencyKey);
    const owner = ids.owner(caller);
    const startedBy = { caller: owner, ...defined({ person: person === undefined ? undefined : ids.person(person) }) };
    const { keyId } = ids;
    const started: StartMemo = {
      ...{ fingerprint: ids.fingerprint(body), owner, keyId },
      askedBy: caller, // the user is told the name
      ...defined({ startKey }),
    };
    const last = before?.memo.shared;
    const inherited = last && inheritedFrom(last.enrollment);
    // When that cannot be found out, events are made: which endpoints want them is asked again at the delivery.
    const told = hasWebhooks !== undefined && (await hasWebhooks().catch(() => true));
    const options = { ...parts.options, ...overrides, ...(told ? { webhooks: { keyId } } : {}) };
    const now = Date.now();
    const opening = openEnrollment({ ...body, options, ...defined({ inherited }) }, now);
    const memo: CaseMemo = { version: 2, enrollment: opening }; // so that it can be read before a worker has seen it
    const startWorkflowOperation = new WithStartWorkflowOperation<EnrollmentWorkflow>(workflowType, {
      workflowId,
      taskQueue,
      args: [
        {
          ...body,
          startedBy,
          ...defined({ token, inherited }),
          ...(Object.keys(options).length === 0 ? {} : { options }),
        },
      ],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
      workflowIdReusePolicy,
      memo: { [startMemo]: started, [caseMemo]: memo },
      typedSearchAttributes: [
        { key: searchAttributes.state, value: token === undefined ? 'awaiting_token' : 'associating' },
        { key: searchAttributes.waitingFor, value: token === undefined ? 'user' : outlookOf(opening, now).who },
        { key: searchAttributes.deadline, value: new Date(opening.deadline) },
        { key: searchAttributes.owner, value: owner },
        ...(body.phoneNumber === undefined
          ? []
          : [{ key: searchAttributes.phoneNumber, value: ids.phoneNumber(body.phoneNumber) }]),
      ],
      staticSummary: summary(body),
      staticDetails: `Takes one Auth0 user through ${titles(body.factors)}. The \`status\` query says where it is.`,
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
        chain = { workflowId, runId: update.workflowRunId, keyId };
        return runs.view(chain, await update.result());
      });
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
      if (chain === undefined) throw await asProblem(error, () => Promise.resolve(true));
      return await runs.read(chain); // it is there: Auth0 may be slow, or the enrollment over at once, and it can say so itself
    }
  }

  /**
   * The enrollment of this user that runs: the same request of its owner finds it, and may bring the token it waits for.
   * Undefined when it was settled and has closed by now: whoever asks then means a new one.
   */
  async function join({ body, caller, token }: Request, running: RunDescription): Promise<EnrollmentView | undefined> {
    const chain = chainOf(running);
    if (isOutcome(await runs.readFrom(chain, running))) {
      if (await runs.closed(chain, closeMs)) return undefined;
      throw unavailable();
    }
    const { owner, fingerprint } = running.memo;
    if (owner === undefined || !ids.owners(caller).includes(owner)) {
      throw new ApiProblem('enrollment_conflict', {
        detail: 'An enrollment of this user that another caller has started is under way.',
      });
    }
    if (!ids.isFingerprint(fingerprint, body)) {
      throw new ApiProblem('enrollment_conflict', {
        detail: 'Another enrollment of this user is under way. Cancel it first, or send the same body to join it.',
      });
    }
    return rejoin(chain, token, running);
  }

  /**
   * Waits for the first challenge with whoever started it, and brings the token if it waits for one. An enrollment that was past
   * that point when it was looked at `before` is not asked again.
   */
  async function rejoin(
    chain: Chain,
    token: GivenToken | undefined,
    before: RunDescription | undefined,
  ): Promise<EnrollmentView> {
    const seen = before && (await runs.readFrom(chain, before));
    const enrollment = seen === undefined || seen.state === 'associating' ? await challenged(chain) : seen;
    if (enrollment.state !== 'awaiting_token' || token === undefined) return enrollment;
    const updateId = `joined-${ids.under(enrollment.id).fingerprint(token.accessToken)}`;
    const renewed = await runs.update(renewToken.name, chain, (handle) =>
      runs.within(answerMs, () => handle.executeUpdate(renewToken, { args: [token], updateId })),
    );
    return runs.view(chain, renewed);
  }

  async function challenged(chain: Chain): Promise<EnrollmentView> {
    await runs
      .find(chain, (handle) =>
        runs.within(answerMs, () => handle.executeUpdate(awaitChallenge, { updateId: firstChallenge })),
      )
      .catch(() => undefined); // what counts is the reading below
    return runs.read(chain);
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
const titles = (plan: readonly FactorName[]): string => plan.map((name) => factors[name].title).join(' → ');

/**
 * "text message → authenticator app · …23": tells two enrollments apart for who looks at Temporal UI. The codec seals it like every
 * payload, and within the 400 bytes that the server takes, so the number is masked in the shortest way.
 */
const summary = ({ factors: plan, phoneNumber }: Pick<StartRequest, 'factors' | 'phoneNumber'>): string =>
  phoneNumber !== undefined && plan.some((name) => factors[name].needs === 'phoneNumber')
    ? `${titles(plan)} · …${phoneNumber.slice(-2)}`
    : titles(plan);
