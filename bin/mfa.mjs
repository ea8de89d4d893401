#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// In a clone the source runs, through tsx: a build may be missing, or older than the source. An image has dist/ alone.
const root = join(import.meta.dirname, '..');
const source = join(root, 'src/cli/main.ts');
const compiled = join(root, 'dist/src/cli/main.js');
const require = createRequire(import.meta.url);

const isInstalled = (name) => {
  try {
    return require.resolve(name) !== '';
  } catch {
    return false;
  }
};

if (existsSync(source) && isInstalled('tsx/cjs/api') && isInstalled('commander')) {
  require('tsx/cjs/api').register();
  await require(source).main(root);
} else if (existsSync(compiled) && isInstalled('commander')) {
  await require(compiled).main(root);
} else {
  console.error('mfa: the packages are not installed. Run `npm ci` in the repository first.');
  process.exitCode = 2;
}
