import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { baseUrl } from '../config/variables';
import { roles } from '../scopes';

/** What the commands use of what a running local stack tells of itself (`.run/stack.json`). */
const stackSchema = z.object({
  api: baseUrl,
  keys: z.record(z.enum(roles), z.string().min(1)),
  /** The emulated tenant, and the application that the stack has there. */
  emulator: z.url().optional(),
  clientId: z.string().min(1).optional(),
  clientSecret: z.string().min(1).optional(),
  /** Absent where the server has no web interface. */
  temporalUi: z.string().min(1).optional(),
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
