import { spawn } from 'node:child_process';
import { progress } from './progress.mjs';

const grouped = process.platform !== 'win32';
const killTree = (child) => {
  try {
    if (grouped) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // Already gone.
  }
};

/**
 * Runs a command within `seconds`, shows the time it takes, and gives its output.
 *
 * @throws Error with a short reason: not there, took too long, or the last line it wrote to stderr
 */
export async function run(command, args, { seconds, env = process.env, cwd, what }) {
  // A group of its own, so that what the command has started ends with it.
  const child = spawn(command, args, { env, cwd, detached: grouped, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = () => killTree(child);
  const interrupted = () => {
    stop();
    process.exit(130);
  };
  process.once('exit', stop);
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  const shown = what === undefined ? undefined : progress(what);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, seconds * 1000);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (late) throw new Error(`gave up after ${seconds} s`);
    if (code !== 0) throw new Error(lastLine(stderr) ?? lastLine(stdout) ?? `${command} ended with code ${code}`);
    return stdout;
  } catch (error) {
    throw error.code === 'ENOENT' ? new Error(`${command} is not installed`) : error;
  } finally {
    clearTimeout(timer);
    shown?.stop();
    process.off('exit', stop);
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  }
}

const lastLine = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .at(-1)
    ?.slice(0, 300);
