import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { breakingChanges } from '../../scripts/openapi/breaking-changes';
import { buildOpenApi } from '../../src/api/openapi-file';

test('the API keeps what the last release has promised', async () => {
  const released = JSON.parse(readFileSync(join(__dirname, '../../openapi/released.json'), 'utf8')) as object;
  expect(breakingChanges(released, await buildOpenApi())).toEqual([]);
});

const body = {
  type: 'object',
  properties: {
    user: { type: 'string', maxLength: 10 },
    kind: { enum: ['a', 'b'], type: 'string' },
    more: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    list: { type: 'array', items: { $ref: '#/components/schemas/Item' } },
  },
  required: ['user'],
  additionalProperties: false,
};
const item = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] };
const release = {
  paths: {
    '/things': {
      post: {
        parameters: [{ in: 'query', name: 'limit', schema: { type: 'integer', maximum: 100 } }],
        requestBody: { content: { 'application/json': { schema: body } } },
        responses: {
          200: { content: { 'application/json': { schema: body } } },
          404: { content: { 'application/problem+json': { schema: item } } },
        },
      },
    },
  },
  components: { schemas: { Item: item } },
};

/** The release with one text of its JSON replaced by another: all of them, or the one with this number. */
function changed(from: string, to: string, which?: number): object {
  let count = 0;
  const text = JSON.stringify(release).replaceAll(from, (found) => {
    count += 1;
    return which === undefined || which === count ? to : found;
  });
  expect(count).toBeGreaterThan(0);
  return JSON.parse(text) as object;
}
const at = 'POST /things';

test.each<[string, object, string[]]>([
  ['an operation that is gone', { paths: {} }, [`${at}: is gone`]],
  ['a parameter that is gone', changed('limit', 'count'), [`${at} query limit: is no longer taken`]],
  [
    'a parameter that is needed now',
    changed('"in":"query"', '"in":"query","required":true'),
    [`${at} query limit: is needed now`],
  ],
  ['a tighter bound', changed('"maximum":100', '"maximum":50'), [`${at} query limit: maximum is tighter`]],
  ['a member that is needed now', changed('["user"]', '["user","kind"]', 1), [`${at} body.kind: is needed now`]],
  ['a member that is no longer taken', changed('"kind":', '"sort":', 1), [`${at} body.kind: is no longer taken`]],
  ['a value that is no longer taken', changed('["a","b"]', '["a"]', 1), [`${at} body.kind: b is no longer taken`]],
  [
    'a pattern that was not there',
    changed('"maxLength":10', '"maxLength":10,"pattern":"x"', 1),
    [`${at} body.user: another pattern`],
  ],
  ['a variant that is no longer taken', changed(',{"type":"null"}', '', 1), [`${at} body.more: was null, is string`]],
  ['a member that is no longer given', changed('"kind":', '"sort":', 2), [`${at} 200.kind: is no longer given`]],
  ['a member that may be absent now', changed('["user"]', '[]', 2), [`${at} 200.user: may be absent now`]],
  [
    'another type behind a reference',
    changed('"id":{"type":"string"}', '"id":{"type":"number"}', 2),
    [`${at} body.list[].id: was string, is number`, `${at} 200.list[].id: was string, is number`],
  ],
  ['a status that is no longer answered', changed('"200"', '"201"'), [`${at} 200: is no longer answered`]],
  ['a looser bound', changed('"maximum":100', '"maximum":500'), []],
  ['a value more in an answer', changed('["a","b"]', '["a","b","c"]', 2), []],
  ['a member more', changed('"kind":', '"new":{"type":"string"},"kind":'), []],
  ['a problem that no longer comes', changed('"404"', '"409"'), []],
])('%s', (_what, present, changes) => {
  expect(breakingChanges(release, present)).toEqual(changes);
});
