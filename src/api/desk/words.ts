import type { ProblemCode } from '../../enrollment/problems';
import type { EnrollmentStateName, FactorProgressState, WaitingFor } from '../../enrollment/status';
import { factors, type FactorName } from '../../factors';
import type { Timeline } from '../../temporal/enrollments/timeline';
import type { Said } from '../html/desk/model';

type Entry = Timeline['entries'][number];
type MessageName = Extract<Entry, { what: 'message' }>['name'];

// What the desk calls the things of an enrollment. The names by which programs know them stand beside them on the page of a case.

/** How a state looks: who is at work, or how it ended. */
export type Tone = 'calm' | 'busy' | 'good' | 'warn' | 'bad' | 'over';

export const states: Readonly<Record<EnrollmentStateName, { readonly title: string; readonly tone: Tone }>> = {
  awaiting_token: { title: 'Waiting for the sign-in', tone: 'calm' },
  associating: { title: 'Asking for a code', tone: 'busy' },
  awaiting_code: { title: 'Waiting for a code', tone: 'calm' },
  confirming: { title: 'Checking a code', tone: 'busy' },
  verifying: { title: 'Reading the factors back', tone: 'busy' },
  completed: { title: 'Completed', tone: 'good' },
  partial: { title: 'Ended with some factors', tone: 'warn' },
  expired: { title: 'Expired', tone: 'over' },
  cancelled: { title: 'Cancelled', tone: 'over' },
  failed: { title: 'Failed', tone: 'bad' },
};

export const whos: Readonly<Record<WaitingFor['who'], string>> = {
  user: 'The user',
  onboarding: 'The onboarding system',
  operator: 'An operator',
  auth0: 'Auth0',
  nobody: 'Nobody',
};

export const whats: Readonly<Record<WaitingFor['what'], string>> = {
  sign_in: 'signs in',
  token: 'brings a token',
  token_refresh: 'renews the token',
  phone_number: 'gives another number',
  binding_code: 'reads out the texted code',
  otp: 'sends the code of the app',
  resend: 'asks for another code',
  attempts: 'wrong codes: a pause',
  deliveries: 'too many messages: a pause',
  cooldown: 'a pause before the next code',
  challenge: 'makes a challenge',
  code_check: 'checks the code',
  read_back: 'lists the factors',
  answer: 'does not answer',
  unexpected_answer: 'looks at an unknown answer',
  texts_stopped: 'lifts the stop of texts',
  delete_authenticators: 'deletes unused authenticators',
  configuration: 'corrects the tenant',
  recovery_code: 'saves the recovery code',
  nothing: 'nothing to do',
};

export const progress: Readonly<Record<FactorProgressState, { readonly title: string; readonly tone: Tone }>> = {
  waiting: { title: 'not begun', tone: 'over' },
  challenged: { title: 'code awaited', tone: 'calm' },
  accepted: { title: 'code accepted', tone: 'busy' },
  confirmed: { title: 'active', tone: 'good' },
  removed: { title: 'removed', tone: 'over' },
};

export const problemTitles: Readonly<Record<ProblemCode, string>> = {
  code_rejected: 'Wrong code',
  code_expired: 'Code too old',
  too_many_codes: 'Too many wrong codes',
  too_many_texts: 'Too many messages',
  number_limit_reached: 'Limit of this number reached',
  caller_limit_reached: 'Limit of the caller reached',
  texts_stopped: 'Texts to such numbers are stopped',
  resend_too_soon: 'Asked again too soon',
  cooldown: 'Pause before the next code',
  phone_number_invalid: 'Number cannot be reached',
  phone_number_needed: 'No number',
  token_needed: 'No token',
  token_expired: 'Token expired',
  token_refused: 'Token refused',
  token_wrong_kind: 'Token of the wrong kind',
  token_too_short: 'Token too short-lived',
  token_of_another_user: 'Token of another user',
  token_unreadable: 'Token cannot be read',
  second_person_needed: 'Another person has to send the code',
  authenticator_limit: 'Too many authenticators',
  auth0_unavailable: 'Auth0 does not answer',
  answer_lost: 'Answer lost',
  not_listed: 'Factor not listed',
  unexpected_answer: 'Unknown answer',
  configuration: 'Tenant not set up for this',
  denied: 'Refused by Auth0',
  cancelled: 'Cancelled',
};

const messageTitles: Readonly<Record<MessageName, string>> = {
  submitBindingCode: 'A texted code came (signal)',
  submitOtp: 'A code of the app came (signal)',
  provideToken: 'A token came (signal)',
  resendCode: 'Another code was asked for (signal)',
  cancelEnrollment: 'Cancellation was asked for',
  confirmCode: 'A code was submitted',
  resend: 'Another code was asked for',
  changePhoneNumber: 'Another number was given',
  acknowledgeRecoveryCode: 'The recovery code was acknowledged',
  renewToken: 'A token was brought',
  cancelRequest: 'Temporal was told to close the run as cancelled',
  unknown: 'A message of no known name came',
};

/** What is said after an act. */
export const said: Readonly<
  Record<Said, { readonly text: string; readonly more?: string; readonly tone: 'good' | 'warn' | 'bad' }>
> = {
  confirmed: { text: 'The code is right', tone: 'good' },
  already_confirmed: { text: 'This factor was confirmed before', tone: 'good' },
  rejected: { text: 'Wrong code', more: 'Ask the user for the newest one.', tone: 'bad' },
  rate_limited: { text: 'Too many wrong codes', more: 'The user has to wait.', tone: 'bad' },
  expired: { text: 'The code is too old', more: 'Send another one.', tone: 'warn' },
  token_needed: { text: 'The sign-in has run out', more: 'Make a sign-in link for the user.', tone: 'warn' },
  unavailable: { text: 'Auth0 does not answer', more: 'The code was not used up: try it again.', tone: 'warn' },
  pending: { text: 'The code is kept and will be checked', more: 'The page shows what comes of it.', tone: 'warn' },
  resent: { text: 'Asked for', more: 'The page shows when it is on its way.', tone: 'good' },
  number_changed: { text: 'The number is changed', tone: 'good' },
  cancelled: { text: 'The enrollment is cancelled', tone: 'good' },
  cancel_asked: { text: 'Cancellation is asked for', more: 'The page shows when it is done.', tone: 'warn' },
};

export const titleOf = (factor: FactorName): string => capitalized(factors[factor].title);

const capitalized = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** One line of the timeline, and how it looks. */
export function lineOf(entry: Entry): { readonly text: string; readonly detail?: string; readonly tone: Tone } {
  switch (entry.what) {
    case 'started':
      return {
        text: 'Enrollment started',
        detail: entry.factors.map((name) => factors[name].title).join(', '),
        tone: 'calm',
      };
    case 'state': {
      const factor = entry.factor === undefined ? {} : { detail: factors[entry.factor].title };
      return { text: states[entry.state].title, ...factor, tone: states[entry.state].tone };
    }
    case 'challenge':
      return entry.factor === 'otp'
        ? { text: 'Setup key made', detail: factors.otp.title, tone: 'busy' }
        : { text: 'Code sent', detail: factors[entry.factor].title, tone: 'busy' };
    case 'wrong_codes':
      return { text: entry.count === 1 ? 'Wrong code' : `${entry.count} wrong codes`, tone: 'warn' };
    case 'factor': {
      const { title, tone } = progress[entry.state];
      return { text: `${titleOf(entry.factor)}: ${title}`, tone };
    }
    case 'phone_number_changed':
      return {
        text: 'Number changed',
        ...(entry.phoneNumber === undefined ? {} : { detail: entry.phoneNumber }),
        tone: 'warn',
      };
    case 'consent':
      return { text: 'The user agreed', detail: 'to the factors and the number', tone: 'good' };
    case 'token_replaced':
      return { text: 'Another token took the place of the one before', tone: 'warn' };
    case 'recovery_code_due':
      return { text: 'A recovery code is shown to the user', tone: 'calm' };
    case 'problem':
      return { text: problemTitles[entry.code], detail: entry.message, tone: 'bad' };
    case 'ended':
      return { text: `Ended: ${states[entry.state].title}`, tone: states[entry.state].tone };
    case 'message':
      return { text: messageTitles[entry.name], tone: 'over' };
  }
}

/** The core's sentence without the routes and times that programs read: `time` writes a moment (ISO 8601) as the desk does. */
export const plainAction = (action: string, time: (iso: string) => string): string =>
  action
    .replace(/ \((?:GET|POST|PUT) …[^)]*\)/g, '')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (iso) => time(iso));
