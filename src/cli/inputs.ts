import { open } from 'node:fs/promises';
import { read } from 'read';
import { z } from 'zod';
import { exitCodes } from './exit-codes';
import { Failure, usage } from './failure';
import type { Terminal } from './terminal';

/** Far more than a token with its refresh token needs. */
const longestInput = 32 * 1024;

/** Reads what the schema of the API says about a body before anything is sent. Throws Failure that says what was expected. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw usage(
    parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: expected ${message}.`).join(' '),
  );
}

/**
 * What must not stand in the history of a shell: asked for without echo at a terminal, else the first line of the
 * standard input. Throws Failure when nothing comes.
 */
export async function askSecretly(terminal: Terminal, what: string): Promise<string> {
  const { stdin, stderr } = terminal;
  const answer = stdin.isTTY === true ? await prompt(stdin, stderr, what) : firstLine(await wholeOf(stdin));
  if (answer.trim() === '') throw usage(`${what}: expected on the standard input, got nothing.`);
  return answer.trim();
}

const firstLine = (text: string): string => text.trimStart().split(/\r?\n/, 1)[0] ?? '';

async function prompt(input: Terminal['stdin'], output: Terminal['stderr'], what: string): Promise<string> {
  try {
    // `terminal` is given, for what is asked on the error output is still a terminal when the output is a pipe.
    const answer = await read({ prompt: `${what} (not shown): `, silent: true, input, output, terminal: true });
    output.write('\n');
    return answer;
  } catch {
    throw new Failure(exitCodes.interrupted, 'Interrupted.');
  }
}

export interface TokenSource {
  readonly tokenFile?: string;
  readonly tokenStdin?: true;
}

/**
 * A user's token, from a file or the standard input: the access token alone, or JSON as the API takes it. Undefined when
 * neither is named. Throws Failure that never shows what it read.
 */
export async function readToken(terminal: Terminal, { tokenFile, tokenStdin }: TokenSource): Promise<unknown> {
  if (tokenFile !== undefined && tokenStdin) throw usage('Give one of --token-file and --token-stdin, not both.');
  if (tokenFile === undefined && !tokenStdin) return undefined;
  const text = (tokenFile === undefined ? await wholeOf(terminal.stdin) : await fileOf(tokenFile)).trim();
  if (text === '') throw usage('token: expected an access token, or JSON with accessToken; got nothing.');
  if (!text.startsWith('{')) return { accessToken: text };
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw usage('token: expected an access token, or JSON with accessToken, expiresIn and refreshToken.');
  }
}

async function fileOf(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      return await wholeOf(file.createReadStream());
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw usage('--token-file: expected the path of a file that this process may read.');
  }
}

async function wholeOf(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(z.union([z.string(), z.instanceof(Uint8Array)]).parse(chunk));
    length += bytes.length;
    if (length > longestInput) throw usage(`The input is longer than ${longestInput} bytes.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
