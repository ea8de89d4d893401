import { CancellationScope, condition, log, patched, setHandler } from '@temporalio/workflow';
import { levelAt } from '../enrollment/bucket';
import { isAtRest, isSettled } from '../enrollment/enrollment';
import type { ChallengeSecrets, EnrollmentStatus } from '../enrollment/status';
import { secondsUntil, viewOf } from '../enrollment/view';
import { factors } from '../factors';
import { parseChallengeId, parseCode, parseReason, parseToken, type Command } from './inbox';
import { receive, tokenExpiry, type LiveCase } from './live-case';
import * as messages from './messages';
import { patches } from './patches';
import { refused, validateCode, validatePhoneNumber, validateResend, validateToken } from './validators';

/** Registers every handler. Called before the first await, so that no message finds none. */
export function listen(live: LiveCase): void {
  setHandler(messages.status, () => view(live), { description: 'Where the case is; holds no secret' });
  setHandler(messages.challenge, () => secrets(live), {
    description: 'What the user must see: setup key, QR, recovery code',
  });

  setHandler(messages.submitBindingCode, (payload) => codeSignal(live, 'oob', payload), {
    description: 'The texted code: a string of six digits, or {code}',
  });
  setHandler(messages.submitOtp, (payload) => codeSignal(live, 'otp', payload), {
    description: 'The code of the authenticator app: a string of six digits, or {code}',
  });
  setHandler(messages.provideToken, (payload) => tokenSignal(live, payload), {
    description: 'A new token: {accessToken, expiresIn?, refreshToken?}',
  });
  setHandler(messages.resendCode, () => void (isSettled(live.enrollment) || receive(live, { type: 'resend' })), {
    description: 'Send another text',
  });
  setHandler(messages.cancelEnrollment, (payload) => void (live.cancelled ??= { reason: parseReason(payload) }), {
    description: 'End the case: {reason?}',
  });

  setHandler(messages.awaitChallenge, () => answered(() => rested(live)), {
    description: 'The first challenge, or how the case ended',
  });
  setHandler(messages.confirmCode, (input) => answered(() => confirmCode(live, input)), {
    description: 'A code, answered with what became of it: {factor, code, challengeId?}',
    validator: (input) => validateCode(live, input),
  });
  setHandler(messages.resend, () => answered(() => obeyed(live, { type: 'resend' })), {
    description: 'Send another text',
    validator: () => validateResend(live),
  });
  setHandler(
    messages.changePhoneNumber,
    ({ phoneNumber }) => answered(() => obeyed(live, { type: 'changePhoneNumber', phoneNumber })),
    {
      description: 'Text another number: {phoneNumber} in E.164',
      validator: (input) => validatePhoneNumber(live, input),
    },
  );
  setHandler(messages.renewToken, (input) => answered(() => renewToken(live, input)), {
    description: 'A new token: {accessToken, expiresIn?, refreshToken?}',
    validator: (input) => validateToken(live, input),
  });
}

export const view = (live: LiveCase): EnrollmentStatus => viewOf(live.enrollment, Date.now(), tokenExpiry(live));

// Signals: durable before anyone looks at them, so nothing they hold may throw, and nothing of it is logged.

function codeSignal(live: LiveCase, answers: 'oob' | 'otp', payload: unknown): void {
  const code = parseCode(payload);
  if (code === undefined) return log.warn('signal ignored: not a code of six digits', { answers });
  if (!isAwaited(live, answers)) return log.warn('signal ignored: no such code is awaited now', { answers });
  const challengeId = parseChallengeId(payload);
  receive(live, { type: 'code', answers, code, ...(challengeId === undefined ? {} : { challengeId }) });
}

function isAwaited(live: LiveCase, answers: 'oob' | 'otp'): boolean {
  if (live.live !== undefined) return live.live.secret.type === answers;
  return live.texting && answers === 'oob' && patched(patches.earlyCodes);
}

function tokenSignal(live: LiveCase, payload: unknown): void {
  const token = parseToken(payload);
  if (token === undefined) return log.warn('signal ignored: not a token');
  if (!isSettled(live.enrollment)) receive(live, { type: 'token', token });
}

// Updates: the same commands, and an answer.

/** What is under way finishes first when the run is cancelled, so whoever waits for it gets its answer. */
const answered = <Answer>(handler: () => Promise<Answer>): Promise<Answer> => CancellationScope.nonCancellable(handler);

async function confirmCode(live: LiveCase, input: messages.ConfirmCodeInput): Promise<messages.ConfirmCodeResult> {
  const command: Command = {
    type: 'code',
    answers: answersOf(input.factor),
    factor: input.factor,
    code: parseCode(input.code) ?? '',
    ...(input.challengeId === undefined ? {} : { challengeId: input.challengeId }),
  };
  if (!receive(live, command)) throw refused('rate_limited', 'Too many codes wait; try again in a moment.', live);
  await condition(() => command.result !== undefined);
  // A challenge that replaces the one the code came for belongs to the answer, so it is waited for.
  if (command.result?.result === 'expired') await rested(live);
  const now = Date.now();
  const { result, retryAt } = command.result ?? { result: 'unavailable' };
  return {
    // Another challenge was on its way when Auth0 refused the last token at hand.
    result: result === 'expired' && live.enrollment.state === 'awaiting_token' ? 'token_needed' : result,
    attemptsLeft: levelAt(live.enrollment.attempts, now),
    ...(retryAt === undefined ? {} : { retryAfter: secondsUntil(retryAt, now) }),
    status: view(live),
  };
}

async function renewToken(live: LiveCase, input: messages.RenewTokenInput): Promise<messages.RenewTokenResult> {
  const answer = await obeyed(live, { type: 'token', token: parseToken(input) ?? input });
  return typeof input.claim === 'string' ? { ...answer, claim: input.claim.slice(0, 64) } : answer;
}

async function obeyed(live: LiveCase, command: Exclude<Command, { type: 'code' }>): Promise<EnrollmentStatus> {
  if (!receive(live, command)) throw refused('rate_limited', 'Too many requests wait; try again in a moment.', live);
  await condition(() => command.done === true);
  return rested(live);
}

/** The view once the case rests: waiting for a person, or over. */
async function rested(live: LiveCase): Promise<EnrollmentStatus> {
  await condition(() => isAtRest(live.enrollment));
  return view(live);
}

function secrets(live: LiveCase): ChallengeSecrets {
  const recovery = live.recoveryCode === undefined ? {} : { recoveryCode: live.recoveryCode };
  const current = 'challenge' in live.enrollment ? live.enrollment.challenge : undefined;
  if (live.live === undefined || current === undefined) return { type: 'none', ...recovery };
  const { challengeId, secret } = live.live;
  if (secret.type === 'otp') {
    const { setupKey, barcodeUri } = secret;
    return { type: 'otp', factor: current.factor, challengeId, setupKey, barcodeUri, ...recovery };
  }
  const { phoneNumber } = live.enrollment;
  return {
    type: 'oob',
    factor: current.factor,
    challengeId,
    ...(phoneNumber === undefined ? {} : { phoneNumber }),
    ...recovery,
  };
}

const answersOf = (factor: messages.ConfirmCodeInput['factor']): 'oob' | 'otp' =>
  factors[factor].associateRequest({}).authenticatorTypes[0] === 'otp' ? 'otp' : 'oob';
