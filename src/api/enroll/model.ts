import { createHash } from 'node:crypto';
import { defined } from '../../enrollment/defined';
import type { ChallengeSecrets } from '../../enrollment/status';
import type { Enrollments } from '../../temporal/enrollments';
import type { EnrollmentView } from '../../temporal/enrollments/runs';
import type { EnrollPage } from '../html/enroll/enroll-page';
import { mayChangeNumber, stepOf, type Step } from './step';

/** An enrollment as the page shows it, with the secrets of its step. */
export type Shown = Pick<EnrollPage, 'step' | 'plan' | 'factor' | 'problem' | 'secrets' | 'mayChangeNumber' | 'key'>;

/** Names what the page shows of an enrollment: two views with the same key make the same page. Tells nothing to whoever sees it. */
export function keyOf(view: EnrollmentView): string {
  const { factors, phoneNumber, lastProblem } = view;
  const shown = [stepOf(view), factors, phoneNumber, lastProblem?.code, mayChangeNumber(view)];
  return createHash('sha256').update(JSON.stringify(shown)).digest('base64url').slice(0, 22);
}

/** How often an enrollment is looked at again when it has gone on between its status and its secrets. */
const looks = 3;

/** Reads an enrollment for its page. Asks for secrets where the step shows them. */
export async function shownOf(enrollments: Pick<Enrollments, 'get' | 'challenge'>, id: string): Promise<Shown> {
  for (let look = 1; ; look += 1) {
    const view = await enrollments.get(id);
    const step = stepOf(view);
    const secrets = showsSecrets(step) ? await enrollments.challenge(id) : undefined;
    const shown = shownIn(view, step, secrets);
    if (!showsSecrets(step) || areOf(step, secrets)) return shown;
    if (look === looks) return { ...shown, step: { type: 'preparing' }, key: 'between' };
  }
}

function shownIn(view: EnrollmentView, step: Step, secrets: ChallengeSecrets | undefined): Shown {
  const { factors, phoneNumber, factor, lastProblem } = view;
  return {
    step,
    plan: { factors, ...defined({ phoneNumber }) },
    ...defined({ factor, problem: lastProblem?.code, secrets }),
    mayChangeNumber: mayChangeNumber(view),
    key: keyOf(view),
  };
}

const showsSecrets = ({ type }: Step): boolean => type === 'app' || type === 'recovery_code';

/** The enrollment may have gone on after its status was read. */
function areOf(step: Step, secrets: ChallengeSecrets | undefined): boolean {
  if (step.type === 'recovery_code') return secrets?.recoveryCode !== undefined;
  return step.type === 'app' && secrets?.type === 'otp' && secrets.challengeId === step.challengeId;
}
