import { setCurrentDetails, upsertMemo, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { tokenExpiry, type Case } from '../enrollment/case';
import { defined } from '../enrollment/defined';
import { detailsOf } from '../enrollment/details';
import { currentFactor, isAtRest, isSettled } from '../enrollment/enrollment';
import { outcomeLabels, restAt, type Rest } from '../enrollment/metrics';
import { outlookOf } from '../enrollment/outlook';
import { waitingAt, type Waiting } from '../enrollment/waiting';
import { caseMemo, type CaseMemo } from './messages';
import { count, recordWait } from './metrics';
import { searchAttributes } from './search-attributes';
import type { Teller } from './tell';

/**
 * Shows a case to the outside as it goes from one step to the next: the memo that the API reads, the attributes that lists are
 * filtered by, the details in Temporal's web interface; tells other systems; and measures how long it rests. Every upsert is an event, so only what has changed is written.
 */
export function createPublisher({ tell }: Pick<Teller, 'tell'>): (of: Case, now: number, waits: boolean) => void {
  let shown: Case | undefined;
  let rest: Rest | undefined;
  let waiting: Waiting | undefined;
  const continues = workflowInfo().continuedFromExecutionRunId !== undefined;
  return (of, now, waits) => {
    const before = shown;
    shown = of;
    waiting = waitingAt(waiting, of.enrollment, now, continues);
    setCurrentDetails(detailsOf(of.enrollment, now, waiting));
    tell(of, now);
    const { rest: next, over } = restAt(rest, of.enrollment, now);
    rest = next;
    if (over !== undefined) recordWait(over);
    const isRest = waits || isAtRest(of.enrollment);
    if (isRest) upsertAttributes(of, now); // whom it waits for may change with time alone
    if (before?.enrollment === of.enrollment && before.held.tokens === of.held.tokens) return;
    if (isRest || of.enrollment.state !== before?.enrollment.state) upsertMemo({ [caseMemo]: memoOf(of, now) });
    if (isSettled(of.enrollment)) count('outcome', outcomeLabels(of));
  };
}

const memoOf = (of: Case, now: number): CaseMemo => ({
  version: 2,
  enrollment: of.enrollment,
  firstRunId: workflowInfo().firstExecutionRunId,
  ...defined({ tokenExpiresAt: tokenExpiry(of, now) }),
});

function upsertAttributes({ enrollment, held }: Case, now: number): void {
  const shown = workflowInfo().typedSearchAttributes;
  const state = enrollment.state;
  const factor = isSettled(enrollment) ? null : (currentFactor(enrollment) ?? null);
  const waitingFor = outlookOf(enrollment, now).who;
  const deadline = new Date(enrollment.deadline);
  const changed = [
    ...(shown.get(searchAttributes.state) === state ? [] : [{ key: searchAttributes.state, value: state }]),
    ...((shown.get(searchAttributes.factor) ?? null) === factor
      ? []
      : [{ key: searchAttributes.factor, value: factor }]),
    ...(shown.get(searchAttributes.waitingFor) === waitingFor
      ? []
      : [{ key: searchAttributes.waitingFor, value: waitingFor }]),
    ...(shown.get(searchAttributes.deadline)?.getTime() === deadline.getTime()
      ? []
      : [{ key: searchAttributes.deadline, value: deadline }]),
    // The start has shown the hash of its own number.
    ...(held.phoneNumberHash === undefined || (shown.get(searchAttributes.phoneNumber) ?? null) === held.phoneNumberHash
      ? []
      : [{ key: searchAttributes.phoneNumber, value: held.phoneNumberHash }]),
  ];
  if (changed.length > 0) upsertSearchAttributes(changed);
}
