import { parseArgs } from 'node:util';
import { runDemo } from './demo/enrollment';
import { runPageDemo } from './demo/page';
import { createNarrator } from './demo/narrator';
import { startStack } from './stack';
import { runMain } from '../src/run-main';
import { interruption } from './stack/interruption';

/**
 * `npm run demo [-- --keep] [-- --page]`: a whole stack, one user enrolled in two factors through the HTTP API, or with `--page` on
 * the enrollment page in a browser, told step by step.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { keep: { type: 'boolean', default: false }, page: { type: 'boolean', default: false } },
  });
  const narrator = createNarrator();
  const interrupted = interruption();
  narrator.title('Durable MFA enrollment: one user, SMS, then an authenticator app');
  const stack = await startStack({
    announce: true,
    onProgress: (part, event) => event === 'ready' && narrator.step(`${part} is ready`),
  });
  try {
    const ended = await Promise.race([
      (values.page ? runPageDemo : runDemo)(stack, narrator),
      stack.crashed,
      interrupted,
    ]);
    if (ended !== undefined)
      throw new Error(ended === 'interrupted' ? 'Interrupted.' : `The ${ended} has ended; its log is in ${stack.logs}`);
    if (values.keep) {
      narrator.title('The stack stays up: Ctrl-C stops it. Its addresses and keys are in .run/stack.json');
      await Promise.race([interrupted, stack.crashed]);
    }
  } finally {
    await stack.stop();
  }
  narrator.title('Everything is stopped.');
}

void runMain(main);
