import type { ComponentChildren } from 'preact';
import type { EnrollmentStatus, FactorStatus } from '../../enrollment/status';
import { factors, type FactorName } from '../../factors';
import { useWords } from './messages';

/** What the pages say of an enrollment. */
export type Plan = Pick<EnrollmentStatus, 'factors' | 'phoneNumber'>;

export const numberIsNeeded = (plan: Plan): boolean =>
  plan.factors.some(({ factor }) => factors[factor].needs !== undefined);

/** The digits of a masked number that are shown: a row of dots is read out as nothing, or as dots. */
export const endingOf = (masked = ''): string => masked.replaceAll('•', '');

export const bold = (children: ComponentChildren) => <strong class="number">{children}</strong>;

/** A factor and where its codes come to. */
function Binding({ factor, phoneNumber }: { readonly factor: FactorName; readonly phoneNumber: string | undefined }) {
  const { text, rich } = useWords();
  const parts = { b: bold, factor: text(`factor.${factor}`), ending: endingOf(phoneNumber) };
  const { delivery, needs } = factors[factor];
  if (needs === 'phoneNumber')
    return <>{rich(phoneNumber === undefined ? 'binding.no_number' : 'binding.number', parts)}</>;
  return <>{rich(delivery.type === 'setupKey' ? 'binding.app' : 'binding.address', parts)}</>;
}

/** Everything that will be set up, in order. `labelledBy`: the id of its heading. */
export function PlanList({ plan, labelledBy }: { readonly plan: Plan; readonly labelledBy: string }) {
  const { text } = useWords();
  return (
    <ol aria-labelledby={labelledBy}>
      {plan.factors.map(({ factor, active }) => (
        <li key={factor}>
          <Binding factor={factor} phoneNumber={plan.phoneNumber} />
          {active && ` ${text('binding.already')}`}
        </li>
      ))}
    </ol>
  );
}

/** What the account has now, out of this plan, as far as the enrollment knows. */
export function ActiveList({ plan }: { readonly plan: Plan }) {
  const { text } = useWords();
  const active = plan.factors.filter((one) => one.active);
  const unclear = plan.factors.filter(({ state }) => state === 'accepted');
  if (active.length === 0 && unclear.length === 0) return <p>{text('plan.nothing')}</p>;
  const binding = ({ factor }: FactorStatus) => <Binding factor={factor} phoneNumber={plan.phoneNumber} />;
  return (
    <>
      <FactorList id="active" class="ticks" title={text('plan.active')} entries={active} item={binding} />
      <FactorList id="unclear" title={text('plan.unclear')} entries={unclear} item={binding} />
    </>
  );
}

export function MissingList({ plan }: { readonly plan: Plan }) {
  const { text } = useWords();
  return (
    <FactorList
      id="missing"
      title={text('plan.missing')}
      entries={plan.factors.filter(({ active, state }) => !active && state !== 'accepted')}
      item={({ factor }) => text(`factor.${factor}`)}
    />
  );
}

/** Nothing for an empty list. */
function FactorList(props: {
  readonly id: string;
  readonly class?: string;
  readonly title: string;
  readonly entries: readonly FactorStatus[];
  readonly item: (entry: FactorStatus) => ComponentChildren;
}) {
  const { id, title, entries, item } = props;
  if (entries.length === 0) return null;
  return (
    <>
      <p id={id}>{title}</p>
      <ul aria-labelledby={id} class={props.class}>
        {entries.map((entry) => (
          <li key={entry.factor}>{item(entry)}</li>
        ))}
      </ul>
    </>
  );
}
