import { isMainThread } from 'node:worker_threads';

// Loaded into each process of a stack, and by Node into each of its threads, which have no standard input of their own.
// That input is a pipe from the stack that started the process: when the stack is gone, killed even, the pipe ends, and so
// does this process.
const grace = 10_000;

if (isMainThread) {
  process.stdin.on('close', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), grace).unref();
  });
  process.stdin.resume();
  // Waiting for the end must not be what keeps a process alive.
  process.stdin.unref();
}
