import type { EnrollmentStatus, Outcome } from '../../enrollment/status';
import { factors, type FactorName } from '../../factors';
import { isOutcome } from '../../temporal/enrollments/runs';

/** A factor whose code is sent to the user. */
export type SentFactor = Exclude<FactorName, 'otp'>;

/** When another code can be asked for: now, or from then on (ISO 8601). */
export type Resend = { readonly type: 'now' } | { readonly type: 'at'; readonly at: string };

/** A challenge that the user can answer. */
interface Answerable {
  readonly challengeId: string;
  readonly attemptsLeft: number;
  /** The last code for this challenge was refused. */
  readonly rejected: boolean;
}

/** What the user does now, or waits for. The page shows one of them at a time. */
export type Step =
  | { readonly type: 'sign_in'; readonly reason: 'first' | 'again' | 'refused' }
  | { readonly type: 'number'; readonly factor: SentFactor }
  /** Somebody else has changed the number after the user agreed to another one. */
  | { readonly type: 'number_changed'; readonly phoneNumber?: string }
  | { readonly type: 'preparing' }
  | (Answerable & {
      readonly type: 'code';
      readonly factor: SentFactor;
      readonly phoneNumber?: string;
      readonly expiresAt: string;
      /** The next code goes out by itself (`cooldown`), or when the user asks. */
      readonly next: Resend | { readonly type: 'by_itself'; readonly at?: string };
    })
  | (Answerable & { readonly type: 'app' })
  | { readonly type: 'resend'; readonly factor: FactorName }
  | { readonly type: 'wait'; readonly reason: 'attempts' | 'cooldown' | 'deliveries'; readonly until?: string }
  | { readonly type: 'checking' }
  | { readonly type: 'read_back' }
  | { readonly type: 'recovery_code' }
  | {
      readonly type: 'trouble';
      readonly reason: 'auth0' | 'operator' | 'texts_stopped' | 'delete_authenticators';
    }
  | { readonly type: 'over'; readonly outcome: Outcome };

type View = Pick<
  EnrollmentStatus,
  | 'state'
  | 'factor'
  | 'challenge'
  | 'waitingFor'
  | 'attemptsLeft'
  | 'nextAttemptAt'
  | 'nextTextAt'
  | 'phoneNumber'
  | 'phoneNumberChanges'
  | 'consentedAt'
  | 'lastProblem'
>;

/** The one place that says which step an enrollment is at for its user. */
export function stepOf(view: View): Step {
  const { state } = view;
  if (isOutcomeState(state)) return { type: 'over', outcome: state };
  if (isOtherNumber(view)) {
    return { type: 'number_changed', ...(view.phoneNumber === undefined ? {} : { phoneNumber: view.phoneNumber }) };
  }
  const { what } = view.waitingFor;
  switch (what) {
    case 'sign_in':
    case 'token':
      return { type: 'sign_in', reason: reasonToSignIn(view) };
    case 'phone_number':
      return { type: 'number', factor: sentFactorOf(view) };
    case 'challenge':
      return { type: 'preparing' };
    case 'binding_code':
    case 'otp':
      return answerStep(view) ?? resendStep(view);
    case 'resend':
      return resendStep(view);
    case 'attempts':
      return { type: 'wait', reason: 'attempts', ...until(view.nextAttemptAt) };
    case 'cooldown':
    case 'deliveries':
      return (
        earlierCode(view) ?? { type: 'wait', reason: what, ...until(later(view.nextTextAt, view.lastProblem?.retryAt)) }
      );
    case 'code_check':
      return { type: 'checking' };
    case 'read_back':
      return { type: 'read_back' };
    case 'recovery_code':
      return { type: 'recovery_code' };
    case 'answer':
    case 'token_refresh':
      return earlierCode(view) ?? { type: 'trouble', reason: 'auth0' };
    case 'texts_stopped':
    case 'delete_authenticators':
      return { type: 'trouble', reason: what };
    case 'unexpected_answer':
    case 'configuration':
    case 'nothing':
      return { type: 'trouble', reason: 'operator' };
  }
}

/** May the user give another number now? As long as a factor is under way that needs one. */
export const mayChangeNumber = (view: View): boolean =>
  view.factor !== undefined &&
  factors[view.factor].needs === 'phoneNumber' &&
  (view.state === 'awaiting_code' || view.state === 'associating');

/** The factor whose number is asked for. */
export const sentFactorOf = ({ factor }: Pick<View, 'factor'>): SentFactor =>
  factor === undefined || factor === 'otp' ? 'sms' : factor;

const isOutcomeState = (state: View['state']): state is Outcome => isOutcome({ state });

/** Nothing goes to a number that the user has not agreed to; codes that are being checked and sign-ins come to their end first. */
function isOtherNumber(view: View): boolean {
  const { consentedAt, phoneNumberChanges, factor, waitingFor } = view;
  return (
    consentedAt === undefined &&
    phoneNumberChanges > 0 &&
    factor !== undefined &&
    factors[factor].needs === 'phoneNumber' &&
    ['binding_code', 'resend', 'attempts', 'cooldown', 'deliveries'].includes(waitingFor.what)
  );
}

function reasonToSignIn({ lastProblem, consentedAt, waitingFor }: View): 'first' | 'again' | 'refused' {
  if (waitingFor.what === 'token') return 'refused';
  switch (lastProblem?.code) {
    case 'token_refused':
    case 'token_wrong_kind':
      return 'refused';
    case 'token_expired':
    case 'token_too_short':
      return 'again';
    default:
      return consentedAt === undefined ? 'first' : 'again';
  }
}

function answerStep(view: View): Step | undefined {
  const { challenge, attemptsLeft, phoneNumber, lastProblem, nextTextAt } = view;
  if (challenge === undefined) return undefined;
  const { challengeId, factor, issuedAt, expiresAt } = challenge;
  const rejected = lastProblem?.code === 'code_rejected' && Date.parse(lastProblem.at) >= Date.parse(issuedAt);
  const common = { challengeId, attemptsLeft, rejected };
  const resend: Resend = nextTextAt === undefined ? { type: 'now' } : { type: 'at', at: nextTextAt };
  if (factor === 'otp') return { type: 'app', ...common };
  return {
    ...{ type: 'code', factor, ...common, expiresAt },
    ...(phoneNumber === undefined ? {} : { phoneNumber }),
    next: resend,
  };
}

/** While the next code is waited for, the one before may still work. */
function earlierCode(view: View): Step | undefined {
  const step = view.attemptsLeft > 0 ? answerStep(view) : undefined;
  if (step?.type !== 'code') return step;
  return view.waitingFor.what === 'cooldown'
    ? { ...step, next: { type: 'by_itself', ...(view.nextTextAt === undefined ? {} : { at: view.nextTextAt }) } }
    : step;
}

const resendStep = (view: View): Step => ({ type: 'resend', factor: view.factor ?? 'sms' });

/** The later one of two times in ISO 8601, UTC. */
const later = (one: string | undefined, other: string | undefined): string | undefined =>
  one !== undefined && other !== undefined ? (one > other ? one : other) : (one ?? other);

const until = (at: string | undefined): { readonly until?: string } => (at === undefined ? {} : { until: at });
