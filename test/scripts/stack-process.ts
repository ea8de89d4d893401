import { startStack } from '../../scripts/stack';

// A stack in a process of its own, which tests can kill: tells what it has started, then waits for SIGTERM.
async function main(): Promise<void> {
  const [state] = process.argv.slice(2);
  const stack = await startStack(state === undefined ? {} : { state });
  process.once('SIGTERM', () => void stack.stop().then(() => process.exit(0)));
  const pids = Object.values(stack.services).map(({ pid }) => pid);
  console.log(JSON.stringify({ ...stack, services: undefined, pids }));
  setInterval(() => undefined, 60_000);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
