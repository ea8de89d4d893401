import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const tools = {
  temporal: { title: 'Temporal CLI', command: 'npm run setup' },
  temporalServer: { title: 'Temporal server', command: 'npm run stack:postgres' },
  postgres: { title: 'PostgreSQL', command: 'npm run stack:postgres' },
  schemathesis: { title: 'Schemathesis', command: 'node scripts/setup.mjs --fuzz' },
} as const;

/** The path of a program that set-up has found. Throws when set-up has not looked for it. */
export function toolPath(tool: keyof typeof tools): string {
  const schema = z.object({ [tool]: z.object({ path: z.string() }) });
  try {
    const found = schema.parse(JSON.parse(readFileSync(join(__dirname, '../../.run/tools.json'), 'utf8')));
    return z.string().parse(found[tool]?.path);
  } catch (error) {
    const { title, command } = tools[tool];
    throw new Error(`No ${title} is set up. Run "${command}".`, { cause: error });
  }
}
