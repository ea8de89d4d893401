// Runs a program that cannot load end-with-parent.mjs itself, and ends it with the stack: node guard.mjs <program> …
import { spawn } from 'node:child_process';

const grace = 10_000;
const [program, ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });

const end = () => {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), grace).unref();
};
process.stdin.on('close', end);
process.stdin.resume();
process.on('SIGTERM', end);
process.on('SIGINT', end);
child.on('error', (error) => {
  console.error(`${program}: ${error.message}`);
  process.exit(127);
});
child.on('exit', (code) => process.exit(code ?? 1));
