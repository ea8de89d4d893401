import { levelAt, nextUnitAt } from '../enrollment/bucket';
import { isAccepted } from '../enrollment/enrollment';
import { problem } from '../enrollment/problems';
import { withToken } from '../enrollment/tokens';
import { factors, type FactorName } from '../factors';
import type { ConfirmOutcome } from '../activities/outcomes';
import { confirm, type Fault } from './auth0-calls';
import { challengeIsOver, changeNumber, resend, takeNumber } from './commands';
import type { CodeCommand, CodeResult, Command } from './inbox';
import { forgetChallenge, nextCommand, record, type LiveCase, type LiveChallenge } from './live-case';
import { listsActive, read } from './reading';
import { canGoOnWithoutSignIn, dropToken, pauseForToken, takeToken } from './step-token';

/** How often a lost answer is looked into while the case waits for the next code. */
const settleEveryMs = 30_000;
/** A code of the app that was refused is not asked about again in this time: one step of 30 s and the one before it. */
const sameOtpMs = 60_000;

/** `awaiting_code`: the next thing that happens is a code, a wish, or the end of the token that the challenge belongs to. */
export async function awaitCode(live: LiveCase): Promise<void> {
  const challenge = live.live;
  if (live.enrollment.state !== 'awaiting_code' || challenge === undefined) return;
  const { factor } = live.enrollment.challenge;
  const tokenEnds = live.enrollment.challenge.over === true ? Infinity : challenge.token.expiresAt;
  const until = live.unsettled ? Math.min(tokenEnds, Date.now() + settleEveryMs) : tokenEnds;

  const command = await nextCommand(live, `Waiting for a code: ${factors[factor].title}`, until);
  if (command !== undefined) return obey(live, command, challenge, factor);
  if (live.cancelled !== undefined) return;
  if (Date.now() >= tokenEnds) return tokenEnded(live);
  if (live.unsettled && Date.now() >= until) await settle(live, challenge, factor);
}

async function obey(live: LiveCase, command: Command, challenge: LiveChallenge, factor: FactorName): Promise<void> {
  switch (command.type) {
    case 'code':
      try {
        command.result = await answer(live, command, challenge, factor);
      } finally {
        command.result ??= { result: 'unavailable' }; // a fault ends the case; whoever sent the code still gets an answer
      }
      return;
    case 'resend':
      resend(live, factor);
      command.done = true;
      return;
    case 'changePhoneNumber':
      if (factors[factor].needs === 'phoneNumber') {
        changeNumber(live, command.phoneNumber);
        record(live, { type: 'reassociationRequested' });
      } else {
        takeNumber(live, command.phoneNumber); // for a factor whose turn comes later
      }
      command.done = true;
      return;
    case 'token':
      takeToken(live, command.token);
      if (challengeIsOver(live, challenge)) renewChallenge(live);
      command.done = true;
      return;
  }
}

/** One code, from first look to result. Nothing that can be told without Auth0 costs one of its attempts. */
async function answer(
  live: LiveCase,
  command: CodeCommand,
  challenge: LiveChallenge,
  factor: FactorName,
): Promise<CodeResult> {
  const now = Date.now();
  if (command.factor !== undefined && command.factor !== factor) {
    return { result: isDone(live, command.factor) ? 'confirmed' : 'expired' };
  }
  if (command.answers !== challenge.secret.type) return { result: 'expired' };
  const candidates = [challenge, ...(live.previous === undefined ? [] : [live.previous])].filter(
    ({ challengeId }) => command.challengeId === undefined || command.challengeId === challengeId,
  );
  if (candidates.length === 0) return { result: 'expired' };
  if (isRefusedAlready(live, command.code, challenge, now)) return { result: 'rejected' };
  if (levelAt(live.enrollment.attempts, now) === 0) return rateLimited(live, now);
  if (challengeIsOver(live, challenge)) return replaceChallenge(live);
  if (live.unsettled) {
    const settled = await settle(live, challenge, factor);
    if (settled !== 'inactive') return { result: settled === 'active' ? 'confirmed' : 'unavailable' };
  }
  record(live, { type: 'confirmStarted' });
  return conclude(live, command.code, challenge, factor, await tryEach(live, candidates, command.code, factor));
}

/** The newest challenge first, then the one before it; each try counts at Auth0, so the second needs room in the bucket. */
async function tryEach(
  live: LiveCase,
  candidates: readonly LiveChallenge[],
  code: string,
  factor: FactorName,
): Promise<ConfirmOutcome | Fault> {
  live.asked.add(factor);
  let first: ConfirmOutcome | Fault | undefined;
  for (const { token, secret, expiresAt } of candidates) {
    if (first !== undefined && (expiresAt <= Date.now() || levelAt(live.enrollment.attempts, Date.now()) < 2)) break;
    const outcome = await confirm(
      {
        accessToken: token.accessToken,
        factor,
        proof:
          secret.type === 'oob'
            ? { type: 'oob', oobCode: secret.oobCode, bindingCode: code }
            : { type: 'otp', otp: code },
        activeIds: live.authenticators.filter((authenticator) => authenticator.active).map(({ id }) => id),
      },
      `Ask Auth0 about a code: ${factors[factor].title}`,
    );
    if (outcome.kind !== 'code_rejected' && outcome.kind !== 'challenge_expired') return outcome;
    first ??= outcome;
  }
  return first ?? { kind: 'challenge_expired' };
}

async function conclude(
  live: LiveCase,
  code: string,
  challenge: LiveChallenge,
  factor: FactorName,
  outcome: ConfirmOutcome | Fault,
): Promise<CodeResult> {
  switch (outcome.kind) {
    case 'accepted':
      if (outcome.token !== undefined && mayEnroll(outcome.token.scope)) {
        live.tokens = withToken(live.tokens, outcome.token, Date.now());
      }
      return accept(live);
    case 'code_rejected':
    case 'challenge_expired':
    case 'lost': {
      // A code works once. Where an answer was lost on the way, its second look is a refusal, so the list has the last word.
      const settled = await settle(live, challenge, factor);
      if (settled === 'active') return { result: 'confirmed' };
      if (settled === 'unknown' || outcome.kind === 'lost') return unavailable(live, 'answer_lost');
      return outcome.kind === 'code_rejected' ? reject(live, code, challenge) : expire(live);
    }
    case 'too_many_codes':
      record(live, { type: 'codesRefused', problem: problem('too_many_codes', Date.now()), at: Date.now() });
      return rateLimited(live, Date.now());
    case 'denied':
      record(live, { type: 'challengeOver', problem: problem('denied', Date.now()) });
      return { result: 'rejected' };
    case 'token_refused':
      dropToken(live, challenge.token.accessToken, outcome.problem);
      return replaceChallenge(live);
    case 'unavailable':
      return unavailable(live, 'auth0_unavailable');
  }
}

/** Reads what a code did whose answer is not to be trusted. */
async function settle(
  live: LiveCase,
  challenge: LiveChallenge,
  factor: FactorName,
): Promise<'active' | 'inactive' | 'unknown'> {
  live.unsettled = true;
  const outcome = await read(live, challenge.token, 'Read whether the code has worked');
  if (outcome !== 'read') return 'unknown';
  if (!listsActive(live.authenticators, factor)) return 'inactive';
  accept(live);
  return 'active';
}

function accept(live: LiveCase): CodeResult {
  forgetChallenge(live);
  live.refused = undefined;
  record(live, { type: 'codeAccepted', at: Date.now() });
  return { result: 'confirmed' };
}

function reject(live: LiveCase, code: string, challenge: LiveChallenge): CodeResult {
  const now = Date.now();
  live.refused = {
    code,
    challengeId: challenge.challengeId,
    until: challenge.secret.type === 'otp' ? now + sameOtpMs : Infinity,
  };
  record(live, { type: 'codeRejected', problem: problem('code_rejected', now), at: now });
  return { result: 'rejected' };
}

function expire(live: LiveCase): CodeResult {
  record(live, { type: 'challengeOver', problem: problem('code_expired', Date.now()) });
  return { result: 'expired' };
}

function unavailable(live: LiveCase, code: 'answer_lost' | 'auth0_unavailable'): CodeResult {
  record(live, { type: 'confirmUnavailable', problem: problem(code, Date.now()) });
  return { result: 'unavailable' };
}

function rateLimited(live: LiveCase, now: number): CodeResult {
  const retryAt = nextUnitAt(live.enrollment.attempts, now);
  return { result: 'rate_limited', ...(retryAt === undefined ? {} : { retryAt }) };
}

/** Nobody acted before the token ran out. Nobody is texted at night for that: a new challenge waits for a sign of life. */
function tokenEnded(live: LiveCase): void {
  if (canGoOnWithoutSignIn(live))
    return record(live, { type: 'challengeOver', problem: problem('code_expired', Date.now()) });
  live.tokenProblem ??= 'token_expired';
  pauseForToken(live);
}

/** Somebody acts on a challenge whose token is over: another one at once if a token is at hand, else a person signs in. */
function replaceChallenge(live: LiveCase): CodeResult {
  if (live.enrollment.state === 'confirming') record(live, { type: 'challengeOver' });
  if (canGoOnWithoutSignIn(live)) {
    renewChallenge(live);
    return { result: 'expired' };
  }
  live.tokenProblem ??= 'token_expired';
  pauseForToken(live);
  return { result: 'token_needed' };
}

function renewChallenge(live: LiveCase): void {
  forgetChallenge(live);
  record(live, { type: 'reassociationRequested' });
}

const isRefusedAlready = (live: LiveCase, code: string, challenge: LiveChallenge, now: number): boolean =>
  live.refused?.code === code && live.refused.challengeId === challenge.challengeId && now < live.refused.until;

const isDone = (live: LiveCase, factor: FactorName): boolean =>
  live.enrollment.plan.some((progress) => progress.factor === factor && isAccepted(progress));

/** A token without the scope to enroll would only be refused; Auth0 leaves `scope` out when it is what was asked for. */
const mayEnroll = (scope: readonly string[]): boolean => scope.length === 0 || scope.includes('enroll');
