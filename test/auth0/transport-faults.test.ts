import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createMfaClient, type MfaClientConfig } from '../../src/auth0/mfa-client';
import { caught } from './caught';
import { domain, secrets } from './mock-tenant';

type Client = ReturnType<typeof createMfaClient>;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return `http://127.0.0.1:${port}`;
}

const http = (answer: RequestListener) => listen(createServer(answer));

function client(baseUrl: string, config: Partial<MfaClientConfig> = {}): Client {
  const created = createMfaClient({
    domain,
    baseUrl,
    clientId: 'client-1',
    clientSecret: secrets.clientSecret,
    timeouts: { connectMs: 500, headersMs: 200, bodyMs: 200, callMs: 1_000 },
    ...config,
  });
  closing.push(() => created.close());
  return created;
}

const confirm = (mfa: Client, signal?: AbortSignal) =>
  mfa.confirm(secrets.token, { type: 'oob', oobCode: secrets.oobCode, bindingCode: secrets.bindingCode }, signal);
const list = (mfa: Client) => mfa.listAuthenticators(secrets.token);
const remove = (mfa: Client) => mfa.deleteAuthenticator(secrets.token, 'sms|dev_1');

describe('a fault after the request was written', () => {
  const faults: Record<string, RequestListener> = {
    'a reset': (request) => request.socket.resetAndDestroy(),
    'a hang-up': (request) => request.socket.end(),
    'a hang-up within the body': (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"access_token":"', () => response.destroy());
    },
    'no headers in time': () => undefined,
    'no body in time': (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{');
    },
    'a body that trickles past the deadline': (_request, response) => {
      const timer = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(timer));
    },
    'a body of more than 64 KiB': (_request, response) => response.end(JSON.stringify('x'.repeat(70_000))),
    'bytes that are no HTTP': (request) => request.socket.end(`${secrets.token} is no HTTP\r\n\r\n`),
  };

  test.each(Object.entries(faults))('%s: what has an effect is ambiguous, the list is not', async (_name, fault) => {
    const mfa = client(await http(fault));
    const errors = await Promise.all([confirm(mfa), remove(mfa), list(mfa)].map(caught));
    expect(errors.map(({ verdict }) => verdict)).toEqual(['ambiguous', 'ambiguous', 'unreachable']);
    const shown = inspect(errors, { depth: 9, showHidden: true });
    for (const secret of Object.values(secrets)) expect(shown).not.toContain(secret);
  });

  test('its cause says what happened', async () => {
    const mfa = client(await http((request) => request.socket.resetAndDestroy()));
    expect((await caught(confirm(mfa))).cause).toMatchObject({ code: 'ECONNRESET' });
  });

  test('a reset of a connection that had been kept alive is ambiguous too', async () => {
    const connections = new Set<Socket>();
    let requests = 0;
    const mfa = client(
      await http((request, response) => {
        connections.add(request.socket);
        requests += 1;
        if (requests === 1) response.end('[]');
        else request.socket.resetAndDestroy();
      }),
    );
    await list(mfa);
    await setImmediate(); // the pool takes a connection back just after its answer was read
    const error = await caught(confirm(mfa));
    expect({ verdict: error.verdict, connections: connections.size, requests }).toEqual({
      verdict: 'ambiguous',
      connections: 1,
      requests: 2,
    });
  });
});

describe('a fault before the request was written is unreachable, even for what has an effect', () => {
  test('connection refused', async () => {
    const server = createTcpServer();
    const origin = await listen(server);
    await closing.pop()?.();
    const error = await caught(confirm(client(origin)));
    expect(error).toMatchObject({ verdict: 'unreachable', cause: { code: 'ECONNREFUSED' } });
  });

  test('a name that does not resolve', async () => {
    const error = await caught(confirm(client('http://tenant.invalid')));
    expect(error).toMatchObject({ verdict: 'unreachable', cause: { code: expect.stringMatching(/^E/) } });
  });

  test('a TLS handshake that fails', async () => {
    const origin = await listen(createTcpServer((socket) => socket.end('no TLS here')));
    const error = await caught(confirm(client(origin.replace('http:', 'https:'))));
    expect(error.verdict).toBe('unreachable');
  });

  test('a TLS handshake that never ends', async () => {
    let bytes = 0;
    const origin = await listen(createTcpServer((socket) => socket.on('data', () => (bytes += 1))));
    const error = await caught(confirm(client(origin.replace('http:', 'https:'))));
    expect({ verdict: error.verdict, sawTheHello: bytes > 0 }).toEqual({ verdict: 'unreachable', sawTheHello: true });
  });

  test('a deadline that comes before a connection', async () => {
    const origin = await listen(createTcpServer());
    const mfa = client(origin.replace('http:', 'https:'), { timeouts: { connectMs: 5_000, callMs: 100 } });
    const error = await caught(confirm(mfa));
    expect(error).toMatchObject({ verdict: 'unreachable', cause: { message: 'no whole answer within 100 ms' } });
  });

  test('an abort that came first', async () => {
    let requests = 0;
    const mfa = client(await http(() => void (requests += 1)));
    const error = await caught(confirm(mfa, AbortSignal.abort(new Error('cancelled'))));
    expect({ verdict: error.verdict, cause: error.cause, requests }).toEqual({
      verdict: 'unreachable',
      cause: new Error('cancelled'),
      requests: 0,
    });
  });

  test('a client that is closed', async () => {
    const mfa = createMfaClient({ domain, baseUrl: 'http://127.0.0.1:9', clientId: 'client-1' });
    await mfa.close();
    expect((await caught(confirm(mfa))).verdict).toBe('unreachable');
  });
});

describe('the signal of the caller', () => {
  test('ends a call under way, whose effect is then unknown, and hands its reason back', async () => {
    const controller = new AbortController();
    const reason = new Error('the activity was cancelled');
    const server = createServer();
    const mfa = client(await listen(server));
    const work = caught(confirm(mfa, controller.signal));
    const [request] = (await once(server, 'request')) as [IncomingMessage]; // node's types leave the arguments open
    const hungUp = once(request.socket, 'close');
    controller.abort(reason);
    const error = await work;
    await hungUp;
    expect({ verdict: error.verdict, cause: error.cause }).toEqual({ verdict: 'ambiguous', cause: reason });
  });

  test('ends a call that waits for a connection, which is then never written', async () => {
    const controller = new AbortController();
    let written = 0;
    const origin = await listen(
      createTcpServer((socket) => {
        socket.on('data', () => (written += 1));
      }),
    );
    const mfa = client(origin);
    const work = caught(confirm(mfa, controller.signal));
    controller.abort(new Error('cancelled'));
    expect((await work).verdict).toBe('unreachable');
    await mfa.close();
    expect(written).toBe(0);
  });
});

test('a redirect is refused, not followed', async () => {
  const seen: (string | undefined)[] = [];
  const mfa = client(
    await http((request, response) => {
      seen.push(request.url);
      response.writeHead(307, { location: '/elsewhere' }).end();
    }),
  );
  const error = await caught(confirm(mfa));
  expect({ verdict: error.verdict, status: error.status, seen }).toEqual({
    verdict: 'unexpected',
    status: 307,
    seen: ['/oauth/token'],
  });
});

test('no refusal is asked twice', async () => {
  let requests = 0;
  const mfa = client(
    await http((_request, response) => {
      requests += 1;
      response.writeHead(503).end();
    }),
  );
  await caught(list(mfa));
  expect(requests).toBe(1);
});

test('one connection serves one call after the other', async () => {
  const connections = new Set<Socket>();
  const mfa = client(
    await http((request, response) => {
      connections.add(request.socket);
      response.end('[]');
    }),
  );
  for (let call = 0; call < 3; call += 1) {
    await list(mfa);
    await setImmediate(); // see above
  }
  expect(connections.size).toBe(1);
});

test('close lets a call under way end, and may be asked twice', async () => {
  const server = createServer();
  const mfa = client(await listen(server));
  const work = list(mfa);
  const [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse]; // see above
  const closed = Promise.all([mfa.close(), mfa.close()]);
  response.end('[]');
  await closed;
  expect(await work).toEqual([]);
});
