import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// dist/esm and dist/cjs, each with its types. `node packages/client/build.mjs [folder]`
const root = import.meta.dirname;
const dist = process.argv[2] ?? join(root, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const compile = (...args) => execFileSync(process.execPath, [tsc, '-p', root, ...args], { stdio: 'inherit' });

rmSync(dist, { recursive: true, force: true });
compile('--outDir', join(dist, 'esm'));
compile('--outDir', join(dist, 'cjs'), '--module', 'commonjs', '--moduleResolution', 'bundler');
writeFileSync(join(dist, 'cjs/package.json'), '{ "type": "commonjs" }\n');
writeFileSync(join(dist, 'esm/package.json'), '{ "type": "module" }\n');
