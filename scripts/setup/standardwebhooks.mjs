import { run } from './run.mjs';
import { firstThatWorks } from './tries.mjs';
import { fetching, fromCache } from './ways.mjs';
import { downloadWheel } from './wheel.mjs';

// What verifies our webhooks in the tests: the released library of another language, by somebody else. Python loads a wheel as it is.
const wheel = {
  name: 'standardwebhooks',
  version: '1.1.0',
  sha256: '9a88d48a1f198be61517fc7ad328cf58ba02b73f0fbd8941d4213e9c0b6c2a61',
};
const key = `${wheel.name}-python-${wheel.version}`;
const file = `${wheel.name}-${wheel.version}.whl`;

/** Finds or fetches the Python library of Standard Webhooks. `context` is `{ env, say, cache }`. Gives `{ path, way }`, of a wheel. */
export const findStandardWebhooks = (context) =>
  firstThatWorks(
    'Python library of Standard Webhooks',
    [checked(fromCache(context, key, file), context), checked(fromPip(context), context)],
    'Install Python 3.9 or newer with pip so that `python3` is on PATH: set-up then fetches it.',
    context.say,
  );

const fromPip = ({ env, ...context }) =>
  fetching(`the wheel ${wheel.name} ${wheel.version} through pip`, context, key, file, () => downloadWheel(wheel, env));

/** Does Python load it? */
const checked = (way, { env }) => ({
  ...way,
  async find() {
    const path = await way.find();
    if (path === undefined) return undefined;
    await run('python3', ['-c', 'import standardwebhooks'], { seconds: 20, env: { ...env, PYTHONPATH: path } });
    return path;
  },
});
