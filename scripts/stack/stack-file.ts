import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { answers } from './service';

const login = z.strictObject({ email: z.string(), password: z.string() });

const stackFileSchema = z.strictObject({
  api: z.string(),
  /** `host:port`. */
  temporal: z.string(),
  /** Absent where the server has no web interface. */
  temporalUi: z.string().optional(),
  /** The tenant's public side. */
  emulator: z.string(),
  emulatorControl: z.string(),
  page: z.string(),
  desk: z.string(),
  keys: z.strictObject({ onboarding: z.string(), support: z.string(), ops: z.string() }),
  /** Who may sign in to the support desk. */
  staff: z.strictObject({ support: login, ops: login }),
  clientId: z.string(),
  clientSecret: z.string(),
  taskQueue: z.string(),
  namespace: z.string(),
  codecServer: z.string(),
  /** Health and metrics of the API, on a port of its own. */
  apiHealth: z.string(),
  /** Health of the worker; absent where nobody asks for it. */
  workerHealth: z.string().optional(),
});

/** What `stack.json` tells: where a running stack is and the keys that open it. */
export type StackFile = z.infer<typeof stackFileSchema>;

/** A stack whose support desk nobody asks for, or one that has none. */
export type DesklessStack = Omit<StackFile, 'desk' | 'staff'>;

/** The repository's own, where people and tools look for a running stack. */
export const sharedStackFile = join(__dirname, '../../.run/stack.json');

/**
 * Writes `stack.json` (mode 0600) into the stack's folder and, when `announce` is set, to the repository's `.run` too,
 * unless another stack that still answers has told its addresses there. Returns how to take them back.
 */
export async function publishStack(stack: StackFile, folder: string, announce: boolean): Promise<() => void> {
  const files = [join(folder, 'stack.json')];
  if (announce && !(await isTaken(stack))) files.push(sharedStackFile);
  for (const file of files) write(file, stack);
  return () => {
    for (const file of files) if (read(file)?.api === stack.api) rmSync(file, { force: true });
  };
}

async function isTaken(stack: StackFile): Promise<boolean> {
  const other = read(sharedStackFile);
  return other !== undefined && other.api !== stack.api && (await answers(`${other.api}/openapi.json`));
}

function write(file: string, stack: StackFile): void {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, file);
}

function read(file: string): StackFile | undefined {
  try {
    return stackFileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
