import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { read, table } from './markdown';

const page = 'docs/dependencies.md';

test('every override of package.json is explained, with its version, and no other', () => {
  const { overrides } = z
    .object({ overrides: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')));
  const explained = table(page, 'override', 'who asks for what', 'why').map(([override, , why = '']) => {
    const [, name, version] = /^`(\S+)` (\S+)$/.exec(override ?? '') ?? [];
    return [name, why.length > 100 ? version : 'not explained'];
  });
  expect(Object.fromEntries(explained)).toEqual(overrides);
});
