import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Document, Spectral, type RulesetDefinition } from '@stoplight/spectral-core';
import { Json } from '@stoplight/spectral-parsers';
import { oas } from '@stoplight/spectral-rulesets';
import { z } from 'zod';
import { buildOpenApi } from '../src/api/openapi-file';

// `npm run openapi:lint`: the OpenAPI document as an installation serves it, under the recommended rules of two linters, Redocly's and
// Spectral. A warning is a finding as well.
const publicUrl = 'https://mfa.acme.test';

async function main(): Promise<void> {
  const document = JSON.stringify(await buildOpenApi(publicUrl), null, 2);
  const findings = [...redocly(document), ...(await spectral(document))];
  for (const finding of findings) console.error(finding);
  if (findings.length > 0) throw new Error(`${findings.length} findings in the OpenAPI document`);
  console.log('openapi: no findings');
}

const problemsShape = z.object({
  problems: z.array(
    z.object({
      ruleId: z.string(),
      message: z.string(),
      location: z.array(z.object({ pointer: z.string().optional() })),
    }),
  ),
});

function redocly(document: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'mfa-openapi-'));
  try {
    const file = join(folder, 'openapi.json');
    writeFileSync(file, document);
    const cli = join(dirname(require.resolve('@redocly/cli/package.json')), 'bin/cli.js');
    const args = [cli, 'lint', file, '--extends=recommended', '--format=json', '--max-problems=1000'];
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' });
    if (!stdout.startsWith('{')) throw new Error(`Redocly gave no result: ${stdout}${stderr}`);
    const { problems } = problemsShape.parse(JSON.parse(stdout));
    return problems.map(({ ruleId, message, location: [at] }) => `redocly ${ruleId} ${at?.pointer ?? ''}: ${message}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function spectral(document: string): Promise<string[]> {
  const linter = new Spectral();
  linter.setRuleset({
    extends: [[oas as RulesetDefinition, 'recommended']], // it is one: the packages disagree on a member that may be absent
    // Looks for each scope among the flows of OAuth. OpenAPI 3.1 (Security Requirement Object) lets a requirement of any other type of
    // scheme name roles, and ours is `http`: API keys and access tokens of an issuer that each installation chooses.
    rules: { 'oas3-operation-security-defined': 'off' },
  });
  const results = await linter.run(new Document(document, Json, 'openapi.json'));
  return results.map(({ code, message, path }) => `spectral ${code} ${path.join('.')}: ${message}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
