/** Thrown when no way led to a tool; the message names what was tried and what to install. */
export class NothingWorked extends Error {}

/**
 * Takes the ways to a tool in order until one gives a path.
 *
 * A way is `{ name, find }`; `find` gives a path, or undefined when the way was not asked for or is empty (a quiet
 * no), or throws with the reason. Each is announced in one line, the quiet ones only once nothing cheap was found, so
 * that a set-up with everything in place says one line. A way marked `slow` announces itself before it starts.
 *
 * @returns the path and the name of the way that gave it
 * @throws NothingWorked with `advice` when all have failed
 */
export async function firstThatWorks(tool, ways, advice, say) {
  const quiet = [];
  const reasons = [];
  const sayQuiet = () => quiet.splice(0).forEach((line) => say(line));
  for (const way of ways) {
    if (way.slow) {
      sayQuiet();
      say(`${tool}: trying ${way.name}`);
    }
    try {
      const path = await way.find();
      if (path !== undefined) return { path, way: way.name };
      quiet.push(`${tool}: ${way.name}: ${way.absent}`);
    } catch (error) {
      sayQuiet();
      say(`${tool}: ${way.name}: ${error.message}`);
      reasons.push(`  - ${way.name}: ${error.message}`);
    }
  }
  throw new NothingWorked([`no ${tool} could be found or fetched.`, ...reasons, advice].join('\n'));
}
