import { createServer, request as forward, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tableOf } from '../../scripts/fuzz/report';
import { runFuzz } from '../../scripts/fuzz/run';
import { startStack, type Stack } from '../../scripts/stack';

let stack: Stack;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mfa-fuzz-test-'));
  stack = await startStack({ logLevel: 'warn', apiVariables: { API_CALLS_PER_MINUTE: '1000000' } });
}, 120_000);
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

const few = { seed: 1, maxExamples: 1, toleratesUnavailable: true } as const;

// All but the start of an enrollment, whose bodies take longest to make up, and which this caller may not do.
const path = '^/v1/(?!enrollments$)';

test('the API keeps what its OpenAPI document says', async () => {
  const report = await runFuzz(stack, { ...few, callers: ['ops'], path, folder: join(folder, 'kept') });
  expect(report.callers.flatMap(({ failures, errors }) => [...failures, ...errors])).toEqual([]);
  expect(tableOf(report)).toMatch(/The API keeps what its OpenAPI document says\.$/);
  const [ops] = report.callers;
  expect(ops?.operations.tested).toBeGreaterThan(20);
  expect(ops?.operations.tested).toBe(ops?.operations.total);
  // It has come as far as the enrollments, and to what is refused.
  for (const status of ['200', '201', '400', '403', '404', '405', '415'])
    expect([status, ops?.statuses[status]]).toEqual([status, expect.any(Number)]);
}, 600_000);

test('a caller that the API does not know comes nowhere', async () => {
  const callers = ['stranger'] as const;
  const report = await runFuzz(stack, { ...few, callers, path: '/webhooks$', folder: join(folder, 'stranger') });
  expect(report.passed).toBe(true);
  const { statuses = {} } = report.callers[0] ?? {};
  expect(Object.keys(statuses).filter((status) => status.startsWith('2'))).toEqual([]);
  expect(statuses['401']).toBeGreaterThan(0);
}, 600_000);

test('an answer that the document does not know is found', async () => {
  const server = await faulty();
  const { port } = server.address() as AddressInfo; // it listens on a port
  const api = `http://127.0.0.1:${port}`;
  const report = await runFuzz(
    { ...stack, api },
    { ...few, callers: ['ops'], path: '/stopped-prefixes$', folder: join(folder, 'faulty') },
  );
  server.closeAllConnections();
  server.close();
  expect(report.passed).toBe(false);
  expect(report.callers[0]?.failures).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ title: 'Undocumented status code', operations: ['GET /v1/stopped-prefixes'] }),
    ]),
  );
  expect(tableOf(report)).toContain('The API does not keep what its OpenAPI document says.');
}, 600_000);

/** The API of the stack, but for one operation that answers what its document does not know. */
async function faulty(): Promise<Server> {
  const server = createServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    if (method === 'GET' && url === '/v1/stopped-prefixes') {
      response.writeHead(418, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    const { hostname, port } = new URL(stack.api);
    const passed = forward({ hostname, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
