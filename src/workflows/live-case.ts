import { condition, log } from '@temporalio/workflow';
import { advance, isAtRest, startedEnrollment, type Enrollment, type EnrollmentEvent } from '../enrollment/enrollment';
import { problem, type ProblemCode } from '../enrollment/problems';
import { noTokens, tokenFor, withToken, type HeldToken, type Tokens } from '../enrollment/tokens';
import type { Authenticator, FactorName } from '../factors';
import { inboxBound, type Command } from './inbox';
import type { MfaEnrollmentInput } from './messages';
import { present, share } from './presentation';

/** The secret part of a challenge, and the token that it is bound to. */
export interface LiveChallenge {
  readonly challengeId: string;
  readonly token: HeldToken;
  readonly secret:
    | { readonly type: 'oob'; readonly oobCode: string }
    | { readonly type: 'otp'; readonly setupKey: string; readonly barcodeUri: string };
  readonly expiresAt: number;
}

/** A run's memory: the public case, and beside it what no view may show. Everything here is rebuilt by replay. */
export interface LiveCase {
  readonly input: MfaEnrollmentInput;
  enrollment: Enrollment;
  tokens: Tokens;
  /** E.164. */
  phoneNumber: string | undefined;
  /** The challenge of now. */
  live: LiveChallenge | undefined;
  /** A text was asked for and may be out, while its answer is not here: a code of it may come first. */
  texting: boolean;
  /** The one before it, after a resend: texts arrive late and out of order. */
  previous: LiveChallenge | undefined;
  /** Shown until the case has ended: Auth0 gives it once, and never again. */
  recoveryCode: string | undefined;
  /** What the user had when the case began; absent until it was read. */
  opening: readonly Authenticator[] | undefined;
  /** As last read. */
  authenticators: readonly Authenticator[];
  /** Associates sent, by factor: no more records than these are ours. */
  readonly made: Partial<Record<FactorName, number>>;
  /** Factors about whose codes this case has asked Auth0: no other can be active because of it. */
  readonly asked: Set<FactorName>;
  /** Ids of records that are older than the challenge of now. */
  stale: ReadonlySet<string>;
  /** An answer was lost and the list could not be read since. */
  unsettled: boolean;
  /** Associates in a row whose answer was lost. */
  lostAnswers: number;
  /** The code that was just refused, so that sending it twice costs one attempt. */
  refused: { readonly code: string; readonly challengeId: string; readonly until: number } | undefined;
  /** Why the last token went, when Auth0 told. */
  tokenProblem: ProblemCode | undefined;
  readonly inbox: Command[];
  cancelled: { readonly reason: string | undefined } | undefined;
}

export function openCase(input: MfaEnrollmentInput, now: number): LiveCase {
  return {
    input,
    enrollment: startedEnrollment(input, now),
    tokens: input.token === undefined ? noTokens : withToken(noTokens, input.token, now),
    phoneNumber: input.phoneNumber,
    live: undefined,
    texting: false,
    previous: undefined,
    recoveryCode: undefined,
    opening: undefined,
    authenticators: [],
    made: {},
    asked: new Set(),
    stale: new Set(),
    unsettled: false,
    lostAnswers: 0,
    refused: undefined,
    tokenProblem: undefined,
    inbox: [],
    cancelled: undefined,
  };
}

/** Every change of a case passes here, so what people see cannot drift from what is. */
export function record(live: LiveCase, event: EnrollmentEvent): void {
  const before = live.enrollment;
  live.enrollment = advance(before, event);
  if (live.enrollment === before) {
    log.warn('event without effect', { event: event.type, state: before.state });
    return;
  }
  present(live.enrollment);
  // Every upsert is an event: what passes within a step is not worth one.
  if (isAtRest(live.enrollment) || live.enrollment.state !== before.state) share(live.enrollment, tokenExpiry(live));
}

/** When the token in use dies (epoch ms). */
export const tokenExpiry = (live: LiveCase): number | undefined =>
  live.live?.token.expiresAt ?? tokenFor(live.tokens, 0, Date.now())?.expiresAt;

export const recordProblem = (live: LiveCase, code: ProblemCode, retryAt?: number): void =>
  record(live, { type: 'problemMet', problem: problem(code, Date.now(), retryAt === undefined ? {} : { retryAt }) });

/** Puts a command in line. Beyond the bound it is dropped: `false`. */
export function receive(live: LiveCase, command: Command): boolean {
  if (live.inbox.length >= inboxBound) {
    log.warn('command dropped: too many wait', { command: command.type });
    return false;
  }
  live.inbox.push(command);
  return true;
}

/**
 * The next command, or `undefined` when `until` (epoch ms) comes first, the case is cancelled, or its deadline passes: the
 * story looks at those itself.
 */
export async function nextCommand(live: LiveCase, summary: string, until = Infinity): Promise<Command | undefined> {
  const end = Math.min(until, live.enrollment.deadline);
  const left = end - Date.now();
  if (left <= 0) return undefined;
  await condition(() => live.inbox.length > 0 || live.cancelled !== undefined, left, { summary });
  return live.cancelled === undefined ? live.inbox.shift() : undefined;
}

/** Codes for a text whose challenge got lost can be asked about with no other, so they go. */
export function dropEarlyCodes(live: LiveCase): void {
  if (live.live !== undefined) return; // they may be for the challenge before
  for (const command of live.inbox.splice(0)) {
    if (command.type === 'code') command.result = { result: 'expired' };
    else live.inbox.push(command);
  }
}

/** No code can answer what was asked before: not the newest challenge, nor the one before it. */
export function forgetChallenge(live: LiveCase): void {
  live.live = undefined;
  live.previous = undefined;
}
