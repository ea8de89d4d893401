import { metricMeter, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { currentFactor, isAtRest, isSettled, type Enrollment } from '../enrollment/enrollment';
import { levelAt } from '../enrollment/bucket';
import { nextAction } from '../enrollment/view';
import { searchAttributes } from './search-attributes';

/** What an operator sees of a case in Temporal's UI and lists. */
export function present(enrollment: Enrollment): void {
  setCurrentDetails(details(enrollment));
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

function details(enrollment: Enrollment): string {
  const now = Date.now();
  const rows = [
    ['State', enrollment.state],
    ['Factor', currentFactor(enrollment) ?? '–'],
    ['Factors', enrollment.plan.map(({ factor, state }) => `${factor} ${state}`).join(', ')],
    ['Case ends at', new Date(enrollment.deadline).toISOString()],
    ...('challenge' in enrollment ? [['Code dies at', new Date(enrollment.challenge.expiresAt).toISOString()]] : []),
    ['Attempts left', String(levelAt(enrollment.attempts, now))],
    ['Texts left', String(levelAt(enrollment.texts, now))],
    [
      'Last problem',
      enrollment.lastProblem === undefined
        ? 'none'
        : `${enrollment.lastProblem.code}: ${enrollment.lastProblem.message}`,
    ],
    ['Next action', nextAction(enrollment, now)],
  ];
  return ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');
}
