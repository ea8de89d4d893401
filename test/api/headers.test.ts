import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { buildOpenApi } from '../../src/api/openapi-file';
import { ApiProblem } from '../../src/problems';
import { as, awaitingCode, id, testApp, userId } from './support';

const answers = z.record(z.string(), z.object({ headers: z.record(z.string(), z.unknown()) }));
const documentShape = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.object({ responses: answers }))),
});
const described = [
  ...['x-request-id', 'cache-control', 'www-authenticate', 'retry-after', 'location'],
  ...['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
];
const enrollments = '/v1/enrollments';

test.each([
  ['post', enrollments, 'onboarding', 201],
  ['post', enrollments, 'support', 403],
  ['post', enrollments, undefined, 401],
  ['post', `${enrollments}/{id}/otp`, 'onboarding', 202],
  ['get', `${enrollments}/{id}`, 'ops', 503],
  ['get', `${enrollments}/{id}/timeline`, 'ops', 404],
] as const)('the OpenAPI document has the headers of %s %s for %s, %i', async (method, path, role, status) => {
  const { app } = await testApp({
    start: async () => ({ created: true, enrollment: awaitingCode }),
    confirmCode: async () => undefined,
    get: () => Promise.reject(new ApiProblem('unavailable')),
    timeline: () => Promise.reject(new ApiProblem('enrollment_not_found')),
  });
  const payload = path === enrollments ? { userId } : { code: '123456' };
  const answer = await app.inject({
    method,
    url: path.replace('{id}', id),
    headers: role === undefined ? {} : as(role),
    ...(method === 'post' ? { payload } : {}),
  });
  await app.close();
  expect(answer.statusCode).toBe(status);
  const { paths } = documentShape.parse(await buildOpenApi());
  const documented = Object.keys(paths[path]?.[method]?.responses[String(status)]?.headers ?? {});
  const sent = Object.keys(answer.headers).filter((name) => described.includes(name));
  expect(documented.map((name) => name.toLowerCase()).sort()).toEqual(sent.sort());
});
