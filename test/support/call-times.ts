/**
 * The smallest burst with which a token bucket of this rate would have let all these calls through at these times (ms, ascending):
 * no window of T seconds holds more than it and `perSecond * T`.
 */
export function mostBeyond(times: readonly number[], { perSecond }: { readonly perSecond: number }): number {
  let most = 0;
  let least = Infinity;
  times.forEach((at, index) => {
    const due = (at * perSecond) / 1000;
    least = Math.min(least, index - due);
    most = Math.max(most, index + 1 - due - least);
  });
  return most;
}
