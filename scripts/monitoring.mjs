// Checks the files of deploy/prometheus by promtool, and runs the unit tests of the rules. Plain Node without dependencies, like set-up.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheFolder } from './setup/cache.mjs';
import { findPromtool } from './setup/promtool.mjs';

const folder = join(import.meta.dirname, '../deploy/prometheus');
const say = (line) => console.log(`monitoring: ${line}`);

try {
  const { path, way } = await findPromtool({ env: process.env, say, cache: cacheFolder(process.env) });
  say(`using ${path} (${way})`);
  for (const args of [
    ['check', 'config', 'prometheus.yml'], // with the rules that it names
    ['test', 'rules', 'tests.yml'],
  ]) {
    const { status } = spawnSync(path, args, { cwd: folder, stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
} catch (error) {
  console.error(`monitoring: ${error.message}`);
  process.exitCode = 1;
}
