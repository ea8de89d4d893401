const absolute = new Intl.DateTimeFormat('en-GB', {
  ...{ timeZone: 'UTC', hourCycle: 'h23', day: 'numeric', month: 'short' },
  ...{ hour: '2-digit', minute: '2-digit' },
});

/** A moment as the desk writes it: in UTC, as logs and Temporal have it. */
export const momentOf = (iso: string): string => `${absolute.format(new Date(iso)).replace(',', '')} UTC`;

const clock = new Intl.DateTimeFormat('en-GB', {
  ...{ timeZone: 'UTC', hourCycle: 'h23', hour: '2-digit', minute: '2-digit', second: '2-digit' },
});

/** Seconds, in the largest unit that fits. `desk.js` goes on in the same words. */
function lengthOf(seconds: number): string {
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 36 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

const secondsBetween = (now: Date, iso: string): number => Math.round((Date.parse(iso) - now.getTime()) / 1000);

/** "3 min ago", with the moment itself on hover and for programs. */
export function Ago({ at, now }: { readonly at: string; readonly now: Date }) {
  const seconds = -secondsBetween(now, at);
  return (
    <time class="number" datetime={at} data-ago={at} title={momentOf(at)}>
      {seconds < 45 ? 'just now' : `${lengthOf(seconds)} ago`}
    </time>
  );
}

/** How long until a moment: "4:53" in the last hour, which `countdown.js` counts down; "3 days" before. */
export function Until({ at, now }: { readonly at: string; readonly now: Date }) {
  const seconds = Math.max(0, secondsBetween(now, at));
  return (
    <time class="number" datetime={at} data-until={at} title={momentOf(at)}>
      {seconds < 3600 ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}` : lengthOf(seconds)}
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
