import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const file = join(__dirname, '../../.run/tools.json');
const found = z.object({ path: z.string() }).partial().optional();
const schema = z.object({ temporal: found, testServer: found, chromium: found, standardWebhooks: found });

/** Path of the Temporal CLI that set-up has found. Throws when set-up has not run. */
export const temporalCliPath = (): string => toolPath('temporal', 'Temporal CLI');

/** Path of the time-skipping test server that set-up has found. Throws when set-up has not run. */
export const testServerPath = (): string => toolPath('testServer', 'time-skipping test server');

/** Path of the Chromium that set-up has found. Throws when set-up has not run. */
export const chromiumPath = (): string => toolPath('chromium', 'Chromium');

/** Path of the wheel of Python's library of Standard Webhooks that set-up has found. Throws when set-up has not run. */
export const standardWebhooksPath = (): string => toolPath('standardWebhooks', 'Python library of Standard Webhooks');

function toolPath(tool: keyof z.infer<typeof schema>, name: string): string {
  const path = existsSync(file) ? schema.parse(JSON.parse(readFileSync(file, 'utf8')))[tool]?.path : undefined;
  if (path === undefined) throw new Error(`No ${name} is set up: run npm run setup`);
  return path;
}
