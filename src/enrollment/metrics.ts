import type { AuditLine } from './audit';
import type { Case } from './case';
import { currentFactor, isSettled, type Enrollment } from './enrollment';
import { failureTypes } from './failures';
import { outlookOf } from './outlook';
import type { WaitingFor } from './status';
import type { FactorName } from '../factors';

// What workflows count (docs/monitoring.md). Every label is a word of a closed list: never a user, an enrollment or a number.

/** `unit` is what is counted; of a duration it stands in the name already, as Prometheus has it. */
export const workflowMetrics = {
  start: { name: 'mfa_enrollment_start', unit: 'enrollments', description: 'Enrollments started.' },
  outcome: { name: 'mfa_enrollment_outcome', unit: 'enrollments', description: 'Enrollments ended, by outcome.' },
  code: { name: 'mfa_code_result', unit: 'codes', description: 'Codes that came, by factor and result.' },
  challenge: { name: 'mfa_challenge', unit: 'challenges', description: 'Challenges made, by factor.' },
  token: { name: 'mfa_token', unit: 'tokens', description: 'Tokens that were brought, by what became of them.' },
  deadLetter: {
    name: 'mfa_webhook_dead_letter',
    unit: 'events',
    description: 'Events that were given up: they are kept until somebody has them sent again.',
  },
  wait: {
    name: 'mfa_enrollment_wait_seconds',
    unit: '',
    description: 'How long enrollments stayed in a state, and for whom they waited.',
  },
} as const;

/** One more of what `workflowMetrics` names. */
export interface Count {
  readonly metric: 'outcome' | 'code' | 'challenge' | 'token';
  readonly labels: Readonly<Record<string, string>>;
}

/** What of an audit line is counted; `undefined`: nothing. The end is counted by `outcomeLabels`. */
export function countOf(line: AuditLine): Count | undefined {
  switch (line.action) {
    case 'code_result':
      return { metric: 'code', labels: { factor: line.factor ?? 'none', result: line.result } };
    case 'challenge_sent':
      return { metric: 'challenge', labels: { factor: line.factor } };
    case 'token_taken':
      return { metric: 'token', labels: { result: 'taken' } };
    case 'token_refused':
      return { metric: 'token', labels: { result: line.why } };
    case 'phone_number_changed':
    case 'phone_number_refused':
    case 'recovery_code_acknowledged':
    case 'settled':
      return undefined;
  }
}

/** The labels of an end: `failure` is the type of the failure that the run closes with, `none` where it closes with a result. */
export const outcomeLabels = ({ enrollment, failure }: Pick<Case, 'enrollment' | 'failure'>) => ({
  outcome: enrollment.state,
  failure: failure === undefined ? 'none' : failureTypes[failure.type],
});

/** Where an enrollment rests, and since when (epoch ms). */
export interface Rest {
  readonly state: Enrollment['state'];
  readonly factor: FactorName | 'none';
  readonly who: WaitingFor['who'];
  readonly since: number;
}

/** A rest that has ended. */
export interface RestOver extends Omit<Rest, 'since'> {
  readonly seconds: number;
}

/**
 * Where an enrollment rests at `now` (epoch ms), after it rested at `before`; and the rest that is over by that, with its length in
 * seconds. One that goes on in the same state, at the same factor and for the same hand, is one rest; the end is none.
 */
export function restAt(
  before: Rest | undefined,
  enrollment: Enrollment,
  now: number,
): { readonly rest: Rest | undefined; readonly over?: RestOver } {
  const rest = restOf(enrollment, now);
  if (before === undefined) return { rest };
  const { since, ...place } = before;
  if (rest?.state === place.state && rest.who === place.who && rest.factor === place.factor) return { rest: before };
  return { rest, over: { ...place, seconds: Math.max(0, now - since) / 1000 } };
}

const restOf = (enrollment: Enrollment, now: number): Rest | undefined =>
  isSettled(enrollment)
    ? undefined
    : {
        state: enrollment.state,
        factor: currentFactor(enrollment) ?? 'none',
        who: outlookOf(enrollment, now).who,
        since: now,
      };
