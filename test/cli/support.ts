import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import type { AppParts } from '../../src/api/app';
import { runCli } from '../../src/cli/run';
import type { Terminal } from '../../src/cli/terminal';
import type { Role } from '../../src/scopes';
import type { Enrollments } from '../../src/temporal/enrollments';
import { keyOf, testApp } from '../api/support';

/** Closed after each test, newest first. */
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
export const onEnd = (close: () => Promise<unknown>): void => void open.push(close);

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** What comes in on the standard input, whole. */
  readonly stdin?: string;
  readonly stdinIsTTY?: boolean;
  readonly stdoutIsTTY?: boolean;
  readonly stackFile?: string;
  readonly now?: number;
  /** A clock that moves, in place of `now`. */
  readonly clock?: () => number;
  /** Takes the place of waiting. */
  readonly wait?: (ms: number) => Promise<void>;
  readonly signal?: AbortSignal;
  /** Takes the place of a browser. */
  readonly openBrowser?: (url: string) => Promise<void>;
  /** Told of each piece of the standard output. */
  readonly onOutput?: (text: string) => void;
}

/** One command line in this process, with its own terminal. */
export async function mfa(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const stdin = Object.assign(new PassThrough(), { isTTY: options.stdinIsTTY ?? false });
  const stdout = Object.assign(new PassThrough(), { isTTY: options.stdoutIsTTY ?? false });
  const stderr = new PassThrough();
  const texts = { stdout: '', stderr: '' };
  stdout.on('data', (chunk: Buffer) => {
    texts.stdout += chunk.toString();
    options.onOutput?.(chunk.toString());
  });
  stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()));
  stdin.end(options.stdin ?? '');
  const { env = {}, stackFile = '/nonexistent/stack.json', now, signal = new AbortController().signal } = options;
  const exitCode = await runCli(args, {
    stdin,
    stdout,
    stderr,
    env,
    stackFile,
    now: () => options.clock?.() ?? now ?? Date.now(),
    wait: options.wait ?? ((ms) => sleep(ms, undefined, { signal }).catch(() => undefined)),
    signal,
    openBrowser: options.openBrowser ?? (() => Promise.reject(new Error('No browser here'))),
  });
  stdout.end();
  stderr.end();
  for (const stream of [stdout, stderr]) if (!stream.readableEnded) await once(stream, 'end');
  return { exitCode, ...texts };
}

/** A terminal at which nobody is: for what only looks at the commands. */
export const testTerminal = (): Terminal => ({
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  env: {},
  stackFile: '/nonexistent/stack.json',
  now: Date.now,
  wait: () => Promise.resolve(),
  signal: new AbortController().signal,
  openBrowser: () => Promise.resolve(),
});

/** The API over fake cases, on a port of its own. */
export async function serveApi(enrollments: Partial<Enrollments>, parts: Partial<AppParts> = {}) {
  const { app } = await testApp(enrollments, parts);
  onEnd(() => app.close());
  const api = await app.listen({ host: '127.0.0.1', port: 0 });
  return { api, env: (role: Role) => ({ MFA_API: api, MFA_API_KEY: keyOf(role) }) };
}

/** Whatever answers there, on a port of its own. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
}
