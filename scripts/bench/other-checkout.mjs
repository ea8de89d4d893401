// Starts the stack of another checkout with that checkout's own scripts: node --import tsx other-checkout.mjs <folder>. Prints one line of JSON
// with its addresses, keys and process ids, and stops the stack when it is asked to end.
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = resolve(process.argv[2]);
const { startStack } = await import(pathToFileURL(join(folder, 'scripts/stack.ts')).href);
const stack = await startStack({
  compiled: true,
  logLevel: 'warn',
  apiVariables: { API_CALLS_PER_MINUTE: '1000000' },
});
const { services, stop, ...file } = stack;
const pids = Object.fromEntries(Object.entries(services).map(([name, service]) => [name, service?.pid]));
const end = () => void stop().finally(() => process.exit(0));
process.on('SIGTERM', end);
process.on('SIGINT', end);
// The bench has ended, however it did.
process.stdin.on('close', end);
process.stdin.resume();
console.log(JSON.stringify({ ...file, pids }));
