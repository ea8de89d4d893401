import { expect, test } from '@jest/globals';
import { buildOpenApi } from '../../src/api/openapi-file';
import { refusalTypes } from '../../src/enrollment/commands';
import { apiProblemCodes, problemBody, problems, refused, ApiProblem } from '../../src/problems';
import { as, awaitingCode, id, testApp } from './support';

test('a caller that asks too often waits, and others do not', async () => {
  const { app } = await testApp({ get: async () => awaitingCode }, { callsPerMinute: 3 });
  const get = (role: 'ops' | 'support') => app.inject({ url: `/v1/enrollments/${id}`, headers: as(role) });
  for (let i = 0; i < 3; i++) expect((await get('ops')).statusCode).toBe(200);
  const stopped = await get('ops');
  expect(stopped.statusCode).toBe(429);
  expect(stopped.json()).toMatchObject({ code: 'too_many_requests', status: 429 });
  expect(Number(stopped.headers['retry-after'])).toBeGreaterThan(0);
  expect((await get('support')).statusCode).toBe(200);
});

test('guessing keys is limited by address', async () => {
  const { app } = await testApp({}, { callsPerMinute: 3 });
  const guess = (n: number) =>
    app.inject({ url: `/v1/enrollments/${id}`, headers: { authorization: `Bearer guess-${n}` } });
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await guess(i)).statusCode);
  expect(statuses).toEqual([401, 401, 401, 429]);
});

test.each(['/nowhere', '/v1/nowhere', `/v1/enrollments/${id}/nowhere`, '/v1/enrollments/..%2f..%2fetc'])(
  '%s is a problem',
  async (url) => {
    const { app } = await testApp();
    const answer = await app.inject({ url, headers: as('ops') });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  },
);

test('every answer has the headers that keep a browser safe', async () => {
  const { app } = await testApp();
  expect((await app.inject('/openapi.json')).headers).toMatchObject({
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
  });
});

test('the docs are readable and load scripts from here alone', async () => {
  const { app } = await testApp();
  const answer = await app.inject('/docs/');
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['content-security-policy']).toMatch(/^default-src 'self'; style-src 'self' 'unsafe-inline'/);
});

test('every problem has a 4xx or 5xx status and a title, and says when to come back if it is 429 or 503', () => {
  for (const code of apiProblemCodes) {
    const body = problemBody(new ApiProblem(code), 'r-1');
    expect(body).toMatchObject({ code, type: `urn:mfa-enrollment:problem:${code}`, title: problems[code].title });
    expect(body.status).toBeGreaterThanOrEqual(400);
    expect(body.retryAfter !== undefined).toBe(body.status === 429 || body.status === 503);
  }
});

test('what a workflow calls malformed is named like a member that the schema turns down', () => {
  const detail = 'factor must be a factor of this enrollment.';
  const errors = [{ field: 'factor', expected: 'a factor of this enrollment' }];
  expect(refused('malformed', {}, detail)).toMatchObject({ code: 'invalid_request', members: { detail, errors } });
  expect(refused('malformed', {}, 'The argument must be sealed.').members).toEqual({
    detail: 'The argument must be sealed.',
  });
});

test.each(refusalTypes)('a refusal of type %s keeps its sentence and its facts', (type) => {
  const { code, members } = refused(type, { attemptsLeft: 2, factor: 'sms' }, 'What happened.');
  expect(members).toEqual({ attemptsLeft: 2, factor: 'sms', detail: 'What happened.' });
  expect(problems[code].status).toBeGreaterThanOrEqual(400);
});

interface Operation {
  operationId?: string;
  security?: object[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
}
const operationsOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, ...operation })),
  );

test('the OpenAPI file is 3.1, and every reference in it leads somewhere', async () => {
  const document = (await buildOpenApi()) as Document;
  expect(document.openapi).toBe('3.1.0');
  const text = JSON.stringify(document);
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    expect(Object.keys(document.components.schemas)).toContain(name);
  }
  for (const name of Object.keys(document.components.schemas)) expect(text).toContain(`"#/components/schemas/${name}"`);
});

test('the OpenAPI file speaks of enrollments', async () => {
  expect(JSON.stringify(await buildOpenApi())).not.toMatch(/\bcases?\b/i);
});

test('every operation has a name of its own, a scope, and problems as problem+json', async () => {
  const operations = operationsOf((await buildOpenApi()) as Document);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const { security, responses } of operations) {
    expect(security).toEqual([{ bearer: [expect.stringMatching(/^(enrollments|webhooks|campaigns):/)] }]);
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '401', '403', '429', '500', '503']));
    for (const [status, { content = {} }] of Object.entries(responses)) {
      if (Number(status) >= 400) expect(Object.keys(content)).toEqual(['application/problem+json']);
    }
  }
});

test('every path parameter is declared, and every POST and PUT takes JSON, and an Idempotency-Key if it changes something', async () => {
  const document = (await buildOpenApi()) as Document & {
    paths: Record<string, Record<string, { parameters?: object[] }>>;
  };
  for (const { name, path, requestBody, ...rest } of operationsOf(document)) {
    const parameters = ((rest as { parameters?: { name: string }[] }).parameters ?? []).map((each) => each.name);
    for (const [, parameter = ''] of path.matchAll(/\{(\w+)\}/g)) expect(parameters).toContain(parameter);
    if (!/^(post|put) /.test(name)) continue;
    expect(Object.keys(requestBody?.content ?? {})).toEqual(['application/json']);
    expect(parameters.includes('idempotency-key')).toBe(path !== '/v1/enrollments/find');
  }
});
