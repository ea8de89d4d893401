// Leaves of the installed packages those that the emulator uses: `node scripts/emulator-packages.mjs FOLDER CODE`. FOLDER has package-lock.json,
// and node_modules as `npm ci` leaves it; CODE is the emulator as it was compiled. Plain Node without dependencies: the Dockerfile runs it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { keepOnly, reached, removeUnread, sizeOf } from './kept-packages.mjs';

const [folder, code] = process.argv.slice(2).map((path) => resolve(path));
if (code === undefined || !existsSync(join(folder, 'package-lock.json')) || !existsSync(join(code, 'main.js'))) {
  console.error(
    'emulator-packages: expected a folder with package-lock.json and node_modules, and the compiled emulator',
  );
  process.exit(1);
}

/** A package that compiled code asks for, by its name alone or by a file in it. */
const asked = /\b(?:require|import)\("((?:@[\w.-]+\/)?[\w-][\w.-]*)(?:\/[^"]*)?"\)/g;
const names = readdirSync(code, { recursive: true })
  .filter((name) => name.endsWith('.js') && !name.startsWith('public/'))
  .flatMap((name) => [...readFileSync(join(code, name), 'utf8').matchAll(asked)].map(([, from]) => from));

const before = sizeOf(folder);
keepOnly(folder, reached(folder, [...new Set(names)]));
removeUnread(folder);
console.log(`emulator-packages: ${before} before, ${sizeOf(folder)} now`);
