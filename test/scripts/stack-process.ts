import { startStack } from '../../scripts/stack';

// A stack in a process of its own, which tests can kill: tells what it has started, then waits for SIGTERM.
async function main(): Promise<void> {
  const [state] = process.argv.slice(2);
  const stack = await startStack(state === undefined ? {} : { state });
  process.once('SIGTERM', () => void stack.stop().then(() => process.exit(0)));
  const { services, stop: _stop, crashed: _crashed, ...rest } = stack;
  console.log(JSON.stringify({ ...rest, pids: Object.values(services).map(({ pid }) => pid) }));
  setInterval(() => undefined, 60_000);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
