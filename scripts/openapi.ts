import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { buildOpenApi } from '../src/api/openapi-file';

// `npm run openapi` writes what is made from the OpenAPI document and kept in the repository: the types of the client. With --check it
// writes nothing, and fails where they are not what it would write. `npm run openapi -- --release` writes down what a release promises:
// later versions are compared with it.
const file = 'packages/client/src/openapi.ts';
const path = join(__dirname, '..', file);
const released = join(__dirname, '../openapi/released.json');

async function main(): Promise<void> {
  const document = (await buildOpenApi()) as OpenAPI3; // an object that is an OpenAPI document
  if (process.argv.includes('--release')) writeFileSync(released, `${JSON.stringify(document, promised, 1)}\n`);
  // Without `defaultNonNullable`, a member with a default could not be left out of a body.
  const types = astToString(await openapiTS(document, { defaultNonNullable: false }));
  const fresh = `// Made from the OpenAPI document by \`npm run openapi\`. Do not edit.\n\n${types}`;
  if (!process.argv.includes('--check')) return writeFileSync(path, fresh);
  if (readFileSync(path, 'utf8') === fresh) return;
  throw new Error(`${file} is not made from the API as it is: run \`npm run openapi\`.`);
}

/** Sentences and examples are no promises. A member may have such a name, but what describes it is an object. */
const promised = (name: string, value: unknown): unknown =>
  name === 'examples' || (['description', 'summary', 'title'].includes(name) && typeof value === 'string')
    ? undefined
    : value;

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
