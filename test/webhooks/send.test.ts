import { execFileSync } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { isPublicAddress, receiverFault } from '../../src/webhooks/addresses';
import { standardWebhooksPath } from '../support/tools';
import { createWebhookSender, type Lookup, type WebhookSender, type WebhookSenderParts } from '../../src/webhooks/send';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const newer = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const body = '{"type":"enrollment.completed"}';

let server: Server | undefined;
let sender: WebhookSender | undefined;
afterEach(async () => {
  await sender?.close();
  server?.closeAllConnections();
  server?.close();
  [server, sender] = [undefined, undefined];
});

interface Got {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A receiver on this machine, and what it got. */
async function receiver(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const got: Got[] = [];
  const listening = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      got.push({ headers: request.headers as Record<string, string>, body: text }); // of ours, each is there once
      answer(response, request);
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return { got, port: (listening.address() as AddressInfo).port }; // it listens on a port
}

function send(url: string, parts: Partial<WebhookSenderParts> = {}, secrets = [secret]) {
  sender = createWebhookSender({ allowPrivate: true, allowHttp: true, ...parts });
  return sender.send({ url, id: 'evt_1', body, secrets }, new AbortController().signal);
}

const verify = `
import json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
def outcome(given):
    try:
        return Webhook(given["secret"]).verify(given["body"], given["headers"])
    except WebhookVerificationError as error:
        return str(error)
print(json.dumps({given["name"]: outcome(given) for given in json.load(sys.stdin)}))
`;

/** What the released Python library says of each of these requests: their content, or why it refuses them. */
const verifiedByPython = (requests: readonly ({ readonly name: string; readonly secret: string } & Got)[]): unknown =>
  JSON.parse(
    execFileSync('python3', ['-c', verify], {
      input: JSON.stringify(requests),
      env: { ...process.env, PYTHONPATH: standardWebhooksPath(), PYTHONUTF8: '1' },
    }).toString(),
  );

describe('a request', () => {
  test('is verified by the library of Standard Webhooks, with either secret while one replaces the other', async () => {
    const { got, port } = await receiver((response) => response.writeHead(204).end());
    expect(await send(`http://127.0.0.1:${port}/`, {}, [newer, secret])).toEqual({ type: 'answer', status: 204 });
    const [{ headers, body: text } = { headers: {}, body: '' }] = got;
    for (const known of [secret, newer]) expect(new Webhook(known).verify(text, headers)).toEqual(JSON.parse(body));
    const other = new Webhook('whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB');
    expect(() => other.verify(text, headers)).toThrow(/signature/i);
    expect(() => new Webhook(secret).verify(`${text} `, headers)).toThrow(/signature/i);
    expect(headers['webhook-id']).toBe('evt_1');
  });

  test('is verified by the library of another language, and is not when anything of it was changed', async () => {
    const { got, port } = await receiver((response) => response.writeHead(204).end());
    const told = '{"type":"enrollment.completed","note":"größer ≠ 1 🙂"}';
    sender = createWebhookSender({ allowPrivate: true, allowHttp: true });
    const request = { url: `http://127.0.0.1:${port}/`, id: 'evt_1', body: told, secrets: [newer, secret] };
    await sender.send(request, new AbortController().signal);
    const [{ headers, body: text } = { headers: {}, body: '' }] = got;
    const stale = { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 400) };
    const given = [
      { name: 'as it came', secret, headers, body: text },
      { name: 'the newer secret', secret: newer, headers, body: text },
      { name: 'another secret', secret: 'whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB', headers, body: text },
      { name: 'another body', secret, headers, body: text.replace('completed', 'cancelled') },
      { name: 'another id', secret, headers: { ...headers, 'webhook-id': 'evt_2' }, body: text },
      { name: 'too old', secret, headers: stale, body: text },
    ];
    const verified: unknown = JSON.parse(told);
    expect(verifiedByPython(given)).toEqual({
      'as it came': verified,
      'the newer secret': verified,
      'another secret': 'No matching signature found',
      'another body': 'No matching signature found',
      'another id': 'No matching signature found',
      'too old': 'Message timestamp too old',
    });
  });

  test('follows no redirect', async () => {
    const { got, port } = await receiver((response) => response.writeHead(302, { location: '/elsewhere' }).end());
    expect(await send(`http://127.0.0.1:${port}/`)).toEqual({ type: 'answer', status: 302 });
    expect(got).toHaveLength(1);
  });

  test('tells when a receiver wants to be asked again, up to an hour', async () => {
    const { port } = await receiver((response) => response.writeHead(429, { 'retry-after': '99999' }).end());
    expect(await send(`http://127.0.0.1:${port}/`)).toEqual({ type: 'answer', status: 429, retryAfterMs: 3_600_000 });
  });

  test('ends when a receiver does not, and reads no endless answer', async () => {
    const slow = await receiver(() => undefined);
    expect(await send(`http://127.0.0.1:${slow.port}/`, { callMs: 200 })).toMatchObject({ type: 'fault' });
    await sender?.close();
    server?.closeAllConnections();
    server?.close();
    const endless = await receiver((response) => {
      const more = () => response.write('x'.repeat(10_000), more);
      more();
    });
    expect(await send(`http://127.0.0.1:${endless.port}/`)).toEqual({ type: 'answer', status: 200 });
  });
});

describe('a receiver that is not on the public internet', () => {
  const resolvesTo =
    (...addresses: string[]): Lookup =>
    (_host, _options, done) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  test.each([
    ['127.0.0.1'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['fd00::1'],
    ['fe80::1'],
    ['::'],
    ['0.0.0.0'],
    ['100.64.0.1'],
    ['64:ff9b::7f00:1'],
    ['224.0.0.1'],
  ])('is not connected to when its name leads to %s', async (address) => {
    const { got, port } = await receiver((response) => response.end());
    const answer = await send(`http://hooks.example.com:${port}/`, {
      allowPrivate: false,
      resolve: resolvesTo('93.184.216.34', address),
    });
    expect(answer).toMatchObject({ type: 'fault', message: expect.stringContaining('not on the public internet') });
    expect(got).toEqual([]);
  });

  test('is not connected to when its name leads elsewhere the next time: each connection is looked at', async () => {
    const { got, port } = await receiver((response) => response.end());
    const url = `http://hooks.example.com:${port}/`;
    const unknown = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    const answers: readonly Lookup[] = [
      (_host, _options, done) => done(unknown, []),
      resolvesTo('127.0.0.1'),
      resolvesTo('::ffff:127.0.0.1'),
    ];
    let asked = 0;
    const rebinding: Lookup = (...lookup) => answers[asked++]?.(...lookup);
    sender = createWebhookSender({ allowPrivate: false, allowHttp: true, resolve: rebinding });
    const request = { url, id: 'evt_1', body, secrets: [secret] };
    const sent = [];
    for (const _each of answers) sent.push(await sender.send(request, new AbortController().signal));
    expect(sent).toEqual([
      { type: 'fault', message: expect.stringContaining('ENOTFOUND') },
      { type: 'fault', message: expect.stringContaining('not on the public internet') },
      { type: 'fault', message: expect.stringContaining('not on the public internet') },
    ]);
    expect(got).toEqual([]);
  });

  test('is connected to when the installation allows it', async () => {
    const { got, port } = await receiver((response) => response.end());
    await send(`http://hooks.example.com:${port}/`, { resolve: resolvesTo('127.0.0.1') });
    expect(got).toHaveLength(1);
  });

  test.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::]/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://0.0.0.0/',
    'https://0/',
    'https://017700000001/',
    'https://127.1:8443/',
    'https://１２７.0.0.1/',
    'https://hooks.localhost./',
    'https://hooks.example.com/#fragment',
    'https://hooks.example.com@10.0.0.1/',
    'https://localhost/',
    'https://169.254.169.254/latest/meta-data/',
    'http://hooks.example.com/',
    'https://user:password@hooks.example.com/',
    'ftp://hooks.example.com/',
    'hooks.example.com',
  ])('has no address that is taken: %s', async (url) => {
    const rules = { allowPrivate: false, allowHttp: false };
    expect(receiverFault(url, rules)).toBeDefined();
    expect(await send(url, rules)).toMatchObject({ type: 'fault' });
  });
});

test('an allow-list holds for each host, and for names below one', () => {
  const rules = { allowPrivate: false, allowHttp: false, allowedHosts: ['hooks.example.com', '*.example.org'] };
  expect(receiverFault('https://hooks.example.com/x?y=1', rules)).toBeUndefined();
  expect(receiverFault('https://a.example.org/', rules)).toBeUndefined();
  for (const host of ['example.com', 'example.org', 'evilexample.org', 'hooks.example.com.evil.net']) {
    expect(receiverFault(`https://${host}/`, rules)).toBe('a host that WEBHOOK_ALLOWED_HOSTS names');
  }
});

test.each([
  ['8.8.8.8', true],
  ['2606:4700::1111', true],
  ['172.31.255.255', false],
  ['100.64.0.1', false],
  ['192.168.1.1', false],
  ['0.0.0.0', false],
  ['255.255.255.255', false],
  ['64:ff9b::7f00:1', false],
  ['2002:7f00:1::', false],
  ['fe80::1', false],
  ['ff02::1', false],
  ['not an address', false],
])('%s is public: %s', (address, expected) => {
  expect(isPublicAddress(address)).toBe(expected);
});
