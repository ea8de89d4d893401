// Runs a program that cannot load end-with-parent.mjs itself, and ends it with the stack:
// node guard.mjs [--uid=N --gid=N] [--signal=SIGINT] -- <program> …
// --uid, --gid: the user that the program runs as; --signal: what asks it to end.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const grace = 10_000;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { uid: { type: 'string' }, gid: { type: 'string' }, signal: { type: 'string', default: 'SIGTERM' } },
});
const end = () => {
  child.kill(values.signal);
  setTimeout(() => child.kill('SIGKILL'), grace).unref();
};
// Before there is a program to end: one that is quick to start would outlive a signal that came before these.
process.on('SIGTERM', end);
process.on('SIGINT', end);

const [program, ...args] = positionals;
const child = spawn(program, args, {
  stdio: ['ignore', 'inherit', 'inherit'],
  // The other user may not be allowed into the folder that this process is in.
  ...(values.uid === undefined ? {} : { uid: Number(values.uid), gid: Number(values.gid), cwd: '/' }),
});

process.stdin.on('close', end);
process.stdin.resume();
child.on('error', (error) => {
  console.error(`${program}: ${error.message}`);
  process.exit(127);
});
child.on('exit', (code) => process.exit(code ?? 1));
