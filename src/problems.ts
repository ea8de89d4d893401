import type { RefusalType } from './enrollment/commands';
import { defined } from './enrollment/defined';
import type { FactorName } from './factors';
import type { RefusalDetails } from './workflows/messages';

/** Every way a call may be turned down: the public `code`, its HTTP status and its title. Codes are stable; sentences are not. */
export const problems = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  reason_needed: { status: 400, title: 'A reason is needed' },
  unauthorized: { status: 401, title: 'The caller is not known' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  second_person_needed: { status: 403, title: 'Another person has to send this code' },
  person_needed: { status: 403, title: 'The person who acts has to be named' },
  not_found: { status: 404, title: 'There is nothing at this address' },
  enrollment_not_found: { status: 404, title: 'There is no such enrollment' },
  webhook_not_found: { status: 404, title: 'There is no such webhook' },
  campaign_not_found: { status: 404, title: 'There is no such campaign' },
  method_not_allowed: { status: 405, title: 'This address does not take this method' },
  enrollment_conflict: { status: 409, title: 'Another enrollment of this user is under way' },
  idempotency_key_reused: { status: 409, title: 'This Idempotency-Key was used for another request' },
  campaign_conflict: { status: 409, title: 'The campaign does not take this now' },
  no_link_receiver: { status: 409, title: 'Nothing takes the sign-in links' },
  wrong_step: { status: 409, title: 'The enrollment is at another step' },
  stale_challenge: { status: 409, title: 'This challenge is no longer current' },
  number_changed: { status: 409, title: 'The phone number was changed in the meantime' },
  not_resendable: { status: 409, title: 'There is nothing to send again' },
  limit_reached: { status: 409, title: 'There are as many as there may be' },
  enrollment_settled: { status: 410, title: 'The enrollment is over' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body is not JSON' },
  rate_limited: { status: 429, title: 'Too many wrong codes' },
  resend_too_soon: { status: 429, title: 'A code was sent a moment ago' },
  too_many_texts: { status: 429, title: 'Too many texts were sent' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something broke' },
  busy: { status: 503, title: 'Too many requests for this enrollment wait' },
  unavailable: { status: 503, title: 'The service cannot answer now' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ApiProblemCode = keyof typeof problems;
export const apiProblemCodes = Object.keys(problems) as ApiProblemCode[]; // Object.keys forgets the key type; the object is closed

/** What a problem may say beyond its code. */
export interface ProblemMembers {
  /** One sentence: what happened and what helps. Never a value of the request. */
  readonly detail?: string;
  readonly attemptsLeft?: number;
  /** Seconds; also sent as `Retry-After`. */
  readonly retryAfter?: number;
  readonly factor?: FactorName;
  /** With `invalid_request`: which member, and what was expected of it. */
  readonly errors?: readonly { readonly field: string; readonly expected: string }[];
}

/** A call that is turned down. Thrown anywhere behind a route; the app's error handler answers it. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  constructor(
    readonly code: ApiProblemCode,
    readonly members: ProblemMembers = {},
  ) {
    super(members.detail ?? problems[code].title);
  }
}

/** RFC 9457. */
export interface ProblemBody extends ProblemMembers {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ApiProblemCode;
  readonly instance: string;
}

/** The body of a problem; `requestId` names the one call, as in the log. */
export function problemBody({ code, members }: ApiProblem, requestId: string): ProblemBody {
  const { status, title } = problems[code];
  const retryAfter = members.retryAfter ?? defaultRetryAfter(status);
  return {
    type: problemType(code),
    title,
    status,
    code,
    instance: `urn:mfa-enrollment:request:${requestId}`,
    ...members,
    ...defined({ retryAfter }),
  };
}

export const problemType = (code: ApiProblemCode): string => `urn:mfa-enrollment:problem:${code}`;

/** The refusal of an update, as a problem. */
export const refused = (type: RefusalType, details: RefusalDetails, detail: string): ApiProblem =>
  new ApiProblem(refusals[type], {
    ...details,
    detail,
    ...(type === 'malformed' ? defined({ errors: errorsIn(detail) }) : {}),
  });

/** The member that a workflow turns down as malformed, and what it must be: "factor must be a factor of this enrollment." */
function errorsIn(detail: string): ProblemMembers['errors'] {
  const [, field, expected] = /^(\w+) must be (.+)\.$/.exec(detail) ?? [];
  return field === undefined || expected === undefined ? undefined : [{ field, expected }];
}

const refusals: Record<RefusalType, ApiProblemCode> = {
  malformed: 'invalid_request',
  wrong_step: 'wrong_step',
  stale_challenge: 'stale_challenge',
  rate_limited: 'rate_limited',
  resend_too_soon: 'resend_too_soon',
  too_many_texts: 'too_many_texts',
  not_resendable: 'not_resendable',
  token_of_another_user: 'invalid_request',
  token_unreadable: 'invalid_request',
  second_person_needed: 'second_person_needed',
  number_changed: 'number_changed',
  busy: 'busy',
  settled: 'enrollment_settled',
};

/** 429 and 503 always say when to come back. */
const defaultRetryAfter = (status: number): number | undefined => (status === 429 || status === 503 ? 5 : undefined);
