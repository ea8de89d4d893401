import { patched, uuid4 } from '@temporalio/workflow';
import type { Associated } from '../auth0/mfa';
import { levelAt, nextUnitAt } from '../enrollment/bucket';
import { currentFactor, type BlockedOn } from '../enrollment/enrollment';
import { limits } from '../enrollment/limits';
import { problem, type ProblemCode } from '../enrollment/problems';
import type { HeldToken } from '../enrollment/tokens';
import { factors, type FactorName } from '../factors';
import { associate } from './auth0-calls';
import { changeNumber } from './commands';
import {
  dropEarlyCodes,
  forgetChallenge,
  nextCommand,
  record,
  recordProblem,
  type LiveCase,
  type LiveChallenge,
} from './live-case';
import { patches } from './patches';
import { askAgainAt, looseRecords, read, sweep } from './reading';
import { dropToken, takeToken, tokenOrPause } from './step-token';

/** An associate whose answer was lost is tried again by itself this often, each time after reading and sweeping. */
const lostAnswersBound = 2;
/** Warn from here on: Auth0 keeps about 51 records of a user. */
const nearAuthenticatorLimit = 45;

/** `associating`: read what the user has, then ask Auth0 for the challenge of the first factor that is missing. */
export async function askForChallenge(live: LiveCase): Promise<void> {
  if (live.enrollment.state !== 'associating') return;
  if (live.enrollment.blockedOn !== undefined) return waitUntilUnblocked(live, live.enrollment.blockedOn);

  if (live.opening === undefined || live.unsettled) {
    const token = await tokenOrPause(live, limits.callMarginSeconds);
    if (token === undefined) return;
    await readOrBlock(
      live,
      token,
      live.opening === undefined ? 'Read which factors the user has' : 'Read what became of a lost answer',
    );
    return;
  }

  const name = currentFactor(live.enrollment);
  if (name === undefined) return;
  const factor = factors[name];
  if (factor.needs === 'phoneNumber' && live.phoneNumber === undefined)
    return block(live, 'phone_number', 'phone_number_needed');
  if (factor.sendsText && levelAt(live.enrollment.texts, Date.now()) === 0) {
    return block(live, 'resend', 'too_many_texts', nextUnitAt(live.enrollment.texts, Date.now()));
  }

  const token = await tokenOrPause(live, limits.tokenMarginSeconds);
  if (token === undefined) return;
  if (looseRecords(live) > 0) {
    if (!(await readOrBlock(live, token, 'Read which records are left over'))) return;
    if (currentFactor(live.enrollment) !== name) return;
    // A resend leaves the challenge before it alive: texts arrive late, and a late code should still do.
    await sweep(live, token, (id) => live.live !== undefined && !live.stale.has(id));
  }
  await associateOnce(live, name, token);
}

async function associateOnce(live: LiveCase, name: FactorName, token: HeldToken): Promise<void> {
  const { sendsText, title, lists } = factors[name];
  const before = live.authenticators.filter(lists).map(({ id }) => id);
  const { lastTextAt } = live.enrollment;
  live.made[name] = (live.made[name] ?? 0) + 1;
  if (sendsText) record(live, { type: 'textSent', at: Date.now() }); // counted before it is sent: a lost answer counts too
  live.texting = sendsText;
  const outcome = await associate(
    {
      accessToken: token.accessToken,
      factor: name,
      knownIds: before,
      ...(sendsText && live.phoneNumber !== undefined ? { phoneNumber: live.phoneNumber } : {}),
    },
    `Ask for a challenge: ${title}`,
  );
  live.texting = false;
  if (outcome.kind !== 'associated' && outcome.kind !== 'lost') {
    live.made[name] -= 1;
    if (sendsText && patched(patches.textsGivenBack)) {
      record(live, { type: 'textNotSent', at: Date.now(), ...(lastTextAt === undefined ? {} : { lastTextAt }) });
    }
  }
  switch (outcome.kind) {
    case 'associated':
      return issue(live, name, token, outcome.challenge);
    case 'token_refused':
      dropToken(live, token.accessToken, outcome.problem);
      forgetChallenge(live);
      return;
    case 'phone_number_invalid':
      return block(live, 'phone_number', 'phone_number_invalid');
    case 'too_many_texts':
      record(live, { type: 'textsRefused', at: Date.now() });
      return block(live, 'resend', 'too_many_texts', nextUnitAt(live.enrollment.texts, Date.now()));
    case 'authenticator_limit':
      return block(live, 'resend', 'authenticator_limit');
    case 'unavailable':
      return block(live, 'auth0', 'auth0_unavailable', askAgainAt());
    case 'lost':
      live.lostAnswers += 1;
      live.unsettled = true;
      dropEarlyCodes(live);
      if (live.lostAnswers > lostAnswersBound) {
        live.lostAnswers = 0;
        block(live, 'resend', 'answer_lost');
      }
      return;
  }
}

/** Auth0's answer, not our request, says what the user must do next. */
function issue(live: LiveCase, factor: FactorName, token: HeldToken, answer: Associated): void {
  const now = Date.now();
  const codeDies = now + limits.codeLifeSeconds * 1000;
  const challenge: LiveChallenge = {
    challengeId: uuid4(),
    token,
    secret:
      answer.type === 'oob'
        ? { type: 'oob', oobCode: answer.oobCode }
        : { type: 'otp', setupKey: answer.setupKey, barcodeUri: answer.barcodeUri },
    expiresAt: answer.type === 'oob' ? Math.min(codeDies, token.expiresAt) : token.expiresAt,
  };
  live.stale = new Set(live.authenticators.map(({ id }) => id));
  live.previous = answer.type === 'oob' && live.live?.token === token ? live.live : undefined;
  live.live = challenge;
  live.refused = undefined;
  live.lostAnswers = 0;
  live.recoveryCode = answer.recoveryCode ?? live.recoveryCode;
  record(live, {
    type: 'associated',
    at: now,
    challenge: {
      challengeId: challenge.challengeId,
      factor,
      type: answer.type,
      issuedAt: now,
      expiresAt: challenge.expiresAt,
    },
  });
  if (live.authenticators.length >= nearAuthenticatorLimit) recordProblem(live, 'authenticator_limit');
}

/** Blocked: a person, or the end of an outage, has to come first. */
async function waitUntilUnblocked(live: LiveCase, blockedOn: BlockedOn): Promise<void> {
  const until = blockedOn === 'auth0' ? (live.enrollment.lastProblem?.retryAt ?? Date.now()) : Infinity;
  const command = await nextCommand(live, 'Waiting for what the last problem asks', until);
  switch (command?.type) {
    case undefined:
      if (Date.now() >= until) record(live, { type: 'reassociationRequested' });
      return;
    case 'resend':
      record(live, { type: 'reassociationRequested' });
      command.done = true;
      return;
    case 'changePhoneNumber':
      changeNumber(live, command.phoneNumber);
      record(live, { type: 'reassociationRequested' });
      command.done = true;
      return;
    case 'token':
      takeToken(live, command.token);
      if (blockedOn === 'auth0') record(live, { type: 'reassociationRequested' });
      command.done = true;
      return;
    case 'code':
      command.result = { result: 'unavailable' };
      return;
  }
}

async function readOrBlock(live: LiveCase, token: HeldToken, summary: string): Promise<boolean> {
  const outcome = await read(live, token, summary);
  if (outcome === 'unavailable') block(live, 'auth0', 'auth0_unavailable', askAgainAt());
  return outcome === 'read';
}

function block(live: LiveCase, blockedOn: BlockedOn, code: ProblemCode, retryAt?: number): void {
  const met = problem(code, Date.now(), retryAt === undefined ? {} : { retryAt });
  record(live, { type: 'associationBlocked', blockedOn, problem: met });
}
