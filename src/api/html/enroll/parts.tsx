import type { ComponentChildren } from 'preact';
import { factors, type FactorName } from '../../../factors';
import type { Step } from '../../enroll/step';
import { useWords, type MessageKey } from '../messages';
import type { Plan } from '../plan';

/** A sentence with `{time}` in it: how long it is from `now` until then (both ISO 8601). With script it counts down. */
export function Until(props: { readonly message: MessageKey; readonly now: string; readonly until: string }) {
  const { text, rich } = useWords();
  const { message, now, until } = props;
  const time = (
    <time dateTime={until} data-until={until} class="number" role="timer">
      {text(...spanOf((Date.parse(until) - Date.parse(now)) / 1000))}
    </time>
  );
  return <>{rich(message, { time })}</>;
}

/** Seconds in words, rounded up to one unit. */
function spanOf(exactly: number): [MessageKey, { readonly n: number }] {
  const seconds = Math.max(1, Math.ceil(exactly));
  if (seconds < 60) return ['time.seconds', { n: seconds }];
  if (seconds < 3600) return ['time.minutes', { n: Math.ceil(seconds / 60) }];
  return ['time.hours', { n: Math.ceil(seconds / 3600) }];
}

/** A form of the page: its fields, and one button. */
export function PageForm(props: {
  readonly action: string;
  readonly token: string;
  readonly button: string;
  readonly look?: 'second' | 'plain' | 'danger';
  /** Said by the button while the answer is awaited. */
  readonly busy?: string;
  readonly children?: ComponentChildren;
}) {
  const { action, token, button, look, busy, children } = props;
  return (
    <form method="post" action={action}>
      <input type="hidden" name="token" value={token} />
      {children}
      <button type="submit" class={look} data-busy={busy}>
        {button}
      </button>
    </form>
  );
}

/** How far the user is: sign-in, each factor of the plan, the end. Nothing for an end that is not the good one. */
export function Progress(props: {
  readonly step: Step;
  readonly plan: Plan;
  readonly factor?: FactorName | undefined;
}) {
  const { text } = useWords();
  const { step, plan, factor } = props;
  if (step.type === 'over' && step.outcome !== 'completed') return null;
  const isSignIn = step.type === 'sign_in';
  const at = plan.factors.findIndex((one) => one.factor === factor);
  const steps = [
    { key: 'sign_in', isDone: !isSignIn, isCurrent: isSignIn },
    ...plan.factors.map((one, index) => ({
      key: one.factor,
      isDone: one.active || one.state === 'accepted',
      isCurrent: !isSignIn && index === at,
    })),
    { key: 'done', isDone: step.type === 'over', isCurrent: !isSignIn && at < 0 },
  ] as const;
  const current = steps.findIndex(({ isCurrent }) => isCurrent) + 1;
  return (
    <div class="progress">
      <p class="unseen">{text('layout.step_of', { step: current, steps: steps.length })}</p>
      <ol aria-label={text('layout.progress')}>
        {steps.map(({ key, isDone, isCurrent }) => (
          <li key={key} class={isDone ? 'is-done' : undefined} aria-current={isCurrent ? 'step' : undefined}>
            {text(`progress.${key}`)}
            {isDone && <span class="unseen"> ({text('layout.step_done')})</span>}
          </li>
        ))}
      </ol>
    </div>
  );
}

/** Is this factor set up with a key that the user's app takes, so that nothing is sent? */
export const isSetUpByKey = (factor: FactorName): boolean => factors[factor].delivery.type === 'setupKey';
