import type { z } from 'zod';
import type { problem } from '../api/schemas';
import type { ApiProblemCode } from '../problems';
import { exitCodes, type ExitCode } from './exit-codes';
import { Failure } from './failure';
import { printable } from './text/columns';
import { moment } from './text/time';

export type Problem = z.infer<typeof problem>;

/** A problem of the API as a failure: what happened, when to come back, what to do next. `now` in epoch ms. */
export function problemFailure(body: Problem, now: number): Failure {
  const { exitCode, next } = endings[body.code];
  const { retryAfter, attemptsLeft } = body;
  const sentences = [
    sentence(body.detail ?? body.title),
    ...(attemptsLeft === undefined ? [] : [`${attemptsLeft} attempts left.`]),
    ...(retryAfter === undefined ? [] : [`Try again at ${moment(now + retryAfter * 1000, now)}.`]),
    ...(next === undefined ? [] : [next]),
  ];
  return new Failure(exitCode, sentences.join(' '), body);
}

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? printable(text) : `${printable(text)}.`);

interface Ending {
  readonly exitCode: ExitCode;
  /** What the API's own sentence does not say, because only the command line knows it. */
  readonly next?: string;
}

const { refused, usage, unavailable, notAllowed } = exitCodes;

const endings: Readonly<Record<ApiProblemCode, Ending>> = {
  invalid_request: { exitCode: usage },
  limit_reached: { exitCode: refused },
  reason_needed: { exitCode: usage, next: 'Add --reason "why".' },
  unauthorized: { exitCode: notAllowed, next: 'Check MFA_API_KEY: this API does not know the key.' },
  forbidden: { exitCode: notAllowed, next: 'Use a key whose role has it; `mfa --help` lists them.' },
  person_needed: { exitCode: notAllowed, next: 'Say who acts with --person or MFA_PERSON.' },
  second_person_needed: {
    exitCode: notAllowed,
    next: 'Whoever set the phone number does not send the code that goes to it: ask somebody else of support, or the application that the user is at.',
  },
  not_found: { exitCode: notAllowed, next: 'Check --api: the address is not that of this API, or of another version.' },
  method_not_allowed: { exitCode: notAllowed, next: 'Check --api: what answers there is another version of this API.' },
  enrollment_not_found: { exitCode: notAllowed, next: 'Look for its id with `mfa find <userId>`.' },
  webhook_not_found: { exitCode: notAllowed, next: 'Look for its id with `mfa webhooks list`.' },
  campaign_not_found: { exitCode: notAllowed, next: 'Its id came with the answer to `mfa campaign start`.' },
  campaign_conflict: { exitCode: refused, next: 'See where it is with `mfa campaign show`.' },
  no_link_receiver: {
    exitCode: refused,
    next: 'Add one first: `mfa webhooks add <url> --events enrollment.link_created`.',
  },
  enrollment_conflict: { exitCode: refused, next: 'Find it with `mfa find <userId>`.' },
  idempotency_key_reused: { exitCode: refused },
  number_changed: { exitCode: refused, next: 'See the number that holds now with `mfa status`.' },
  wrong_step: { exitCode: refused, next: 'See where it is with `mfa status`.' },
  stale_challenge: { exitCode: refused, next: 'See where it is with `mfa status`.' },
  not_resendable: { exitCode: refused, next: 'See what it waits for with `mfa status`.' },
  enrollment_settled: { exitCode: refused, next: 'See how it ended with `mfa status`.' },
  body_too_large: { exitCode: usage },
  unsupported_media_type: { exitCode: usage },
  rate_limited: { exitCode: refused },
  resend_too_soon: { exitCode: refused },
  too_many_texts: { exitCode: refused },
  too_many_requests: { exitCode: refused },
  internal: { exitCode: unavailable, next: 'Its log tells more under the request named by --json.' },
  busy: { exitCode: unavailable },
  unavailable: { exitCode: unavailable },
};
