import { metricMeter, setCurrentDetails, upsertMemo, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { detailsOf } from '../enrollment/details';
import { currentFactor, isAtRest, isSettled, type Enrollment } from '../enrollment/enrollment';
import { caseMemo, type CaseMemo } from './messages';
import { searchAttributes } from './search-attributes';

/**
 * Keeps the case where the API reads it without a query. A run that was started without that memo, by hand or before there
 * was one, goes on without.
 */
export function share(enrollment: Enrollment, tokenExpiresAt: number | undefined): void {
  if (workflowInfo().memo?.[caseMemo] === undefined) return;
  const memo: CaseMemo = { version: 1, enrollment, ...(tokenExpiresAt === undefined ? {} : { tokenExpiresAt }) };
  upsertMemo({ [caseMemo]: memo });
}

/** What an operator sees of a case in Temporal's UI and lists. */
export function present(enrollment: Enrollment): void {
  setCurrentDetails(detailsOf(enrollment, Date.now()));
  // Only where a case rests: every upsert is an event and a write to visibility.
  if (isAtRest(enrollment)) upsert(enrollment);
  if (isSettled(enrollment)) {
    metricMeter
      .createCounter('mfa_enrollment_outcome', 'enrollments', 'Enrollments ended, by outcome')
      .add(1, { outcome: enrollment.state });
  }
}

function upsert(enrollment: Enrollment): void {
  const state = enrollment.state;
  const factor = isSettled(enrollment) ? null : (currentFactor(enrollment) ?? null);
  const shown = workflowInfo().typedSearchAttributes;
  const before = { state: shown.get(searchAttributes.state), factor: shown.get(searchAttributes.factor) ?? null };
  if (before.state === state && before.factor === factor) return;
  upsertSearchAttributes([
    { key: searchAttributes.state, value: state },
    { key: searchAttributes.factor, value: factor },
  ]);
}
