const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * The files that take longest, which Jest cannot know on a fresh clone: it would begin with the largest files. One that begins last
 * keeps everything waiting while the other workers have nothing to do.
 */
const longest = [
  'test/scripts/chaos.test.ts',
  'test/workflows/crash.test.ts',
  'test/secrets/hunt.test.ts',
  'test/scripts/build.test.ts',
  'test/scripts/stack.test.ts',
  'test/scripts/rolling.test.ts',
  'test/worker/rollout.test.ts',
  'test/page/journey.test.ts',
  'test/page/states.test.ts',
  'test/workflows/sending-limits.test.ts',
  'test/temporal/sealed-messages.test.ts',
  'test/workflows/continue-as-new.test.ts',
  'test/workflows/codes.test.ts',
  'test/workflows/faults.test.ts',
];

module.exports = class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    const rank = ({ path }) => {
      const index = longest.findIndex((name) => path.endsWith(name));
      return index < 0 ? longest.length : index;
    };
    return [...sorted].sort((one, other) => rank(one) - rank(other));
  }
};
