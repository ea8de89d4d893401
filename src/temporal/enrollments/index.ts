import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Actor } from '../../enrollment/actor';
import type { Shown } from '../../enrollment/commands';
import { defined } from '../../enrollment/defined';
import type { ChallengeSecrets, EnrollmentStatus } from '../../enrollment/status';
import type { OpaqueTokens } from '../../enrollment/token-owner';
import { ApiProblem } from '../../problems';
import * as messages from '../../workflows/messages';
import type { ConfirmCodeInput, ConfirmCodeResult } from '../../workflows/messages';
import type { EnrollmentIds } from '../ids';
import { createConfirmCode } from './confirm-code';
import { listEnrollments, type EnrollmentPage, type ListRequest } from './list';
import { createRuns, isOutcome, type Chain, type EnrollmentView, type RunHandle, type RunsParts } from './runs';
import { createStart, givenNow, type Started, type StartRequest, type Token } from './start';
import { asProblem } from './temporal-errors';
import { readTimeline, type Timeline } from './timeline';

/** The enrollments of one tenant, over Temporal. Every function throws ApiProblem for what a caller can do something about. */
export interface Enrollments {
  /** Starts the enrollment, or finds the same one that runs already, or the one that this Idempotency-Key has started. */
  start(request: StartRequest): Promise<Started>;
  /** `admit` is told the owner, as `ownerOf` answers it, and may throw: both take one call to Temporal then. */
  get(id: string, admit?: Admit): Promise<EnrollmentView>;
  /** The keyed hash of the caller who started it (`EnrollmentIds.owner`); undefined when nobody is known to have. */
  ownerOf(id: string): Promise<string | undefined>;
  /** The name of the caller who started it; undefined when nobody is known to have. */
  askedBy(id: string): Promise<string | undefined>;
  list(request: ListRequest): Promise<EnrollmentPage>;
  /** The enrollments of a user, or those whose codes go to a number (E.164) or went there last: a page, as of `list`. */
  find(
    who: { readonly userId: string } | { readonly phoneNumber: string },
    page: Pick<ListRequest, 'startedBy' | 'cursor' | 'limit'>,
  ): Promise<EnrollmentPage>;
  /** What happened to it so far, oldest first. Answers without a worker. */
  timeline(id: string): Promise<Timeline>;
  /** `admit`: as of `get`; told before the secrets are asked for. */
  challenge(id: string, admit?: Admit): Promise<ChallengeSecrets>;
  /** Undefined: no answer within the deadline. The code is kept and will be tried. */
  confirmCode(
    id: string,
    input: ConfirmCodeInput,
    updateId: string,
    by?: Actor,
  ): Promise<ConfirmCodeResult | undefined>;
  resend(id: string, updateId: string): Promise<EnrollmentView>;
  changePhoneNumber(id: string, phoneNumber: string, updateId: string, by?: Actor): Promise<EnrollmentView>;
  /** The user has saved the recovery code. Changes nothing when there is none, when it was said before, and after the end. */
  acknowledgeRecoveryCode(id: string, updateId: string, by?: Actor): Promise<EnrollmentView>;
  renewToken(id: string, token: Token, updateId: string): Promise<EnrollmentView>;
  /**
   * Brings the token of a sign-in link, and with it the user's consent to what they were `shown`. Exactly one caller per link
   * gets `true`, also when several come at once to several processes. Throws `number_changed`, and leaves the link unspent,
   * when the phone number is no longer the one that was shown.
   */
  spendLink(id: string, token: Token, updateId: string, shown: Shown): Promise<boolean>;
  /** Waits briefly for the outcome; the view tells whether it has come. An enrollment that is cancelled already stays so. */
  cancel(id: string, reason: string | undefined): Promise<EnrollmentView>;
  /** The enrollment now and after each change, until its outcome; in between, `undefined` for each look that shows nothing new. */
  watch(id: string, signal: AbortSignal): AsyncGenerator<EnrollmentView | undefined, void, undefined>;
  /** Was this update carried out? Answers without a worker. */
  isUpdateKnown(id: string, updateId: string): Promise<boolean>;
  /** Is the enrollment one of this user? Throws for an id that is not ours. */
  isOf(id: string, userId: string): boolean;
}

/** Throws when whoever asks has no business with an enrollment of this owner. */
export type Admit = (owner: string | undefined) => void;

export interface EnrollmentsParts {
  readonly client: Client;
  readonly ids: EnrollmentIds;
  /** The Auth0 tenant's domain; user ids are unique within it only. */
  readonly domain: string;
  readonly taskQueue: string;
  /** For the enrollments started from now on; `keep` and `refuse` when absent. */
  readonly partialPolicy?: 'keep' | 'remove';
  readonly opaqueTokens?: OpaqueTokens;
  /** Are steps performed inside workflow tasks? Yes when absent; for tests of what is seen while a remote one is under way. */
  readonly localFirst?: boolean;
  /** Is anything sent to a webhook? Asked at each start; absent: no. */
  readonly hasWebhooks?: () => Promise<boolean>;
  readonly timing?: Partial<typeof defaultTiming>;
  readonly observeUpdate?: RunsParts['observeUpdate'];
}

/** Milliseconds. */
const defaultTiming = {
  /**
   * For an answer that waits for Auth0. A workflow task that asks Auth0 takes about 6 seconds at the longest, and a message may
   * come while another one has just begun: 12 seconds. Temporal itself gives a waiting call up after 20.
   */
  answerMs: 15_000,
  /** For a worker to take the workflow task with a code: far more than a healthy one needs. However long it then takes does not count. */
  acceptMs: 5_000,
  queryMs: 5_000,
  cancelMs: 5_000,
  watchMs: 1_000,
};

export function createEnrollments(parts: EnrollmentsParts): Enrollments {
  const { client, ids, domain, taskQueue, observeUpdate = () => undefined } = parts;
  const { partialPolicy = 'keep', opaqueTokens = 'refuse', localFirst = true } = parts;
  const { answerMs, acceptMs, queryMs, cancelMs, watchMs } = { ...defaultTiming, ...parts.timing };
  const runs = createRuns({ client, ids, queryMs, observeUpdate });
  const confirmCode = createConfirmCode({ client, runs, answerMs, acceptMs, queryMs });
  return {
    start: createStart({
      ...{ client, ids, domain, taskQueue, runs, answerMs, closeMs: cancelMs },
      ...defined({ hasWebhooks: parts.hasWebhooks }),
      options: {
        localFirst,
        ...(localFirst ? { recallInTask: true } : {}),
        recoveryCode: 'acknowledge',
        ...(partialPolicy === 'keep' ? {} : { partialPolicy }),
        ...(opaqueTokens === 'refuse' ? {} : { opaqueTokens }),
      },
    }),
    get: async (id, admit) => runs.read(runs.parse(id), admit),
    ownerOf: async (id) => runs.ownerOf(runs.parse(id)),
    askedBy: async (id) => runs.askedBy(runs.parse(id)),
    list,
    find: (who, page) => list({ ...page, ...who }),
    timeline,
    challenge: async (id, admit) =>
      runs.queryAtRest(runs.parse(id), (handle) => handle.query(messages.challenge), admit),
    confirmCode: async (id, input, updateId, by) => {
      const chain = runs.parse(id);
      const code = { ...input, ...defined({ by }) };
      return runs.update(messages.confirmCode.name, chain, (handle, run) =>
        confirmCode(chain, handle, run, code, updateId),
      );
    },
    resend: async (id, updateId) =>
      update(messages.resend.name, runs.parse(id), (handle) => handle.executeUpdate(messages.resend, { updateId })),
    changePhoneNumber: async (id, phoneNumber, updateId, by) =>
      update(messages.changePhoneNumber.name, runs.parse(id), (handle) =>
        handle.executeUpdate(messages.changePhoneNumber, {
          args: [{ phoneNumber, phoneNumberHash: ids.under(id).phoneNumber(phoneNumber), ...defined({ by }) }],
          updateId,
        }),
      ),
    acknowledgeRecoveryCode,
    renewToken: async (id, token, updateId) => {
      const given = givenNow(token);
      return update(messages.renewToken.name, runs.parse(id), (handle) =>
        handle.executeUpdate(messages.renewToken, { args: [given], updateId }),
      );
    },
    spendLink,
    cancel,
    watch,
    isUpdateKnown,
    isOf: (id, userId) => ids.workflowIds(domain, userId).includes(runs.parse(id).workflowId),
  };

  async function update(name: string, chain: Chain, send: (to: RunHandle) => Promise<EnrollmentStatus>) {
    return runs.view(chain, await runs.update(name, chain, (handle) => runs.within(answerMs, () => send(handle))));
  }

  async function list(request: ListRequest): Promise<EnrollmentPage> {
    return listEnrollments({ client, ids, domain, taskQueue, deadlineMs: queryMs }, request);
  }

  async function timeline(id: string): Promise<Timeline> {
    const last = await runs.current(runs.parse(id));
    try {
      return await runs.within(answerMs, () => readTimeline(client, last));
    } catch (error) {
      throw await asProblem(error, () => Promise.resolve(true));
    }
  }

  async function acknowledgeRecoveryCode(id: string, updateId: string, by?: Actor): Promise<EnrollmentView> {
    const chain = runs.parse(id);
    const input = defined({ by });
    try {
      return await update(messages.acknowledgeRecoveryCode.name, chain, (handle) =>
        handle.executeUpdate(messages.acknowledgeRecoveryCode, { args: [input], updateId }),
      );
    } catch (error) {
      if (error instanceof ApiProblem && error.code === 'enrollment_settled') return await runs.read(chain);
      throw error;
    }
  }

  async function spendLink(id: string, token: Token, updateId: string, shown: Shown): Promise<boolean> {
    const claim = randomBytes(16).toString('base64url');
    const given = { ...givenNow(token), claim, shown };
    const answer = await runs.update(messages.renewToken.name, runs.parse(id), (handle) =>
      runs.within(answerMs, () => handle.executeUpdate(messages.renewToken, { args: [given], updateId })),
    );
    return answer.claim === claim;
  }

  async function cancel(id: string, reason: string | undefined): Promise<EnrollmentView> {
    const chain = runs.parse(id);
    try {
      await runs.signal(chain, (handle) => handle.signal(messages.cancelEnrollment, defined({ reason })));
    } catch (error) {
      const settled = error instanceof ApiProblem && error.code === 'enrollment_settled';
      const enrollment = settled ? await runs.read(chain) : undefined;
      if (enrollment?.state === 'cancelled') return enrollment;
      throw error;
    }
    await runs.closed(chain, cancelMs);
    return await runs.read(chain);
  }

  async function* watch(id: string, signal: AbortSignal) {
    const chain = runs.parse(id);
    let last: string | undefined;
    for (;;) {
      const enrollment = await runs.read(chain).catch((error: unknown) => {
        // A restart of the workers must not end the stream of somebody who waits; an unknown enrollment must.
        if (last !== undefined && error instanceof ApiProblem && error.code === 'unavailable') return undefined;
        throw error;
      });
      const now = enrollment === undefined ? last : JSON.stringify(enrollment);
      yield now === last ? undefined : enrollment;
      last = now;
      if (enrollment !== undefined && isOutcome(enrollment)) return;
      const aborted = await sleep(watchMs, false, { signal }).catch(() => true);
      if (aborted) return;
    }
  }

  async function isUpdateKnown(id: string, updateId: string): Promise<boolean> {
    try {
      await runs.find(runs.parse(id), (handle) =>
        runs.within(queryMs, () => handle.getUpdateHandle(updateId).result()),
      );
      return true;
    } catch (error) {
      if (!(error instanceof ApiProblem) || /^(unavailable|busy)$/.test(error.code)) throw error;
      // Every other problem but these two is what the update itself was answered: it was accepted, and refused in line.
      return !/^enrollment_(settled|not_found)$/.test(error.code);
    }
  }
}
