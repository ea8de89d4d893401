import { factors, type FactorName } from '../factors';
import { levelAt, nextUnitAt } from './bucket';
import { defined } from './defined';
import { deliveriesOf, resendable, type Deliveries } from './deliveries';
import {
  answerableChallenge,
  currentFactor,
  type BlockedOn,
  type Challenge,
  type Enrollment,
  type Open,
} from './enrollment';
import type { WaitingFor } from './status';

/** Whom an enrollment waits for, for what, and until when if it passes by itself; with one sentence for people. */
export interface Outlook extends WaitingFor {
  /** Epoch ms: from then on something else is true. */
  readonly until?: number;
  /** One sentence for the person who helps: what has to happen next. */
  readonly action: string;
}

/** What an enrollment waits for at `now` (epoch ms). The one source of `waitingFor`, `nextAction` and MfaWaitingFor. */
export function outlookOf(enrollment: Enrollment, now: number): Outlook {
  switch (enrollment.state) {
    case 'awaiting_token':
      return awaitingToken(enrollment);
    case 'associating':
      return enrollment.blockedOn === undefined
        ? { who: 'auth0', what: 'challenge', action: 'Nothing to do: Auth0 is being asked for a challenge.' }
        : withEarlier(blocked(enrollment, enrollment.blockedOn, now), enrollment, now);
    case 'awaiting_code':
      return awaitingCode(enrollment, enrollment.challenge, now);
    case 'confirming':
      return { who: 'auth0', what: 'code_check', action: 'Nothing to do: Auth0 is being asked about a code.' };
    case 'verifying':
      return verifying(enrollment);
    case 'completed':
      return { who: 'nobody', what: 'nothing', action: 'Nothing to do: every factor is active.' };
    case 'partial':
      return {
        who: 'nobody',
        what: 'nothing',
        action: 'Start a new enrollment for the factors that are missing; the active ones are skipped.',
      };
    case 'expired':
    case 'cancelled':
      return { who: 'nobody', what: 'nothing', action: 'Start a new enrollment when the user is ready.' };
    case 'failed':
      return enrollment.lastProblem?.code === 'configuration'
        ? {
            who: 'operator',
            what: 'configuration',
            action: 'An operator fixes the cause shown in lastProblem, then a new enrollment is started.',
          }
        : {
            who: 'operator',
            what: 'answer',
            action: 'An operator makes sure that Auth0 can be reached, then a new enrollment is started.',
          };
  }
}

type In<State extends Open['state']> = Extract<Open, { state: State }>;

function awaitingToken({ refreshAt, lastProblem }: In<'awaiting_token'>): Outlook {
  if (refreshAt !== undefined) {
    return {
      who: 'auth0',
      what: 'token_refresh',
      action:
        'Nothing to do: Auth0 does not answer, and the token is renewed automatically when it does. A new token helps at once.',
    };
  }
  switch (lastProblem?.code) {
    case 'token_of_another_user':
    case 'token_unreadable':
    case 'token_wrong_kind':
      return {
        who: 'onboarding',
        what: 'token',
        action:
          'The onboarding system brings an access token of this user for the MFA audience (PUT …/token), or sends the user a sign-in link.',
      };
    default:
      return {
        who: 'user',
        what: 'sign_in',
        action:
          'The user signs in with a new link (POST …/links), or the onboarding system brings a new token (PUT …/token).',
      };
  }
}

function blocked(enrollment: In<'associating'>, blockedOn: BlockedOn, now: number): Outlook {
  const factor = currentFactor(enrollment);
  const deliveries = factor === undefined ? undefined : deliveriesOf(enrollment, factor, now);
  switch (blockedOn) {
    case 'phone_number':
      if (deliveries?.refused === 'too_many_texts') {
        return {
          who: 'nobody',
          what: 'deliveries',
          until: deliveries.allowedAt,
          action: `Wait until ${iso(deliveries.allowedAt)}: nothing more is sent to this user before. Then support sets a phone number that can be reached (PUT …/phone-number).`,
        };
      }
      return {
        who: 'user',
        what: 'phone_number',
        action: 'The user says which phone number can be reached, and support sets it (PUT …/phone-number).',
      };
    case 'resend':
      return blockedOnResend(
        enrollment,
        factor,
        factor === undefined ? undefined : resendable(enrollment, factor, now),
      );
    case 'auth0':
      return {
        who: 'auth0',
        what: 'answer',
        action: 'Nothing to do: Auth0 does not answer, and is asked again automatically.',
      };
    case 'operator':
      if (enrollment.blockedBy?.code === 'texts_stopped') {
        return {
          who: 'operator',
          what: 'texts_stopped',
          action:
            deliveries?.refused === 'too_many_texts'
              ? 'An operator lifts the stop of texts to numbers that begin like this one. The code is asked for again automatically.'
              : 'An operator lifts the stop of texts to numbers that begin like this one, or support sets another phone number (PUT …/phone-number). The code is asked for again automatically.',
        };
      }
      return {
        who: 'operator',
        what: 'unexpected_answer',
        action:
          'An operator looks at what stands between the worker and Auth0 (the worker log names the answer). Auth0 is asked again automatically.',
      };
    case 'cooldown': {
      const until = enrollment.blockedBy?.retryAt;
      return {
        who: 'nobody',
        what: 'cooldown',
        ...defined({ until }),
        action: `Nothing to do: the code goes out automatically${after(until)}.`,
      };
    }
  }
}

/** A code that was sent before may still be in the user's hand. */
function withEarlier(outlook: Outlook, enrollment: Enrollment, now: number): Outlook {
  const earlier = answerableChallenge(enrollment, now);
  if (earlier === undefined || levelAt(enrollment.attempts, now) === 0) return outlook;
  const still =
    earlier.type === 'otp'
      ? 'a code for the QR code shown before still works (POST …/otp)'
      : 'the code that was sent before still works (POST …/binding-code)';
  return { ...outlook, action: `${outlook.action} Until ${iso(earlier.expiresAt)} ${still}.` };
}

function blockedOnResend(
  { blockedBy }: In<'associating'>,
  factor: FactorName | undefined,
  deliveries: Deliveries | undefined,
): Outlook {
  const ask = `ask for ${messageOf(factor)} (POST …/resend)`;
  if (blockedBy?.code === 'authenticator_limit') {
    return {
      who: 'operator',
      what: 'delete_authenticators',
      action: `An operator deletes unused authenticators of the user with the Management API. Then ${ask}.`,
    };
  }
  if (blockedBy?.code === 'unexpected_answer') {
    return {
      who: 'operator',
      what: 'unexpected_answer',
      action: `An operator looks at what stands between the worker and Auth0 (the worker log names the answer). Then ${ask}.`,
    };
  }
  if (deliveries?.refused !== undefined) return waitToAsk(factor, deliveries);
  return { who: 'user', what: 'resend', action: `Next: ${ask}.` };
}

/** A new message is needed, and not allowed yet. */
const waitToAsk = (factor: FactorName | undefined, { refused, allowedAt }: Deliveries): Outlook => ({
  who: 'nobody',
  what: refused === 'too_many_texts' ? 'deliveries' : 'cooldown',
  until: allowedAt,
  action: `Wait until ${iso(allowedAt)}, then ask for ${messageOf(factor)} (POST …/resend).`,
});

function awaitingCode(enrollment: Enrollment, challenge: Challenge, now: number): Outlook {
  const { factor, type } = challenge;
  const { delivery } = factors[factor];
  const attemptAt = levelAt(enrollment.attempts, now) === 0 ? nextUnitAt(enrollment.attempts, now) : undefined;
  const isDead = (at: number) => challenge.expired === true || challenge.expiresAt <= at;
  if (attemptAt !== undefined) {
    const allowedAt = isDead(attemptAt) ? (deliveriesOf(enrollment, factor, now)?.allowedAt ?? now) : now;
    const until = Math.max(attemptAt, allowedAt);
    const then = isDead(attemptAt)
      ? `ask for ${messageOf(factor)} (POST …/resend), after a new sign-in if the status asks for one by then`
      : type === 'otp'
        ? 'the user sends the six digits of the app (POST …/otp)'
        : 'the user sends the six digits (POST …/binding-code)';
    return {
      who: 'nobody',
      what: 'attempts',
      until,
      action: `Too many wrong codes: wait until ${iso(until)}, then ${then}.`,
    };
  }
  if (isDead(now)) {
    const deliveries = deliveriesOf(enrollment, factor, now);
    if (deliveries?.refused !== undefined) return waitToAsk(factor, deliveries);
    return {
      who: 'user',
      what: 'resend',
      action: `The code can no longer be used: ask for ${messageOf(factor)} (POST …/resend).`,
    };
  }
  return delivery.type === 'setupKey'
    ? {
        who: 'user',
        what: 'otp',
        action: 'The user scans the QR code and sends the six digits of the app (POST …/otp).',
      }
    : {
        who: 'user',
        what: 'binding_code',
        action: `The user sends the six digits of ${delivery.message.replace(/^an? /, 'the ')} (POST …/binding-code).`,
      };
}

function verifying({ outage, recoveryCodeDue }: In<'verifying'>): Outlook {
  if (recoveryCodeDue === true) {
    return {
      who: 'user',
      what: 'recovery_code',
      action:
        'Every factor is active. The user saves the recovery code and says so on the enrollment page, or the onboarding system does (POST …/recovery-code/acknowledge).',
    };
  }
  switch (outage) {
    case 'unexpected_answer':
      return {
        who: 'operator',
        what: 'unexpected_answer',
        action:
          'An operator looks at what stands between the worker and Auth0 (the worker log names the answer). The factors are read again automatically.',
      };
    case 'auth0_unavailable':
      return {
        who: 'auth0',
        what: 'answer',
        action: 'Nothing to do: Auth0 does not answer, and the factors are read again automatically.',
      };
    default:
      return { who: 'auth0', what: 'read_back', action: 'Nothing to do: the factors are being read back.' };
  }
}

/** What is asked for: "another text message", "another QR code". */
function messageOf(factor: FactorName | undefined): string {
  if (factor === undefined) return 'another challenge';
  const { delivery } = factors[factor];
  return delivery.type === 'sent' ? `another ${delivery.message.replace(/^an? /, '')}` : 'another QR code';
}

const after = (at: number | undefined): string => (at === undefined ? '' : ` after ${iso(at)}`);
const iso = (at: number): string => new Date(at).toISOString();
