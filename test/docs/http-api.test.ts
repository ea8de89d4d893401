import { beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { buildOpenApi } from '../../src/api/openapi-file';
import { problems } from '../../src/problems';
import { rolesToScopes } from '../../src/scopes';
import { testApp } from '../api/support';
import { codeIn, table } from './markdown';

const page = 'docs/http-api.md';

const reference = z.object({ $ref: z.string() });
const operation = z.object({
  security: z.array(z.object({ bearer: z.array(z.string()) })),
  responses: z.record(z.string(), z.unknown()),
  requestBody: z
    .object({
      content: z.object({
        'application/json': z.object({ schema: z.union([reference, z.object({ anyOf: z.array(z.unknown()) })]) }),
      }),
    })
    .optional(),
});
const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({
    schemas: z.record(
      z.string(),
      z.looseObject({
        properties: z.record(z.string(), z.unknown()).optional(),
        required: z.array(z.string()).optional(),
      }),
    ),
  }),
});
let openApi: z.infer<typeof documentSchema>;
beforeAll(async () => {
  openApi = documentSchema.parse(await buildOpenApi());
});

/** `name` or `name?`, as the page writes the members of a body. */
function membersOf({ requestBody }: z.infer<typeof operation>): string[] {
  const schema = requestBody?.content['application/json'].schema;
  if (schema === undefined) return [];
  const named = '$ref' in schema ? schema : reference.parse(schema.anyOf[0]);
  const { properties = {}, required = [] } = openApi.components.schemas[named.$ref.split('/').at(-1) ?? ''] ?? {};
  return Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
}

test('the route table says what the OpenAPI document says: calls, scopes, members and statuses of success', () => {
  const documented = table(page, 'call', 'scope').map(([call, scope, body, answer = '']) => ({
    call: codeIn(call)[0],
    scopes: codeIn(scope),
    members: codeIn(body)
      .flatMap((members) => members.split(', '))
      .sort(),
    statuses: [...answer.matchAll(/\b20\d\b/g)].map(([status]) => status).sort(),
  }));
  const described = Object.entries(openApi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, each]) => ({
      call: `${method.toUpperCase()} ${path}`,
      scopes: each.security.flatMap(({ bearer }) => bearer),
      members: membersOf(each).sort(),
      statuses: Object.keys(each.responses)
        .filter((status) => status.startsWith('2'))
        .sort(),
    })),
  );
  const byCall = (one: { call?: string | undefined }, other: { call?: string | undefined }) =>
    (one.call ?? '').localeCompare(other.call ?? '');
  expect(documented.sort(byCall)).toEqual(described.sort(byCall));
});

test('the calls without a caller that the page names are there', async () => {
  const { app } = await testApp();
  await app.ready();
  const calls = table(page, 'call', 'answer').map(([call]) => codeIn(call)[0] ?? '');
  const missing = calls.filter((call) => {
    const [method = '', url = ''] = call.split(' ');
    return !app.hasRoute({ method, url }) && !app.hasRoute({ method, url: `${url}/` });
  });
  expect({ missing, some: calls.length > 0 }).toEqual({ missing: [], some: true });
  await app.close();
});

test('the table of problems has every code with its status', () => {
  const documented = table(page, 'code', 'status').map(([code, status]) => [codeIn(code)[0], Number(status)]);
  expect(documented).toEqual(Object.entries(problems).map(([code, { status }]) => [code, status]));
});

test('the table of roles has every role with its scopes', () => {
  const documented = table(page, 'role', 'scopes').map(([role, scopes]) => [codeIn(role)[0], codeIn(scopes)]);
  expect(documented).toEqual(Object.entries(rolesToScopes));
});
