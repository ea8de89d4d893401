import { lineOf } from '../../desk/words';
import type { Timeline } from '../../../temporal/enrollments/timeline';
import { dayOf, Moment } from './time';

/** What happened, the newest first, by days. */
export function TimelineOf({ timeline }: { readonly timeline: Timeline | undefined }) {
  if (timeline === undefined) return <p class="muted">Cannot be read now. Load the page again.</p>;
  return (
    <>
      {byDay(timeline.entries.filter(isToldOnce).toReversed()).map(([day, entries]) => (
        <section key={day} class="day">
          <h3>{day}, UTC</h3>
          <ol class="timeline">
            {entries.map((entry, index) => {
              const { text, detail, tone } = lineOf(entry);
              return (
                <li key={index} class={tone}>
                  <Moment at={entry.at} />
                  <span>
                    {text}
                    {detail !== undefined && <span class="muted"> · {detail}</span>}
                  </span>
                </li>
              );
            })}
          </ol>
        </section>
      ))}
      {timeline.truncated === true && <p class="muted">What happened before is not shown.</p>}
    </>
  );
}

type Entries = Timeline['entries'];

function byDay(entries: Entries): readonly (readonly [string, Entries])[] {
  const days = new Map<string, Entries>();
  for (const entry of entries) days.set(dayOf(entry.at), [...(days.get(dayOf(entry.at)) ?? []), entry]);
  return [...days];
}

/** A wrong code is an entry of its own, and the last problem as well. */
const isToldOnce = (entry: Entries[number]): boolean => entry.what !== 'problem' || entry.code !== 'code_rejected';
