import { textField } from '../fields';
import type { MfaSession } from '../mfa-session';
import type { Challenge, CodeAnswer, PushAnswer } from '../challenge';
import { activate } from '../enroll';
import { attemptBucket, countFailure, requireAttempt } from '../limits';
import { writeLog } from '../logs';
import { refusals } from '../refusals';
import type { Tenant } from '../tenant';
import { type GrantHandler, requireField } from './grant';
import { requireMfaSession, tokensAfterMfa } from './mfa';

/** `mfa-oob`: a code that was sent, or a push that was approved. */
export const mfaOob: GrantHandler = async ({ tenant, request, application }) => {
  const oobCode = requireField(tenant, request, 'oob_code');
  const session = await requireMfaSession(tenant, request, application);
  const challenge = await requireChallenge(tenant, session, oobCode);
  if (challenge.answer.by === 'code') {
    const bindingCode = requireField(tenant, request, 'binding_code');
    checkCode(tenant, session, challenge.answer, bindingCode);
  } else {
    if (textField(request.body, 'binding_code') !== undefined) throw refusals.bindingCodeInvalid(tenant.state.switches);
    checkPush(tenant, challenge.answer);
  }
  // From here to the tokens nothing can fail: the code is spent and the factor active in one step.
  challenge.answer.state = 'used';
  activate(tenant, session.user, challenge.authenticatorIds);
  writeLog(tenant, 'gd_auth_succeed', session.user.userId, 'mfa-oob');
  return tokensAfterMfa(tenant, session);
};

async function requireChallenge(tenant: Tenant, session: MfaSession, oobCode: string): Promise<Challenge> {
  const { switches } = tenant.state;
  const content = await tenant.seals.unseal(oobCode);
  if (content?.kind !== 'oob_code') throw refusals.oobCodeMalformed();
  const challenge = tenant.state.challenges.get(content.challengeId);
  if (challenge === undefined) throw refusals.oobCodeMalformed();
  const ofThisToken = content.transaction === session.transaction || !switches.oobCodeBoundToToken;
  if (challenge.userId !== session.user.userId || !ofThisToken) throw refusals.oobCodeOfOtherToken(switches);
  if (content.expiresAt <= tenant.clock.now()) throw refusals.expired(switches, 'oob_code');
  return challenge;
}

function checkCode(tenant: Tenant, { user }: MfaSession, answer: CodeAnswer, bindingCode: string): void {
  const { switches } = tenant.state;
  const bucket = attemptBucket(tenant, 'oob');
  requireAttempt(tenant, user, bucket);
  if (answer.state === 'open' && answer.expiresAt <= tenant.clock.now()) throw refusals.codeExpired(switches);
  if (answer.state !== 'open' || answer.code !== bindingCode) {
    countFailure(tenant, user, bucket, 'Invalid binding_code.');
    throw refusals.bindingCodeInvalid(switches);
  }
}

/** Polls a minute and session that Auth0 takes. */
const pollsPerMinute = 12;

function checkPush(tenant: Tenant, answer: PushAnswer): void {
  const now = tenant.clock.now();
  const recent = answer.polls.filter((at) => at > now - 60_000);
  if (recent.length >= pollsPerMinute) throw refusals.slowDown(tenant.state.switches);
  answer.polls = [...recent, now];
  switch (answer.state) {
    case 'pending':
      throw refusals.authorizationPending();
    case 'rejected':
      throw refusals.pushRejected(tenant.state.switches);
    case 'used':
      throw refusals.oobCodeMalformed();
    case 'approved':
      return;
  }
}
