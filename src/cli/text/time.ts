/** A moment as the person at the terminal reads it: local time, and how far off. `now` in epoch ms. */
export function moment(at: string | number, now: number): string {
  const then = new Date(at);
  const time = then.toLocaleTimeString('sv-SE'); // the one locale whose form is ISO's: 14:03:20
  const day = then.toLocaleDateString('sv-SE');
  const sameDay = day === new Date(now).toLocaleDateString('sv-SE');
  return `${sameDay ? '' : `${day} `}${time} (${distance(then.getTime() - now)})`;
}

function distance(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const length = lengthOf(seconds);
  return ms < 0 ? `${length} ago` : `in ${length}`;
}

function lengthOf(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
