import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(__dirname, '../../..');

test('the README names the versions that the suites run', () => {
  const readme = readFileSync(join(root, 'emulator/README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `([^`]+)` +\| (\d+\.\d+\.\d+) +\|/gm)];
  const named: Record<string, string> = Object.fromEntries(rows.map(([, name = '', version = '']) => [name, version]));
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  expect(Object.keys(named)).toHaveLength(5);
  expect({ ...dependencies, ...devDependencies }).toMatchObject(named);
});
