import { createHash } from 'node:crypto';
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// After tsc: what production needs beside the compiled code. The bundle is given the converters that the worker has.
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const require = createRequire(import.meta.url);

const { bundleWorkflowCode } = require('@temporalio/worker');
const { bundleFiles, workflowBundleOptions } = require(join(dist, 'src/worker/bundle.js'));
const { version } = require(join(dist, 'src/version.js'));
const { buildOpenApi } = require(join(dist, 'src/api/openapi-file.js'));

for (const assets of ['emulator/public', 'src/api/assets']) {
  if (existsSync(join(root, assets))) cpSync(join(root, assets), join(dist, assets), { recursive: true });
}

let buildId;
for (const [kind, file] of Object.entries(bundleFiles)) {
  const { code } = await bundleWorkflowCode(workflowBundleOptions(kind));
  writeFileSync(join(dist, file), code);
  if (kind !== 'versioned') continue;
  // The source map at its end names folders of this machine: the same sources have the same build id wherever they are built.
  const digest = createHash('sha256').update(code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, ''));
  buildId = `${version}-${digest.digest('hex').slice(0, 12)}`;
  writeFileSync(join(dist, 'build-id'), `${buildId}\n`);
}
writeFileSync(join(dist, 'openapi.json'), `${JSON.stringify(await buildOpenApi(), null, 2)}\n`);
console.log(`dist/ holds the compiled code, the workflow bundles and openapi.json; the build id is ${buildId}`);
