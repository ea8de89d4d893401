import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { read, table } from './markdown';

const page = 'docs/dependencies.md';

test('every override of package.json is explained, with its version, and no other', () => {
  const versions = z.record(z.string(), z.string());
  const { overrides } = z
    .object({ overrides: z.record(z.string(), z.union([z.string(), versions])) })
    .parse(JSON.parse(read('package.json')));
  // One that holds for what a single package asks for is written `package>asked-for`.
  const flat = Object.entries(overrides).flatMap(([name, version]) =>
    typeof version === 'string'
      ? [[name, version]]
      : Object.entries(version).map(([asked, ofIt]) => [`${name}>${asked}`, ofIt]),
  );
  const explained = table(page, 'override', 'who asks for what', 'why').map(([override, , why = '']) => {
    const [, name, version] = /^`(\S+)` (\S+)$/.exec(override ?? '') ?? [];
    return [name, why.length > 100 ? version : 'not explained'];
  });
  expect(Object.fromEntries(explained)).toEqual(Object.fromEntries(flat));
});
