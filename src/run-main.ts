import { ConfigError } from './config/config-error';
import { errorText } from './error-text';

/**
 * Runs a process's `main`. When it rejects, or something breaks that nobody waits for, the reason goes to the error output
 * with its stack and its causes, and the process ends with exit code 1, whatever is still open.
 */
export async function runMain(main: () => Promise<void>): Promise<void> {
  process.on('uncaughtException', fail); // the rejection of a promise that nobody handles, too
  await main().catch(fail);
}

function fail(error: unknown): void {
  // Whoever reads a fault of the configuration corrects it: the message names every one, and a stack would be in the way.
  process.stderr.write(`${error instanceof ConfigError ? error.message : errorText(error)}\n`);
  process.exit(1);
}
