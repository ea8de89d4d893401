import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Where everything that it writes is kept. */
  readonly log: string;
  /** Killed after this time. */
  readonly seconds: number;
}

/**
 * Runs a program to its end and gives what it wrote to stdout.
 *
 * @throws Error with the last lines that it wrote: when it is not installed, fails, or takes longer than it may.
 */
export async function run({ program, args, env = process.env, cwd, log, seconds }: Command): Promise<string> {
  appendFileSync(log, `\n$ ${program} ${args.join(' ')}\n`);
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: seconds * 1_000 });
  let stdout = '';
  let all = '';
  const take = (chunk: string): void => {
    all += chunk;
    appendFileSync(log, chunk);
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    take(chunk);
  });
  child.stderr.setEncoding('utf8').on('data', take);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new Error(`${program} is not on PATH: see ${setUp}`) : error),
    );
    child.once('close', resolve);
  });
  if (code === 0) return stdout;
  const end = all.trimEnd().split('\n').slice(-5).join('\n    ');
  const how = code === null ? `was ended after ${seconds} s at the latest` : `ended with code ${code}`;
  throw new Error(`${program} ${args.slice(0, 3).join(' ')} … ${how}; everything it wrote is in ${log}\n    ${end}`);
}

const setUp = 'docs/containers.md, "npm run containers"';

/** The same, for a question that may be answered with no. */
export const succeeds = (command: Command): Promise<boolean> =>
  run(command).then(
    () => true,
    () => false,
  );
