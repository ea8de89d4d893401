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

test('the API keeps what its OpenAPI document says, to those who may act and to a stranger', async () => {
  const report = await runFuzz(stack, { ...few, callers: ['ops', 'stranger'], folder: join(folder, 'kept') });
  const [ops, stranger] = report.callers;
  expect(tableOf(report)).toMatch(/The API keeps what its OpenAPI document says\.$/);
  expect(report.callers.flatMap(({ failures, errors }) => [...failures, ...errors])).toEqual([]);
  expect(ops?.operations.tested).toBeGreaterThan(20);
  expect(ops?.operations.tested).toBe(ops?.operations.total);
  // It has come as far as the enrollments, and to what is refused; a stranger comes nowhere.
  for (const status of ['200', '201', '400', '403', '404', '405', '415'])
    expect([status, ops?.statuses[status]]).toEqual([status, expect.any(Number)]);
  expect(Object.keys(stranger?.statuses ?? {}).filter((status) => status.startsWith('2'))).toEqual([]);
}, 300_000);

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
}, 300_000);

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
