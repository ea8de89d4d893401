import { answeredBy, factors, isFactorName } from '../factors';
import { parseActor } from './actor';
import { levelAt, nextUnitAt } from './bucket';
import type { Case } from './case';
import {
  parseCode,
  parsePhoneNumber,
  parseShown,
  parseToken,
  type CodeCommand,
  type Refusal,
  type RefusalType,
  type Shown,
} from './commands';
import { defined } from './defined';
import { deliveriesOf, resendable } from './deliveries';
import { currentFactor, isMissing, isSettled } from './enrollment';
import { limits } from './limits';
import { foreignToken } from './token-owner';
import { refuseHand } from './two-hands';

// What can be refused before a message is kept: pure and synchronous, so that an update which is refused leaves no event.
// What was admitted may have to be refused later: by the time a command's turn comes, the enrollment may have gone on.

const refusal = (type: RefusalType, message: string, retryAt?: number): Refusal => ({
  type,
  message,
  ...defined({ retryAt }),
});

const settled = ({ enrollment }: Case): Refusal | undefined =>
  isSettled(enrollment) ? refusal('settled', `The enrollment has ended: ${enrollment.state}.`) : undefined;

/** More commands than `limits.inbox` wait. */
export const busy = (): Refusal =>
  refusal('busy', 'Too many requests for this enrollment wait. Try again in a moment.');

/** Why this code is not taken. A code whose factor is done, or that comes without a token at hand, is taken: it gets its answer. */
export function refuseCode(of: Case, input: unknown, now: number): Refusal | undefined {
  const { factor, code, challengeId, by } = asRecord(input);
  const { enrollment, held, memory } = of;
  const progress = isFactorName(factor) ? enrollment.plan.find((each) => each.factor === factor) : undefined;
  if (progress === undefined) return refusal('malformed', 'factor must be a factor of this enrollment.');
  if (parseCode(code) === undefined) return refusal('malformed', 'code must be six digits.');
  if (challengeId !== undefined && (typeof challengeId !== 'string' || challengeId.length > 100)) {
    return refusal('malformed', 'challengeId must be the text that came with the challenge.');
  }
  const actor = parseActor(by);
  if (by !== undefined && actor === undefined) return notAnActor;
  const ended = settled(of);
  if (ended !== undefined) return ended;
  if (!isMissing(progress) || enrollment.state === 'awaiting_token') return undefined;
  const early = memory.associating === factor && challengeId === undefined;
  if (currentFactor(enrollment) !== progress.factor || (held.challenge === undefined && !early)) {
    return refusal('wrong_step', `No code for ${progress.factor} is awaited now.`);
  }
  const wrongHand = refuseHand(of, progress.factor, actor);
  if (wrongHand !== undefined) return wrongHand;
  const known = [held.challenge?.challengeId, held.previous?.challengeId];
  if (challengeId !== undefined && !known.includes(challengeId)) {
    return refusal('stale_challenge', 'This challenge was replaced by a newer one.');
  }
  if (levelAt(enrollment.attempts, now) > 0) return undefined;
  return refusal(
    'rate_limited',
    'Too many wrong codes. One more attempt comes back every 6 minutes.',
    nextUnitAt(enrollment.attempts, now),
  );
}

/** Is a code of this kind awaited, so that a signal with one is kept? A code for nothing that was asked is a guess. */
export const isAwaited = ({ held, memory }: Case, { answers }: Pick<CodeCommand, 'answers'>): boolean =>
  held.challenge === undefined
    ? memory.associating !== undefined && answers === 'oob' && answeredBy(memory.associating) === 'oob'
    : held.challenge.secret.type === answers;

/** Why no other code can be sent, or no other setup key made, now. */
export function refuseResend(of: Case, now: number): Refusal | undefined {
  const { enrollment } = of;
  const factor = currentFactor(enrollment);
  const ended = settled(of);
  if (ended !== undefined) return ended;
  if (enrollment.state === 'awaiting_token') {
    return enrollment.refreshAt === undefined ? refusal('wrong_step', 'The user has to sign in first.') : undefined;
  }
  const isAsking = enrollment.state === 'associating' && enrollment.blockedOn === undefined;
  if (factor === undefined || isAsking || enrollment.state === 'verifying') {
    return refusal('wrong_step', 'No code is awaited now.');
  }
  if (enrollment.state === 'associating' && enrollment.blockedOn === 'phone_number') {
    return refusal('wrong_step', 'A phone number is needed first.');
  }
  const deliveries = resendable(enrollment, factor, now);
  if (deliveries === undefined) {
    const waits = 'challenge' in enrollment && enrollment.challenge.expired !== true && !isExpired(of, now);
    return waits
      ? refusal('not_resendable', 'Nothing is sent for an authenticator app: the QR code stays valid.')
      : undefined;
  }
  const { refused, allowedAt } = deliveries;
  if (refused === undefined) return undefined;
  return refused === 'too_many_texts'
    ? refusal(refused, 'Nothing more is sent to this user for now.', allowedAt)
    : refusal(refused, 'A code was sent a moment ago.', allowedAt);
}

/** Why another phone number is not taken. Within the cool-down it is taken, and its code goes out when that is over. */
export function refusePhoneNumber(of: Case, input: unknown, now: number): Refusal | undefined {
  if (parsePhoneNumber(input) === undefined) {
    return refusal('malformed', 'phoneNumber must be E.164, such as +14155550123.');
  }
  const { by } = asRecord(input);
  if (by !== undefined && parseActor(by) === undefined) return notAnActor;
  const ended = settled(of);
  if (ended !== undefined) return ended;
  const open = of.enrollment.plan.find(
    (progress) => factors[progress.factor].needs === 'phoneNumber' && isMissing(progress),
  );
  if (open === undefined) {
    return refusal('wrong_step', 'No factor of this enrollment that is still open uses a phone number.');
  }
  const deliveries = deliveriesOf(of.enrollment, open.factor, now);
  return deliveries?.refused === 'too_many_texts'
    ? refusal('too_many_texts', 'Nothing more is sent to this user for now.', deliveries.allowedAt)
    : undefined;
}

/** Why it is not taken that the user has saved the recovery code. One that is not due, or saved already, is no reason. */
export function refuseAcknowledgement(of: Case, input: unknown): Refusal | undefined {
  const { by } = asRecord(input);
  if (by !== undefined && parseActor(by) === undefined) return notAnActor;
  return settled(of);
}

/** Why a token is not taken: it is none, or not this user's, or its user was shown another number. */
export function refuseToken(of: Case, input: unknown): Refusal | undefined {
  const token = parseToken(input);
  if (token === undefined) {
    return refusal('malformed', 'accessToken must be a text of 1 to 8192 characters.');
  }
  const { shown } = asRecord(input);
  if (shown !== undefined && parseShown(shown) === undefined) {
    return refusal('malformed', 'shown must be {phoneNumberChanges}, as the status has it.');
  }
  const ended = settled(of);
  if (ended !== undefined) return ended;
  const foreign = foreignToken(token.accessToken, of.userId, of.opaqueTokens);
  switch (foreign) {
    case undefined:
      return refuseShown(of, parseShown(shown));
    case 'token_of_another_user':
      return refusal(foreign, 'The token is of another user than the one of this enrollment.');
    case 'token_unreadable':
      return refusal(
        foreign,
        'The user of this token cannot be read: bring an access token (JWT) of the MFA audience.',
      );
  }
}

/** The number was changed since the user was shown it: what they agreed to was another one. */
export const refuseShown = ({ enrollment }: Case, shown: Shown | undefined): Refusal | undefined =>
  shown === undefined || shown.phoneNumberChanges === (enrollment.phoneNumberChanges ?? 0)
    ? undefined
    : refusal('number_changed', 'The phone number was changed after it was shown. Show the new one, and ask again.');

/** Can no code answer the challenge that waits: is its token gone, or about to be? */
export function isExpired({ held }: Case, now: number): boolean {
  const { challenge, tokens } = held;
  if (challenge === undefined) return true;
  return (
    challenge.token.expiresAt - now < limits.callMarginSeconds * 1000 ||
    !tokens.held.some(({ accessToken }) => accessToken === challenge.token.accessToken)
  );
}

const notAnActor = refusal('malformed', 'by must be {caller, person?}: keyed hashes as the API makes them.');

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
