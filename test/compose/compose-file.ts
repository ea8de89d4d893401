import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const root = join(__dirname, '../..');
export const composeText = readFileSync(join(root, 'docker-compose.yml'), 'utf8');

const service = z.looseObject({
  image: z.string(),
  build: z.strictObject({ context: z.literal('.'), target: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.looseObject({ condition: z.string() })).default({}),
  healthcheck: z.looseObject({ test: z.array(z.string()) }).optional(),
  restart: z.string(),
  stop_grace_period: z.string().optional(),
});
const file = z.looseObject({
  services: z.record(z.string(), service),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
});
export type ComposeFile = z.infer<typeof file>;

/** The file as the schema sees it: aliases and merges resolved. */
export const composeDocument = (text = composeText): unknown => parse(text, { merge: true });

/** What `docker compose` makes of docker-compose.yml when `.env` holds `variables`. Throws for a required one that is not there. */
export const readComposeFile = (variables: Readonly<Record<string, string>>): ComposeFile =>
  file.parse(interpolate(composeDocument(), variables));

// `$$`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}`.
const placeholder = /\$(?:\$|\{(\w+)(?:(:?[-?])([^}]*))?\})/g;

/** Every variable that docker-compose.yml takes from `.env`. */
export const interpolatedVariables = (): ReadonlySet<string> =>
  new Set([...composeText.matchAll(placeholder)].flatMap(([, name]) => (name === undefined ? [] : [name])));

/** Compose Specification, "Interpolation": of values, never of keys. */
function interpolate(node: unknown, variables: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(node)) return node.map((item) => interpolate(item, variables));
  if (typeof node === 'object' && node !== null)
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, interpolate(value, variables)]));
  if (typeof node !== 'string') return node;
  return node.replace(placeholder, (_whole: string, name?: string, operator?: string, rest?: string): string => {
    if (name === undefined) return '$';
    const value = variables[name];
    const absent = value === undefined || (value === '' && operator?.startsWith(':') === true);
    if (!absent) return value;
    if (operator?.endsWith('?')) throw new Error(`${name}: ${rest ?? ''}`);
    return rest ?? '';
  });
}
