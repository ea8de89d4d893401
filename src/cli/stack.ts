import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { isLoopback } from '../config/addresses';
import { baseUrl } from '../config/variables';
import { roles } from '../scopes';

/** A key may go there without having been asked for, so it has to be this machine, whoever wrote the file. */
const localAddress = baseUrl.refine((address) => isLoopback(new URL(address).hostname), 'an address of this machine');

/** What the commands use of what a running local stack tells of itself (`.run/stack.json`). */
const stackSchema = z.object({
  api: localAddress,
  keys: z.record(z.enum(roles), z.string().min(1)),
  /** The emulated tenant, and the application that the stack has there. */
  emulator: z.url().optional(),
  clientId: z.string().min(1).optional(),
  clientSecret: z.string().min(1).optional(),
  /** Absent where the server has no web interface. */
  temporalUi: z.url({ protocol: /^https?$/ }).optional(),
  namespace: z.string().min(1).optional(),
});
export type LocalStack = z.infer<typeof stackSchema>;

/** Undefined when no stack has told where it is. */
export function readStack(file: string): LocalStack | undefined {
  try {
    return stackSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Where a stack tells of itself, below the folder that it was started in. */
const stackFile = join('.run', 'stack.json');

/**
 * The file of a running local stack: that of `folder` or of the nearest folder above it, else that of `root`, the folder of this
 * package, whether or not it is there. A file that somebody else owns or could have written is passed over.
 */
export function findStackFile(folder: string, root: string): string {
  const file = join(folder, stackFile);
  if (isOurs(file)) return file;
  const above = dirname(folder);
  return above === folder ? join(root, stackFile) : findStackFile(above, root);
}

function isOurs(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile()) return false;
  const user = process.getuid?.(); // absent on Windows, where the mode says nothing either
  return user === undefined || (found.uid === user && (found.mode & 0o022) === 0);
}
