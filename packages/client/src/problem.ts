import type { components } from './openapi.ts';

/** What the API answers when it turns a call down: problem details (RFC 9457) with a stable `code`. */
export type Problem = components['schemas']['Problem'];

/** The codes that the API of this version has. A newer API may answer others: give a `switch` over them a default. */
export type ProblemCode = Problem['code'];

/** A call was turned down. `code` says why; compare it, not the sentence in `message`. */
export class ProblemError<Code extends ProblemCode = ProblemCode> extends Error {
  override readonly name = 'ProblemError';
  readonly code: Code;
  /** The HTTP status. */
  readonly status: number;
  /** Seconds after which the call may succeed; absent where time changes nothing. */
  readonly retryAfter: number | undefined;
  /** Everything that the API said, such as `attemptsLeft`, or `errors` with the members that were not valid. */
  readonly problem: Problem & { readonly code: Code };

  constructor(problem: Problem & { readonly code: Code }) {
    super(problem.detail ?? problem.title);
    this.code = problem.code;
    this.status = problem.status;
    this.retryAfter = problem.retryAfter;
    this.problem = problem;
  }
}

/**
 * Is this error a problem of the API, and, with `codes`, one of these? Holds across copies of this package too, where `instanceof`
 * does not: one program may load the ES module and the CommonJS build.
 */
export function isProblem<Code extends ProblemCode = ProblemCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is ProblemError<Code> {
  if (!(error instanceof Error) || error.name !== 'ProblemError' || !('code' in error)) return false;
  const known: readonly unknown[] = codes;
  return codes.length === 0 || known.includes(error.code);
}

/**
 * No answer came: nothing listens there, the connection broke, or the answer took too long. The call may have had its effect
 * nevertheless. `cause` is what `fetch` said.
 */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** What answered is not this API: a proxy, a sign-in page, or another service. */
export class UnexpectedAnswerError extends Error {
  override readonly name = 'UnexpectedAnswerError';
  /** The HTTP status; 0 for a redirect that a browser hides. */
  readonly status: number;

  constructor(status: number, contentType: string | null) {
    super(`The answer is not one of this API (HTTP ${status}, ${contentType ?? 'no content type'}). Check baseUrl.`);
    this.status = status;
  }
}
