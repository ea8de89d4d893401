// What makes the installed packages of an image small. Plain Node without dependencies: the Dockerfile runs what uses it.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Files that no process reads: types, the sources from which a package was compiled, maps to them, and what people read. Licences stay. */
const unread =
  /(?:\.map|\.[cm]?tsx?|\.flow|\.tsbuildinfo|^(?:readme|changelog|changes|history|contributing|migration)[\w.-]*)$/i;

/** The packages of package-lock.json, by their places. */
export const packagesIn = (folder) => JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages;

/** The place of the package that `from` gets when it asks for `name`, as Node looks for it; undefined when it is not installed. */
function resolved(folder, packages, from, name) {
  for (let place = from; ; place = place.slice(0, Math.max(0, place.lastIndexOf('node_modules') - 1))) {
    const candidate = join(place, 'node_modules', name);
    if (packages[candidate] !== undefined) return existsSync(join(folder, candidate)) ? candidate : undefined;
    if (place === '') return undefined;
  }
}

/** Every place that is reached from these packages, themselves included, without those that are left out. */
export function reached(folder, names, leftOut = []) {
  const packages = packagesIn(folder);
  const found = new Set();
  const waiting = names.map((name) => ['', name]);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [from, name] = next;
    const place = leftOut.includes(name) ? undefined : resolved(folder, packages, from, name);
    if (place === undefined || found.has(place)) continue;
    found.add(place);
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = packages[place];
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
      waiting.push([place, needed]);
  }
  return found;
}

/** Packages within a package have places of their own, and go with it. */
export function keepOnly(folder, places) {
  for (const place of Object.keys(packagesIn(folder)))
    if (place !== '' && !places.has(place)) rmSync(join(folder, place), { recursive: true, force: true });
}

export function removeUnread(folder) {
  for (const { parentPath, name } of filesIn(folder)) if (unread.test(name)) rmSync(join(parentPath, name));
}

/** In megabytes. */
export const sizeOf = (folder) =>
  `${Math.round(filesIn(folder).reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0) / 1e6)} MB`;

const filesIn = (folder) =>
  readdirSync(join(folder, 'node_modules'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
