import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SystemUser } from './unprivileged';

export interface ServiceOptions {
  readonly name: string;
  /** A TypeScript entry point below the repository, as it is or as `npm run build` has compiled it; or a program. */
  readonly run:
    | { readonly entry: string; readonly compiled: boolean }
    | {
        readonly program: string;
        readonly args: readonly string[];
        /** Whom it runs as; absent: as we do. */
        readonly as?: SystemUser;
        /** What asks it to end; absent: SIGTERM. */
        readonly signal?: NodeJS.Signals;
      };
  readonly env: NodeJS.ProcessEnv;
  /** Where `<name>.log` collects what the process writes. */
  readonly logs: string;
  /** Asked again and again until it gives true; throws only when waiting longer is useless. */
  readonly isReady: (output: string) => Promise<boolean>;
  readonly readyWithinSeconds: number;
  /** How long it may take to end by itself. */
  readonly graceSeconds: number;
}

/** One process of a stack. It ends with this process, however this one ends. */
export interface Service {
  readonly name: string;
  readonly pid: number | undefined;
  /** Starts it and waits until it is ready. Throws with the end of its log when it ends or is not ready in time. */
  start(): Promise<void>;
  /** Asks it to end, then makes it. Resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Stops it in its tracks, as an overloaded machine does (SIGSTOP): it stays there with its connections open, and does nothing. */
  pause(): void;
  /** Lets a paused one go on (SIGCONT). */
  resume(): void;
  /** How it ended the last time: its exit code, or the signal that ended it; absent before that. */
  readonly exit: number | NodeJS.Signals | undefined;
  /** Resolves when it has ended without having been asked to. */
  readonly crashed: Promise<void>;
}

const root = join(__dirname, '../..');
const preload = join(__dirname, 'end-with-parent.mjs');
const guard = join(__dirname, 'guard.mjs');

export function createService(options: ServiceOptions): Service {
  const logFile = join(options.logs, `${options.name}.log`);
  let child: ChildProcess | undefined;
  let output = '';
  let wanted = false;
  let written: Promise<void> = Promise.resolve();
  let crash: () => void = () => undefined;
  const crashed = new Promise<void>((resolve) => (crash = resolve));

  const launch = (): ChildProcess => {
    const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
    // A group of its own: Ctrl-C reaches the stack alone, which then ends its processes in order.
    const started = spawn(process.execPath, nodeArguments(options.run), {
      cwd: root,
      env: options.env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    output = '';
    started.stdout.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-100_000)));
    started.stdout.pipe(log, { end: false });
    started.stderr.pipe(log, { end: false });
    started.once('close', () => log.end());
    written = finished(log);
    started.once('exit', () => {
      if (wanted) crash();
    });
    started.stdin.on('error', () => undefined); // it may end before we close the pipe
    return started;
  };

  const hasEnded = () => child === undefined || child.exitCode !== null || child.signalCode !== null;

  // The whole group: a guard that is killed alone would leave its program behind.
  const signalGroup = (signal: NodeJS.Signals) => {
    if (child?.pid !== undefined && !hasEnded()) process.kill(-child.pid, signal);
  };
  const killGroup = () => signalGroup('SIGKILL');

  const resume = () => {
    process.off('exit', resume);
    signalGroup('SIGCONT');
  };

  const gone = async (): Promise<void> => {
    const current = child;
    if (current === undefined || hasEnded()) return;
    await new Promise<void>((resolve) => current.once('exit', () => resolve()));
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    wanted = false;
    if (hasEnded()) return;
    resume(); // a paused process does not hear that it should end
    if (signal === 'SIGKILL') killGroup();
    else child?.kill(signal);
    const force = setTimeout(killGroup, options.graceSeconds * 1000);
    await gone();
    clearTimeout(force);
  };

  const failure = async (what: string): Promise<Error> => {
    await Promise.race([written, sleep(1_000)]);
    return new Error(`The ${options.name} ${what}.\n${tail(logFile)}`);
  };

  return {
    name: options.name,
    get pid() {
      return child?.pid;
    },
    get exit() {
      return child?.exitCode ?? child?.signalCode ?? undefined;
    },
    crashed,
    async start() {
      child = launch();
      const until = Date.now() + options.readyWithinSeconds * 1000;
      while (!(await options.isReady(output))) {
        if (hasEnded()) throw await failure('ended while starting');
        if (Date.now() > until) {
          await end('SIGKILL');
          throw await failure(`was not ready within ${options.readyWithinSeconds} s`);
        }
        await sleep(50);
      }
      wanted = true;
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause() {
      process.once('exit', resume); // a paused process would outlive this one
      signalGroup('SIGSTOP');
    },
    resume,
  };
}

function nodeArguments(run: ServiceOptions['run']): readonly string[] {
  if (!('entry' in run)) {
    const { as, signal = 'SIGTERM' } = run;
    const options = [...(as === undefined ? [] : [`--uid=${as.uid}`, `--gid=${as.gid}`]), `--signal=${signal}`];
    return [guard, ...options, '--', run.program, ...run.args];
  }
  if (run.compiled) return ['--import', preload, join(root, 'dist', run.entry.replace(/\.ts$/, '.js'))];
  return ['--import', preload, '--import', 'tsx', join(root, run.entry)];
}

function tail(file: string): string {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15);
  return lines.map((line) => `  | ${line.slice(0, 400)}`).join('\n');
}

/** Does this address answer with 2xx? */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
