// Makes the installed packages of production smaller: `node scripts/production-packages.mjs FOLDER`. FOLDER has package-lock.json, and
// node_modules as `npm ci --omit=dev` leaves it. Plain Node without dependencies: the Dockerfile runs it.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

/**
 * What @temporalio/worker needs only to make a workflow bundle. It loads the first three whenever it is loaded itself, so a module stays
 * in their place that says what is missing when it is used. The worker of production is given dist/workflow-bundle.js and uses none.
 */
const loadedAllTheSame = ['memfs', 'unionfs', 'webpack'];
const ofTheBundler = [...loadedAllTheSame, '@swc/core', 'source-map-loader', 'swc-loader'];

/** Files that no process reads: types, the sources from which a package was compiled, maps to them, and what people read. Licences stay. */
const unread =
  /(?:\.map|\.[cm]?tsx?|\.flow|\.tsbuildinfo|^(?:readme|changelog|changes|history|contributing|migration)[\w.-]*)$/i;

const folder = resolve(process.argv[2] ?? '.');
if (process.argv[2] === undefined || !existsSync(join(folder, 'package-lock.json'))) {
  console.error('production-packages: expected a folder with package-lock.json and node_modules');
  process.exit(1);
}
const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));

/** The place of the package that `from` gets when it asks for `name`, as Node looks for it; undefined when it is not installed. */
function resolved(from, name) {
  for (let place = from; ; place = place.slice(0, Math.max(0, place.lastIndexOf('node_modules') - 1))) {
    const candidate = join(place, 'node_modules', name);
    if (packages[candidate] !== undefined) return existsSync(join(folder, candidate)) ? candidate : undefined;
    if (place === '') return undefined;
  }
}

/** Every place that production reaches from its own dependencies without the bundler. */
function reached() {
  const found = new Set();
  const waiting = [''];
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = packages[from];
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const place = ofTheBundler.includes(name) ? undefined : resolved(from, name);
      if (place === undefined || found.has(place)) continue;
      found.add(place);
      waiting.push(place);
    }
  }
  return found;
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

const sizeOf = (root) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
const inMegabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;

const modules = join(folder, 'node_modules');
const before = sizeOf(modules);

const kept = reached();
// Packages within a package have places of their own, and go with it.
for (const place of Object.keys(packages))
  if (place !== '' && !kept.has(place)) rmSync(join(folder, place), { recursive: true, force: true });
for (const name of loadedAllTheSame) leaveInPlaceOf(name);

// The native part comes for five platforms, with the Rust sources from which it was made.
const bridge = join(modules, '@temporalio/core-bridge');
const { getPrebuiltTargetName } = createRequire(import.meta.url)(join(bridge, 'common.js'));
for (const entry of readdirSync(join(bridge, 'releases')))
  if (entry !== getPrebuiltTargetName()) rmSync(join(bridge, 'releases', entry), { recursive: true });
for (const sources of ['sdk-core', 'bridge-macros', 'src', 'ts', 'scripts', 'Cargo.toml', 'Cargo.lock'])
  rmSync(join(bridge, sources), { recursive: true, force: true });

for (const { parentPath, name } of readdirSync(modules, { recursive: true, withFileTypes: true }).filter(
  (entry) => entry.isFile() && unread.test(entry.name),
))
  rmSync(join(parentPath, name));

console.log(`production-packages: ${inMegabytes(before)} before, ${inMegabytes(sizeOf(modules))} now`);
