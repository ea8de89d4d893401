const absolute = new Intl.DateTimeFormat('en-GB', {
  ...{ timeZone: 'UTC', hourCycle: 'h23', day: 'numeric', month: 'short' },
  ...{ hour: '2-digit', minute: '2-digit' },
});

/** A moment as the desk writes it: in UTC, as logs and Temporal have it. */
export const momentOf = (iso: string): string => `${absolute.format(new Date(iso)).replace(',', '')} UTC`;

const clock = new Intl.DateTimeFormat('en-GB', {
  ...{ timeZone: 'UTC', hourCycle: 'h23', hour: '2-digit', minute: '2-digit', second: '2-digit' },
});

/** How long ago, or how long until then, in the largest unit that fits. `desk.js` keeps it right in the same words. */
export function distanceOf(iso: string, now: Date): string {
  const seconds = Math.round((Date.parse(iso) - now.getTime()) / 1000);
  const ahead = seconds > 0;
  const length = Math.abs(seconds);
  if (length < 45) return ahead ? 'in a moment' : 'just now';
  const [count, unit] =
    length < 3600
      ? [Math.round(length / 60), 'min']
      : length < 36 * 3600
        ? [Math.round(length / 3600), 'h']
        : [Math.round(length / 86_400), 'days'];
  return ahead ? `in ${count} ${unit}` : `${count} ${unit} ago`;
}

/** "3 min ago", with the moment itself on hover and for programs. */
export function Ago({ at, now }: { readonly at: string; readonly now: Date }) {
  return (
    <time class="number" datetime={at} data-ago={at} title={momentOf(at)}>
      {distanceOf(at, now)}
    </time>
  );
}

/** A moment that something is over at: counted down in its last hour by `countdown.js`. */
export function Until({ at, now }: { readonly at: string; readonly now: Date }) {
  return (
    <time class="number" datetime={at} data-until={at} title={momentOf(at)}>
      {distanceOf(at, now)}
    </time>
  );
}

/** A moment to the second, for a list of what happened. */
export function Moment({ at }: { readonly at: string }) {
  return (
    <time class="number" datetime={at} title={momentOf(at)}>
      {clock.format(new Date(at))}
    </time>
  );
}

/** The day of a moment, to head those of one day. */
export const dayOf = (iso: string): string =>
  new Intl.DateTimeFormat('en-GB', {
    timeZone: 'UTC',
    weekday: 'short',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  }).format(new Date(iso));
