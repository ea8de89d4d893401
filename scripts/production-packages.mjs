// Makes the installed packages of production smaller: `node scripts/production-packages.mjs FOLDER`. FOLDER has package-lock.json, and
// node_modules as `npm ci --omit=dev` leaves it. Plain Node without dependencies: the Dockerfile runs it.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { keepOnly, packagesIn, reached, removeUnread, sizeOf } from './kept-packages.mjs';

/**
 * What @temporalio/worker needs only to make a workflow bundle. It loads the first three whenever it is loaded itself, so a module stays
 * in their place that says what is missing when it is used. The worker of production is given dist/workflow-bundle.js and uses none.
 */
const loadedAllTheSame = ['memfs', 'unionfs', 'webpack'];
const ofTheBundler = [...loadedAllTheSame, '@swc/core', 'source-map-loader', 'swc-loader'];

const folder = resolve(process.argv[2] ?? '.');
if (process.argv[2] === undefined || !existsSync(join(folder, 'package-lock.json'))) {
  console.error('production-packages: expected a folder with package-lock.json and node_modules');
  process.exit(1);
}

function leaveInPlaceOf(name) {
  const place = join(folder, 'node_modules', name);
  const text = `${name} is not part of the production image: it has no bundler, and its worker runs dist/workflow-bundle.js`;
  const refusal = `function refuse() { throw new Error(${JSON.stringify(text)}); }\n`;
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'package.json'), `${JSON.stringify({ name, version: '0.0.0', main: 'index.js' })}\n`);
  // A compiled `import *` asks a module for its members: they are all functions that refuse.
  writeFileSync(
    join(place, 'index.js'),
    `${refusal}module.exports = new Proxy({}, { get: (_, key) => key === '__esModule' ? true : refuse });\n`,
  );
}

const before = sizeOf(folder);
const { dependencies = {}, optionalDependencies = {} } = packagesIn(folder)[''];
keepOnly(folder, reached(folder, Object.keys({ ...dependencies, ...optionalDependencies }), ofTheBundler));
for (const name of loadedAllTheSame) leaveInPlaceOf(name);

// The native part comes for five platforms, with the Rust sources from which it was made.
const bridge = join(folder, 'node_modules/@temporalio/core-bridge');
const { getPrebuiltTargetName } = createRequire(import.meta.url)(join(bridge, 'common.js'));
for (const entry of readdirSync(join(bridge, 'releases')))
  if (entry !== getPrebuiltTargetName()) rmSync(join(bridge, 'releases', entry), { recursive: true });
for (const sources of ['sdk-core', 'bridge-macros', 'src', 'ts', 'scripts', 'Cargo.toml', 'Cargo.lock'])
  rmSync(join(bridge, sources), { recursive: true, force: true });

removeUnread(folder);
console.log(`production-packages: ${before} before, ${sizeOf(folder)} now`);
