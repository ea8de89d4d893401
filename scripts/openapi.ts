import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { buildOpenApi } from '../src/api/openapi-file';

// `npm run openapi` writes what is made from the OpenAPI document and kept in the repository: the types of the client. With --check it
// writes nothing, and fails where they are not what it would write.
const file = 'packages/client/src/openapi.ts';
const path = join(__dirname, '..', file);

async function main(): Promise<void> {
  const document = (await buildOpenApi()) as OpenAPI3; // an object that is an OpenAPI document
  // Without `defaultNonNullable`, a member with a default could not be left out of a body.
  const types = astToString(await openapiTS(document, { defaultNonNullable: false }));
  const fresh = `// Made from the OpenAPI document by \`npm run openapi\`. Do not edit.\n\n${types}`;
  if (!process.argv.includes('--check')) return writeFileSync(path, fresh);
  if (readFileSync(path, 'utf8') === fresh) return;
  throw new Error(`${file} is not made from the API as it is: run \`npm run openapi\`.`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
