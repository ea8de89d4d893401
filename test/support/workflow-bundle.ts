import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { userInfo, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker';
import { workflowBundleOptions } from '../../src/worker/bundle';

const { workflowsPath, preloadModules, workflowInterceptorModules, ...converters } = workflowBundleOptions();
const root = join(__dirname, '../..');
/** Of this user alone. */
const folder = join(tmpdir(), `mfa-enrollment-bundles-${userInfo().uid}`);

/**
 * The code of the workflows, as a worker takes it; `sealed`: with the converters of production. Bundled once for all test files:
 * each of a good twenty would take some seconds for it. The name tells what it was made from, so a change makes another one.
 */
export async function workflowBundle(kind: 'plain' | 'sealed'): Promise<WorkflowBundle> {
  const codePath = join(folder, `${kind}-${digestOfSources()}.js`);
  if (!existsSync(codePath)) {
    const { code } = await bundleWorkflowCode({
      workflowsPath,
      preloadModules,
      workflowInterceptorModules,
      ...(kind === 'sealed' ? converters : {}),
      logger: new DefaultLogger('ERROR'),
    });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const half = `${codePath}.${randomUUID()}`;
    writeFileSync(half, code);
    renameSync(half, codePath); // whole or not at all, should another test file look now
  }
  return { code: readFileSync(codePath, 'utf8') };
}

function digestOfSources(): string {
  const hash = createHash('sha256')
    .update(root)
    .update(readFileSync(join(root, 'package-lock.json')));
  const sources = ['workflows', 'enrollment', 'factors', 'temporal'].flatMap((part) =>
    readdirSync(join(root, 'src', part), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(root, 'src', part, name)),
  );
  for (const source of sources.sort()) hash.update(source).update(readFileSync(source));
  return hash.digest('hex').slice(0, 32);
}
