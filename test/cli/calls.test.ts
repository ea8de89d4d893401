import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { awaitingCode, id, userId } from '../api/support';
import { mfa, onEnd, serve } from './support';

const env = (api: string) => ({ MFA_API: api, MFA_API_KEY: 'some-key' });
const why = ['--reason', 'ticket 42'];

/** Cuts the first `cuts` connections after it has read the request, then answers; remembers the keys that came. */
function losingAnswers(cuts: number) {
  const keys: (string | undefined)[] = [];
  const listener: RequestListener = (request, response) => {
    keys.push(request.headers['idempotency-key']?.toString());
    request.resume().on('end', () => {
      if (keys.length <= cuts) return void request.socket.destroy();
      response.setHeader('content-type', 'application/json').end(JSON.stringify(awaitingCode));
    });
  };
  return { keys, listener };
}

test.each([
  ['resend', ['resend', id, ...why]],
  ['number', ['number', id, '+14155550199', ...why]],
  ['cancel', ['cancel', id, ...why]],
  ['start', ['start', userId]],
])('mfa %s is sent again under the same Idempotency-Key when its answer is lost', async (_name, args) => {
  const { keys, listener } = losingAnswers(2);
  const ran = await mfa(args, { env: env(await serve(listener)) });
  expect(ran.exitCode).toBe(0);
  expect(keys).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), keys[0], keys[0]]);
});

/** Does not finish the handshake of TLS, so that not a byte of a request can leave. */
async function brokenTls(): Promise<{ readonly api: string; readonly connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined).once('data', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(async () => void server.close());
  return { api: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
}

test('a code is sent again when not a byte of it has left, whatever the fault is called', async () => {
  const { api, connections } = await brokenTls();
  const ran = await mfa(['code', id, '123456'], { env: env(api) });
  expect(ran).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(`Nothing answers at ${api}`) });
  expect(connections()).toBe(3);
});

test('two commands never share an Idempotency-Key', async () => {
  const { keys, listener } = losingAnswers(0);
  const api = await serve(listener);
  await mfa(['resend', id, ...why], { env: env(api) });
  await mfa(['resend', id, ...why], { env: env(api) });
  expect(new Set(keys).size).toBe(2);
});

test('a code whose answer is lost is not sent again, and the message says where to look', async () => {
  const { keys, listener } = losingAnswers(1);
  const ran = await mfa(['code', id, '123456'], { env: env(await serve(listener)) });
  expect(keys).toHaveLength(1);
  expect(ran).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('look with `mfa status`') });
});

test.each<[string, RequestListener, string]>([
  [
    'a page of a proxy',
    (_request, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>'),
    'is not this API (HTTP 502, text/html)',
  ],
  [
    'another JSON API',
    (_request, response) => response.setHeader('content-type', 'application/json').end('{"hello":"world"}'),
    'is not this API (HTTP 200, application/json)',
  ],
  [
    'a redirect',
    (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    'is not this API (HTTP 302, no content type)',
  ],
])('%s at the address ends with 3', async (_name, listener, text) => {
  const ran = await mfa(['status', id], { env: env(await serve(listener)) });
  expect(ran).toMatchObject({ exitCode: 3, stdout: '', stderr: expect.stringContaining(text) });
});

test('what comes over the network cannot steer the terminal', async () => {
  const steering = { ...awaitingCode, nextAction: 'Look\u001b[2J\u0007here' };
  const api = await serve((_request, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(steering)),
  );
  const ran = await mfa(['status', id], { env: env(api) });
  expect(ran.stdout).toContain('Look�[2J�here');
});

test.each([
  ['at a terminal', true, {}, true],
  ['in a pipe', false, {}, false],
  ['at a terminal with NO_COLOR', true, { NO_COLOR: '1' }, false],
])('colours %s: %s, %j, %s', async (_name, stdoutIsTTY, more, coloured) => {
  const { listener } = losingAnswers(0);
  const ran = await mfa(['status', id], { env: { ...env(await serve(listener)), ...more }, stdoutIsTTY });
  expect(ran.stdout.includes('\u001b[')).toBe(coloured);
});
