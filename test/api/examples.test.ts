import { beforeAll, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { phoneNumber } from '../../src/api/atoms';
import { operationExamples } from '../../src/api/examples';
import { buildOpenApi } from '../../src/api/openapi-file';
import * as schemas from '../../src/api/schemas';
import { problems } from '../../src/problems';
import { testApp } from './support';

interface Media {
  schema: object;
  examples?: Record<string, { summary: string; value: unknown }>;
}
interface Operation {
  operationId: string;
  tags?: string[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description: string; content?: Record<string, Media>; links?: object }>;
}
interface Document {
  info: { title: string; version: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: object;
}

let document: Document;
let operations: (Operation & { call: string })[];
beforeAll(async () => {
  document = (await buildOpenApi()) as Document;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, call: `${method} ${path}` })),
  );
});

/** Every body that the document describes, with where it stands. */
const bodies = () =>
  operations.flatMap(({ call, requestBody, responses }) => [
    ...Object.entries(requestBody?.content ?? {}).map(([type, media]) => ({ at: `${call} body`, type, ...media })),
    ...Object.entries(responses).flatMap(([status, { content = {} }]) =>
      Object.entries(content).map(([type, media]) => ({ at: `${call} ${status}`, type, ...media })),
    ),
  ]);

test('every body has an example of its own, but those that hold nothing', () => {
  const without = bodies().filter(({ examples }) => examples === undefined || Object.keys(examples).length === 0);
  expect(without.map(({ at }) => at)).toEqual(['post /v1/enrollments/{id}/links body']);
});

test('every example fits the schema that it stands beside', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addFormat('date-time', (text: string) => new Date(text).toISOString() === text);
  ajv.addFormat('uri', (text: string) => URL.canParse(text));
  const misfits = bodies().flatMap(({ at, schema, examples = {} }) =>
    Object.entries(examples).flatMap(([name, { value }]) => {
      const fits = ajv.compile({ ...schema, components: document.components });
      return fits(value) ? [] : [{ at, name, errors: fits.errors }];
    }),
  );
  expect(misfits).toEqual([]);
});

test('every answer says what it means', () => {
  const silent = operations.flatMap(({ call, responses }) =>
    Object.entries(responses).flatMap(([status, { description }]) =>
      description === 'Default Response' ? [`${call} ${status}`] : [],
    ),
  );
  expect(silent).toEqual([]);
});

test('every event of the stream holds an enrollment or a problem', () => {
  const examples = bodies().find(({ type }) => type === 'text/event-stream')?.examples ?? {};
  const sent = Object.values(examples).map(({ value }) => value as { event: 'enrollment' | 'problem'; data: string });
  expect(sent.map(({ event }) => event)).toEqual(['enrollment', 'enrollment', 'problem']);
  for (const { event, data } of sent) schemas[event].parse(JSON.parse(data));
});

test('whoever has an id finds the operations that take it', () => {
  const linksOf = (call: string, status: string) =>
    Object.keys(operations.find((each) => each.call === call)?.responses[status]?.links ?? {});
  const below = (prefix: string) =>
    operations.filter(({ call }) => call.split(' ')[1]?.startsWith(`${prefix}/{`)).map((each) => each.operationId);
  expect(linksOf('post /v1/enrollments', '201')).toEqual(below('/v1/enrollments'));
  expect(linksOf('get /v1/enrollments', '200')).toEqual(below('/v1/enrollments'));
  expect(linksOf('post /v1/webhooks', '201')).toEqual(below('/v1/webhooks'));
  expect(below('/v1/enrollments').length).toBeGreaterThan(10);
});

test('the phone numbers of the examples are taken by the API', () => {
  const numbers = JSON.stringify(operationExamples).match(/\+1\d{10}/g) ?? [];
  expect(numbers.length).toBeGreaterThan(1);
  for (const number of numbers) expect(phoneNumber.parse(number)).toBe(number);
});

test('the problems of an answer have its status, are told apart, and are all that this status stands for', () => {
  for (const { call, responses } of operations) {
    for (const [status, { content = {}, description }] of Object.entries(responses)) {
      const { examples = {} } = content['application/problem+json'] ?? {};
      for (const [code, { value }] of Object.entries(examples)) {
        expect([call, value]).toMatchObject([call, { code, status: Number(status) }]);
        expect(value).toMatchObject({ type: `urn:mfa-enrollment:problem:${code}` });
        expect(description).toContain(`\`${code}\``);
      }
    }
  }
});

test('each operation names the problems of its own, and no status that it never answers', () => {
  const codesOf = (operationId: string) =>
    operations
      .filter((operation) => operation.operationId === operationId)
      .flatMap(({ responses }) => Object.values(responses))
      .flatMap(({ content = {} }) => Object.keys(content['application/problem+json']?.examples ?? {}));
  expect(codesOf('startEnrollment')).toEqual(expect.arrayContaining(['enrollment_conflict', 'body_too_large']));
  expect(codesOf('startEnrollment')).not.toContain('enrollment_not_found');
  expect(codesOf('submitBindingCode')).toContain('second_person_needed');
  expect(codesOf('submitOtp')).not.toContain('second_person_needed');
  expect(codesOf('cancel')).toEqual(expect.arrayContaining(['reason_needed', 'person_needed', 'enrollment_settled']));
  expect(codesOf('getEnrollment').filter((code) => problems[code as keyof typeof problems].status === 409)).toEqual([]);
});

test('every operation is in a group that the document describes, and every group has one', () => {
  const groups = document.tags.map(({ name }) => name);
  for (const { call, tags } of operations)
    expect([call, groups]).toEqual([call, expect.arrayContaining(tags ?? ['none'])]);
  expect(new Set(operations.flatMap(({ tags = [] }) => tags))).toEqual(new Set(groups));
  expect(JSON.stringify(document)).not.toContain('x-problems');
});

test('the document and its page have a name of their own, and the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };
  expect(document.info).toMatchObject({ title: 'MFA enrollment for Auth0', version });
  const { app } = await testApp();
  expect((await app.inject('/docs/')).body).toContain('<title>MFA enrollment: HTTP API</title>');
  await app.close();
});
