import type { Authenticator, FactorName } from '../factors';
import type { Actor } from './actor';
import type { Answer, CodeCommand, Command, EnrollmentInput, Received } from './commands';
import { defined } from './defined';
import {
  advance,
  isAccepted,
  openEnrollment,
  type BlockedOn,
  type Challenge,
  type Enrollment,
  type EnrollmentEvent,
} from './enrollment';
import { limits } from './limits';
import { problem, type Problem, type ProblemCode } from './problems';
import type { Outcome } from './status';
import type { Step } from './steps';
import type { OpaqueTokens } from './token-owner';
import { noTokens, tokenFor, type HeldToken, type Tokens } from './tokens';

/** The secret part of a challenge, and the token that it is bound to. */
export interface HeldChallenge {
  readonly challengeId: string;
  readonly factor: FactorName;
  readonly issuedAt: number;
  readonly token: HeldToken;
  readonly secret:
    | { readonly type: 'oob'; readonly oobCode: string }
    | { readonly type: 'otp'; readonly setupKey: string; readonly barcodeUri: string };
  readonly expiresAt: number;
  /** Masked: where its code was sent. */
  readonly phoneNumber?: string;
}

/** What may be shown of a challenge. */
export const challengeOf = ({ challengeId, factor, secret, issuedAt, expiresAt }: HeldChallenge): Challenge => ({
  challengeId,
  factor,
  type: secret.type,
  issuedAt,
  expiresAt,
});

/** What an enrollment holds and no view shows but the one that is made for it. */
export interface Held {
  readonly tokens: Tokens;
  /** E.164. */
  readonly phoneNumber: string | undefined;
  /** Its keyed hash, or `null` for a number that came without one; absent while it is the number of the start. */
  readonly phoneNumberHash?: string | null;
  /** Whose hand set it, at the start or since; absent when nobody can tell. */
  readonly phoneNumberSetBy?: Actor | undefined;
  /** The challenge that waits for its answer. */
  readonly challenge: HeldChallenge | undefined;
  /** The one before it, after a resend: texts arrive late and out of order. */
  readonly previous: HeldChallenge | undefined;
  /** Shown until somebody says that the user has saved it, else as long as the run can be asked: Auth0 gives it once, and never again. */
  readonly recoveryCode: string | undefined;
  /** The code that was just refused, so that sending it twice costs one attempt. */
  readonly refused: { readonly code: string; readonly challengeId: string; readonly until: number } | undefined;
}

/** What an enrollment remembers besides what it shows: none of it is secret, all of it decides. */
export interface Memory {
  /** What the user had when the enrollment began; absent until it was read. */
  readonly opening: readonly Authenticator[] | undefined;
  /** As last read. */
  readonly authenticators: readonly Authenticator[];
  /** Associates sent, by factor: no more authenticators than these are ours. */
  readonly made: Readonly<Partial<Record<FactorName, number>>>;
  /** Factors whose code Auth0 accepted from this enrollment: no other can be active because of it. */
  readonly acceptedHere: readonly FactorName[];
  /** Ids of authenticators that are older than the challenge that waits. */
  readonly stale: readonly string[];
  /** An associate call is in flight; the user's code may arrive before the oob_code. */
  readonly associating: FactorName | undefined;
  /** When the delivery before the one in flight was (epoch ms): what `lastDeliveryAt` goes back to if that one surely had no effect. */
  readonly lastDeliveryBefore: number | undefined;
  /** The leftovers were read since the last associate. */
  readonly leftoversRead: boolean;
  /** Auth0 would not delete a leftover or did not answer: the others are left to the next sweep. */
  readonly sweepStopped: boolean;
  /** When the answer is read of a call whose own answer was lost (epoch ms); `undefined` when none is open. */
  readonly reconcileAt: number | undefined;
  /** Associates in a row whose answer was lost. */
  readonly lostAnswers: number;
  /** Calls in a row that Auth0 did not answer. */
  readonly outages: number;
  /** Readings since the last code was accepted, and when the next one is due (epoch ms). */
  readonly readBack: { readonly readings: number; readonly nextAt: number };
  /** When the refresh token is tried again (epoch ms). */
  readonly refreshAt: number | undefined;
  /** The last refresh gave a token that lives too short for a step: another one would too. */
  readonly refreshUseless: boolean;
  /** Why the last token went, when that is known. */
  readonly tokenProblem: ProblemCode | undefined;
  /** A try of the first workflow task was lost: the counter of texts knows whether it has sent one. */
  readonly recall?: 'needed' | undefined;
  /** What that try had read: the authenticators of the first factor that were there before it sent a text. */
  readonly knownAtFirst?: readonly string[] | undefined;
}

/** What is under way and takes several steps. */
export type Task =
  | {
      readonly type: 'code';
      readonly commandId: number;
      readonly command: CodeCommand;
      /** Ids of the challenges that are still to be asked about, the newest first. */
      readonly candidates: readonly string[];
      /** What the list has the last word on; absent while Auth0 is being asked about the code. */
      readonly doubt?: CodeDoubt;
    }
  | {
      readonly type: 'ending';
      readonly wanted: Outcome;
      readonly problem?: Problem;
      readonly phase: 'read' | 'sweep' | 'undo';
      /** The token that the last reading was made with. */
      readonly accessToken?: string;
      /** Factors that are not undone: Auth0 would not, or they are not ours. */
      readonly kept: readonly FactorName[];
      /** Auth0 is being asked to take this factor back, and it is not called confirmed meanwhile. */
      readonly undoing?: FactorName;
      /** Calls of this ending whose answer was lost with the worker that made them. */
      readonly lost?: number;
    };

/**
 * An answer to a code that a reading has to settle: a code works once, so a second look at a lost answer is a refusal. `lost_ahead`: what
 * follows from a code that is accepted may have been done as well.
 */
export type CodeDoubt =
  'code_rejected' | 'challenge_expired' | 'denied' | 'lost' | 'lost_ahead' | 'unexpected' | 'before_asking';

/**
 * Everything that a run knows, as one value: what it shows, holds, remembers and has under way. Plain JSON, so that a run
 * which continues as new takes all of it along.
 */
export interface Case {
  readonly version: 1;
  readonly userId: string;
  readonly partialPolicy: 'keep' | 'remove';
  readonly opaqueTokens: OpaqueTokens;
  readonly messagesPerRun: number | undefined;
  /** See `EnrollmentOptions`. */
  readonly localFirst?: boolean;
  /**
   * Before Auth0 is asked to take a factor back, the factor is called confirmed no more, and that is recorded: nobody may learn whether
   * the call had its effect. Absent in runs that are older than this rule.
   */
  readonly doubtsUndo?: true;
  readonly recoveryCode?: 'acknowledge';
  readonly webhooks?: { readonly keyId: string };
  /** Whose hand started it; absent when nobody can tell. */
  readonly startedBy?: Actor;
  /** Between 0 and 1: spreads what many enrollments would otherwise ask at once after an outage. */
  readonly spread: number;
  readonly enrollment: Enrollment;
  readonly held: Held;
  readonly memory: Memory;
  readonly inbox: readonly Received[];
  /** Commands received so far; the next one gets this id. */
  readonly received: number;
  readonly task: Task | undefined;
  readonly cancelled: { readonly reason?: string } | undefined;
  /** Update ids whose claim was given back: Temporal knows an update id for one run only, and a run may continue as new. */
  readonly claims: readonly string[];
  /** Why the run closes as Failed; for the operator. */
  readonly failure:
    { readonly type: 'configuration' | 'malformedRequest' | 'unavailable'; readonly message: string } | undefined;
}

/** A change, with the answers it gives to commands, and the step it leads to if it leads to one. */
export interface Turn {
  readonly case: Case;
  readonly answers?: readonly Answer[];
  readonly step?: Step;
}

/** A case at its beginning, without its token. */
export function emptyCase(input: EnrollmentInput, now: number, spread: number): Case {
  const { userId, phoneNumber, startedBy, options = {} } = input;
  return {
    version: 1,
    userId,
    partialPolicy: options.partialPolicy ?? 'keep',
    opaqueTokens: options.opaqueTokens ?? 'refuse',
    messagesPerRun: options.messagesPerRun,
    ...(options.localFirst === true ? { localFirst: true } : {}),
    ...defined({ recoveryCode: options.recoveryCode, webhooks: options.webhooks, startedBy }),
    spread,
    enrollment: openEnrollment(input, now),
    held: {
      tokens: noTokens,
      phoneNumber,
      phoneNumberSetBy: phoneNumber === undefined ? undefined : startedBy,
      challenge: undefined,
      previous: undefined,
      recoveryCode: undefined,
      refused: undefined,
    },
    memory: {
      opening: undefined,
      authenticators: [],
      made: {},
      acceptedHere: [],
      stale: [],
      associating: undefined,
      lastDeliveryBefore: undefined,
      leftoversRead: false,
      sweepStopped: false,
      reconcileAt: undefined,
      lostAnswers: 0,
      outages: 0,
      readBack: { readings: 0, nextAt: 0 },
      refreshAt: undefined,
      refreshUseless: false,
      tokenProblem: undefined,
    },
    inbox: [],
    received: 0,
    task: undefined,
    cancelled: undefined,
    claims: [],
    failure: undefined,
  };
}

// Small changes that the rules are written with. An event that makes no sense in the state leaves the enrollment as it is.

export const apply = (of: Case, event: EnrollmentEvent): Case => ({ ...of, enrollment: advance(of.enrollment, event) });
export const hold = (of: Case, held: Partial<Held>): Case => ({ ...of, held: { ...of.held, ...held } });
export const remember = (of: Case, memory: Partial<Memory>): Case => ({ ...of, memory: { ...of.memory, ...memory } });
export const withTask = (of: Case, task: Task | undefined): Case => ({ ...of, task });

/** Nothing is asked for until what `blockedOn` names has come. */
export const block = (of: Case, blockedOn: BlockedOn, code: ProblemCode, now: number, retryAt?: number): Case =>
  apply(of, { type: 'associationBlocked', blockedOn, problem: problem(code, now, defined({ retryAt })) });

export const meetProblem = (of: Case, code: ProblemCode, now: number, more: { retryAt?: number } = {}): Case =>
  apply(of, { type: 'problemMet', problem: problem(code, now, more) });

/** Puts a command in line. `id` is undefined when too many wait: nothing was kept then. */
export function receive(of: Case, command: Command): { readonly case: Case; readonly id: number | undefined } {
  const tokens = of.inbox.filter((each) => each.command.type === 'token').length;
  if (of.inbox.length >= limits.inbox || (command.type === 'token' && tokens >= limits.inboxTokens)) {
    return { case: of, id: undefined };
  }
  const id = of.received;
  return { case: { ...of, received: id + 1, inbox: [...of.inbox, { id, command }] }, id };
}

/** A case that went on from `then`, with the messages that have come since: `now` is what they have made of `then`. */
export const withMessagesSince = (then: Case, now: Case, of: Case): Case => ({
  ...of,
  inbox: [...of.inbox, ...now.inbox.filter(({ id }) => id >= then.received)],
  received: now.received,
  cancelled: of.cancelled ?? now.cancelled,
  claims: now.claims,
});

/** Somebody wants the enrollment to end. The first reason stays. */
export const cancel = (of: Case, reason: string | undefined): Case =>
  of.cancelled === undefined ? { ...of, cancelled: defined({ reason }) } : of;

/** Remembers that the call with this update id was the one carried out. The newest `limits.claims` are kept. */
export const claim = (of: Case, updateId: string): Case => ({
  ...of,
  claims: [...of.claims, updateId].slice(-limits.claims),
});

/** No code can answer what was asked before: not the newest challenge, nor the one before it. */
export const forgetChallenge = (of: Case): Case =>
  apply(hold(of, { challenge: undefined, previous: undefined }), { type: 'challengeForgotten' });

/** Has Auth0 accepted this factor already? */
export const isDone = ({ enrollment }: Case, factor: FactorName): boolean =>
  enrollment.plan.some((progress) => progress.factor === factor && isAccepted(progress));

/** When the token in use dies (epoch ms). */
export const tokenExpiry = ({ held }: Case, now: number): number | undefined =>
  held.challenge?.token.expiresAt ?? tokenFor(held.tokens, 0, now)?.expiresAt;
