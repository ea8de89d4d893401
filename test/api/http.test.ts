import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import { buildOpenApi } from '../../src/api/openapi-file';
import type { Enrollments } from '../../src/temporal/enrollments';
import { as, awaitingCode, id, inState, testApp, userId } from './support';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function serve(enrollments: Partial<Enrollments> = {}) {
  const { app, logged } = await testApp(enrollments);
  await app.listen({ host: '127.0.0.1', port: 0 });
  open.push(() => app.close());
  return { port: (app.server.address() as AddressInfo).port, logged }; // it listens on a port
}

/** Bytes as they are, on a connection of their own; the answer as text. */
async function exchange(port: number, head: string, body: Buffer | string = ''): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(`${head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`);
  socket.write(body);
  await once(socket, 'close');
  return answer;
}
/** Asks until the expectation holds, or fails with the last reason. */
async function eventually(expectation: () => void): Promise<void> {
  for (let tries = 500; ; tries -= 1) {
    try {
      return expectation();
    } catch (error) {
      if (tries === 0) throw error;
      await sleep(10);
    }
  }
}
const statusOf = (answer: string): number => Number(answer.split(' ')[1]);
const start = `POST /v1/enrollments HTTP/1.1\r\nAuthorization: ${as('onboarding').authorization}\r\nContent-Type: application/json`;

test.each([
  ['QUERY', '/openapi.json', 405, 'GET, HEAD'],
  ['TRACE', '/openapi.json', 405, 'GET, HEAD'],
  ['QUERY', '/health/live', 404, undefined],
  ['QUERY', '/v1/enrollments', 405, 'GET, HEAD, POST'],
  ['DELETE', '/v1/enrollments', 405, 'GET, HEAD, POST'],
  ['TRACE', `/v1/enrollments/${id}/token`, 405, 'PUT'],
  ['OPTIONS', '/v1/enrollments/find', 405, 'POST'],
  ['PROPFIND', '/sign-in/callback', 405, 'GET, HEAD'],
  ['QUERY', '/nowhere', 404, undefined],
  ['TRACE', `/v1/enrollments/${id}/nowhere`, 404, undefined],
])('%s %s is answered %i as a problem', async (method, path, status, allow) => {
  const { port } = await serve();
  const answer = await exchange(port, `${method} ${path} HTTP/1.1`);
  expect(statusOf(answer)).toBe(status);
  expect(/^allow: (.+)\r$/im.exec(answer)?.[1]).toBe(allow);
  expect(answer).toMatch(/^content-type: application\/problem\+json/im);
  expect(answer).toContain(`"code":"${status === 405 ? 'method_not_allowed' : 'not_found'}"`);
});

test('a path of its own is no id: it names the methods that it takes, whoever may read enrollments', async () => {
  const { app } = await testApp();
  const answer = await app.inject({ url: '/v1/enrollments/find', headers: as('ops') });
  expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'POST']);
  expect(answer.json()).toMatchObject({ code: 'method_not_allowed' });
  await app.close();
});

test.each([
  ['/docs/static/%2e%2e/x', 404],
  ['/docs/static/..%2fx', 404],
  ['/docs/static/%00', 400],
  ['/docs/%ff', 400],
  ['/v1/enrollments/%ff', 400],
  [`/v1/enrollments/enr_${'x'.repeat(1100)}`, 404],
])('an address that leads nowhere is the caller’s fault: %.40s', async (path, status) => {
  const { port, logged } = await serve();
  const answer = await exchange(port, `GET ${path} HTTP/1.1\r\nAuthorization: ${as('ops').authorization}`);
  expect(statusOf(answer)).toBe(status);
  expect(answer).toMatch(/^content-type: application\/problem\+json/im);
  expect(answer).not.toContain(path.slice(-6));
  expect(logged().filter(({ level }) => Number(level) > 30)).toEqual([]);
});

test.each([
  ['a method that nobody knows', 'FOO / HTTP/1.1'],
  ['a header that is none', 'GET / HTTP/1.1\r\nno header'],
  ['headers of 20 KiB', `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}`],
])('%s is answered as a problem', async (_what, head) => {
  const { port } = await serve();
  const answer = await exchange(port, head);
  expect(statusOf(answer)).toBe(400);
  expect(answer).toMatch(/^content-type: application\/problem\+json/im);
  expect(answer).not.toContain('xxx');
});

test('a caller that goes away before its body is whole is no fault of ours', async () => {
  const { port, logged } = await serve();
  const socket = connect(port, '127.0.0.1');
  socket.write(`${start}\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"userId"`);
  await eventually(() => expect(logged()).toContainEqual(expect.objectContaining({ msg: 'incoming request' })));
  socket.destroy();
  await eventually(() => expect(logged()).toContainEqual(expect.objectContaining({ msg: 'the caller went away' })));
  expect(logged().filter(({ level }) => Number(level) > 30)).toEqual([]);
});

test.each([
  ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
  ['half of a surrogate pair', Buffer.from(String.raw`"auth0|\ud800"`)],
  ['the mark of a broken text', Buffer.from('"auth0|\ufffd"')],
  ['a line break', Buffer.from(String.raw`"auth0|a\nb"`)],
  ['a space of another width', Buffer.from('"auth0|a\u2003b"')],
  ['nothing', Buffer.from('""')],
])('a userId of %s is turned down', async (_what, text) => {
  const { port } = await serve();
  const answer = await exchange(port, start, Buffer.concat([Buffer.from('{"userId":'), text, Buffer.from('}')]));
  expect(statusOf(answer)).toBe(400);
  expect(answer).toContain('"code":"invalid_request"');
});

test.each(['auth0|507f1f77bcf86cd799439020', 'samlp|réseau|jürgen@example.com', 'custom|ユーザー'])(
  'the userId %s is taken',
  async (user) => {
    const startCase = jest.fn<Enrollments['start']>().mockResolvedValue({ created: true, enrollment: awaitingCode });
    const { port } = await serve({ start: startCase });
    expect(statusOf(await exchange(port, start, Buffer.from(JSON.stringify({ userId: user }))))).toBe(201);
    expect(startCase).toHaveBeenCalledWith(expect.objectContaining({ userId: user }));
  },
);

interface Described {
  readonly paths: Record<string, Record<string, { requestBody?: { required?: boolean } }>>;
  readonly components: { readonly schemas: Record<string, { properties: Record<string, Schema> }> };
}
interface Schema {
  readonly pattern?: string;
  readonly minLength?: number;
  readonly uniqueItems?: boolean;
}
const document = buildOpenApi() as Promise<Described>;

test.each(['resend', 'cancel', 'links'])('%s needs no body, and the OpenAPI file says so', async (action) => {
  const { app } = await testApp({
    resend: async () => awaitingCode,
    cancel: async () => inState('cancelled'),
    get: async () => awaitingCode,
  });
  const headers = { ...as('ops'), 'x-reason': 'the user called' };
  const answer = await app.inject({ method: 'POST', url: `/v1/enrollments/${id}/${action}`, headers });
  expect(answer.statusCode).toBeLessThan(300);
  const { paths } = await document;
  expect(paths[`/v1/enrollments/{id}/${action}`]?.['post']?.requestBody?.required).toBe(false);
  expect(paths['/v1/enrollments']?.['post']?.requestBody?.required).toBe(true);
});

test('no pattern of the OpenAPI file needs more than what generators of examples understand', async () => {
  const patterns = JSON.stringify(await document).matchAll(/"pattern":"((?:[^"\\]|\\.)*)"/g);
  for (const [, pattern = ''] of patterns) {
    expect(pattern).not.toMatch(/\\\\p\{/i); // a class of Unicode properties
    expect(() => new RegExp(JSON.parse(`"${pattern}"`) as string)).not.toThrow();
  }
});

test.each<[schema: string, member: string, text: string]>([
  ['BindingCodeInput', 'code', ''],
  ['BindingCodeInput', 'code', '12345'],
  ['OtpInput', 'code', '1234567'],
  ['PhoneNumberInput', 'phoneNumber', ''],
  ['PhoneNumberInput', 'phoneNumber', '4155550123'],
  ['StartEnrollmentInput', 'userId', ''],
  ['StartEnrollmentInput', 'userId', 'auth0|a\u0000'],
  ['ResendInput', 'reason', ' '],
])(
  'what is turned down in any case is not valid by the OpenAPI file either: %s.%s of %j',
  async (name, member, text) => {
    const { components } = await document;
    const schema = components.schemas[name]?.properties[member];
    expect(schema?.pattern).toBeDefined();
    expect(new RegExp(schema?.pattern ?? '', 'u').test(text)).toBe(false);
  },
);

test.each<[schema: string, member: string, text: string]>([
  ['BindingCodeInput', 'code', '123456'],
  ['BindingCodeInput', 'code', ' 12-34–56\u00a0'],
  ['PhoneNumberInput', 'phoneNumber', '+14155550123'],
  ['PhoneNumberInput', 'phoneNumber', '+1 (415) 555-0123'],
  ['StartEnrollmentInput', 'userId', userId],
  ['ResendInput', 'reason', 'ticket 42'],
])('what is taken is valid by the OpenAPI file: %s.%s of %j', async (name, member, text) => {
  const { components } = await document;
  const schema = components.schemas[name]?.properties[member];
  expect(new RegExp(schema?.pattern ?? '^$', 'u').test(text)).toBe(true);
});

test.each(['0', 'abc', `${'x'.repeat(22)}.`, 'a.b'])('the cursor %j is turned down by its form', async (cursor) => {
  const { app } = await testApp();
  const answer = await app.inject({ url: `/v1/enrollments?cursor=${cursor}`, headers: as('ops') });
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ errors: [{ field: 'cursor' }] });
});

test('a parameter of the list that nobody knows is turned down, not overlooked', async () => {
  const { app } = await testApp();
  const answer = await app.inject({ url: '/v1/enrollments?bogus=1', headers: as('ops') });
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ field: 'querystring' }] });
});
