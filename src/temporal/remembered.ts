/**
 * The newest answer to `read` that is not older than `lifeMs`; those who ask at once share one reading. A reading that fails is not kept.
 * `asOf`, by the clock of `now`: what is given was read no earlier than that.
 */
export function remembered<T>(
  read: () => Promise<T>,
  lifeMs: number,
  now: () => number = () => performance.now(),
): (asOf?: number) => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T> } | undefined;
  return (asOf = 0) => {
    if (last !== undefined && now() - last.at < lifeMs && last.at >= asOf) return last.answer;
    const asked = { at: now(), answer: read() };
    last = asked;
    asked.answer.catch(() => {
      if (last === asked) last = undefined; // the next one asks again
    });
    return asked.answer;
  };
}
