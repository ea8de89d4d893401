import { createSecretKey, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { defaultPayloadConverter, type SerializationContext } from '@temporalio/common';
import { JSONToPayload, payloadToJSON, type JSONPayload } from '@temporalio/common/lib/proto-utils';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { pino } from 'pino';
import { createCodecServer, type CodecServerOptions } from '../../src/codec-server/app';
import { createAuthenticate } from '../../src/codec-server/authenticate';
import { secret } from '../../src/secret';
import { encryptionCodec, PayloadDecryptionError } from '../../src/temporal/payload-codec';

const codec = encryptionCodec({ activeKeyId: 'k1', keys: new Map([['k1', createSecretKey(randomBytes(32))]]) });
const foreign = encryptionCodec({ activeKeyId: 'k2', keys: new Map([['k2', createSecretKey(randomBytes(32))]]) });
const origin = 'http://localhost:8233';
const token = 'a-token-of-enough-characters';

const lines: string[] = [];
const audits = (): Record<string, unknown>[] =>
  lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['audit'] === true);
let app: FastifyInstance | undefined;
afterEach(async () => {
  await app?.close();
  lines.length = 0;
});

async function call(options: Partial<CodecServerOptions>, request: InjectOptions) {
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  app = await createCodecServer({
    codec,
    allowedOrigins: [origin],
    encode: false,
    revealSecrets: true,
    logger,
    ...options,
  });
  return app.inject(request);
}
const decodeRequest = (payloads: unknown, more: InjectOptions = {}): InjectOptions => ({
  method: 'POST',
  url: '/decode',
  payload: { payloads },
  ...more,
});
const plain = (value: unknown): JSONPayload => payloadToJSON(defaultPayloadConverter.toPayload(value));
/** As whoever is sent them reads them. */
const opened = async (payloads: readonly JSONPayload[], context: SerializationContext): Promise<unknown[]> =>
  (await codec.decode(payloads.map(JSONToPayload), context)).map((payload) =>
    defaultPayloadConverter.fromPayload(payload),
  );
const encrypted = async (value: unknown, using = codec): Promise<JSONPayload> => {
  const [payload] = await using.encode([defaultPayloadConverter.toPayload(value)]);
  return payloadToJSON(payload ?? {});
};

describe('decode', () => {
  test.each(['/decode', '/decode?preserveStorageRefs=true', '/mfa/decode', '/mfa-prod.a1b2c/decode?x=1'])(
    '%s gives the payloads back decrypted, as many and in the same order',
    async (url) => {
      const values = ['123456', { code: '654321' }, null];
      const response = await call(
        {},
        decodeRequest(await Promise.all(values.map((value) => encrypted(value))), { url }),
      );
      expect(response.statusCode).toBe(200);
      expect(response.json()).toEqual({ payloads: values.map(plain) });
    },
  );

  test('what cannot be decrypted comes back as it is, beside what can', async () => {
    const damaged = await encrypted('damaged');
    const data = Buffer.from(damaged.data ?? '', 'base64');
    data[20] = (data[20] ?? 0) ^ 1;
    const [readable, unknownKey, broken, clear] = [
      await encrypted('readable'),
      await encrypted('of another ring', foreign),
      { ...damaged, data: data.toString('base64') },
      plain('never encrypted'),
    ];
    const response = await call({}, decodeRequest([unknownKey, readable, broken, clear]));
    expect(response.json()).toEqual({ payloads: [unknownKey, plain('readable'), broken, clear] });
    expect(audits()).toEqual([expect.objectContaining({ payloads: 4, unreadable: 2 })]);
  });

  test('fields that a newer protocol adds stay with a payload that is passed on', async () => {
    const payload = { ...plain('x'), externalPayloads: [{ sizeBytes: '5' }] };
    expect((await call({}, decodeRequest([payload]))).json()).toEqual({ payloads: [payload] });
  });

  test('an empty list, which protobuf leaves out, is answered with one', async () => {
    expect((await call({}, { method: 'POST', url: '/decode', payload: {} })).json()).toEqual({ payloads: [] });
  });

  test('a page of a history of 4 MiB is taken', async () => {
    const big = 'x'.repeat(4 * 1024 * 1024);
    const response = await call({}, decodeRequest([await encrypted(big)]));
    expect(response.json()).toEqual({ payloads: [plain(big)] });
  });

  test('the answer is kept nowhere', async () => {
    const response = await call({}, decodeRequest([]));
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
});

describe('encode', () => {
  const request = decodeRequest([plain('hello')], { url: '/encode' });

  test('is off unless it is turned on', async () => {
    expect((await call({}, request)).statusCode).toBe(403);
  });

  test.each([{}, { payloads: [] }])('turned off, %j has nothing to encrypt and is answered', async (payload) => {
    const response = await call({}, { method: 'POST', url: '/encode', payload });
    expect({ status: response.statusCode, body: response.json<unknown>() }).toEqual({
      status: 200,
      body: { payloads: [] },
    });
  });

  test.each([
    ['/encode', { 'x-namespace': 'mfa', 'x-workflow-id': 'w' }],
    ['/mfa/encode?x=1', { 'x-namespace': 'what the path says counts', 'x-workflow-id': 'w' }],
  ])('turned on, %s seals for the workflow that the caller names', async (url, headers) => {
    const response = await call({ encode: true }, { ...request, url, headers });
    const { payloads } = response.json<{ payloads: JSONPayload[] }>();
    const clear = (name: string) => Buffer.from(payloads[0]?.metadata?.[name] ?? '', 'base64').toString();
    expect(clear('encoding')).toBe('binary/encrypted');
    const context = { type: 'workflow', namespace: 'mfa', workflowId: 'w' } as const;
    expect(await opened(payloads, context)).toEqual(['hello']);
    await expect(opened(payloads, { ...context, workflowId: 'another' })).rejects.toThrow(PayloadDecryptionError);
    expect((await call({}, decodeRequest(payloads))).json()).toEqual({ payloads: [plain('hello')] });
  });

  test.each([
    ['no workflow id', { 'x-namespace': 'mfa' }],
    ['no namespace', { 'x-workflow-id': 'w' }],
    ['an empty workflow id', { 'x-namespace': 'mfa', 'x-workflow-id': '' }],
  ])('turned on, a call with %s is told what is needed, and gets nothing', async (_what, headers) => {
    const response = await call({ encode: true }, { ...request, headers });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ detail: expect.stringContaining('--codec-header X-Workflow-Id=<id>') });
  });

  test('turned on, a call without payloads, such as a query, needs no workflow id', async () => {
    const response = await call({ encode: true }, { method: 'POST', url: '/encode', payload: {} });
    expect({ status: response.statusCode, body: response.json<unknown>() }).toEqual({
      status: 200,
      body: { payloads: [] },
    });
  });
});

describe('refused requests', () => {
  test.each<[string, InjectOptions, number]>([
    ['another path', { method: 'POST', url: '/', payload: {} }, 404],
    ['a longer path', { method: 'POST', url: '/a/b/decode', payload: {} }, 404],
    ['another method', { method: 'GET', url: '/decode' }, 405],
    ['another method below a namespace', { method: 'PUT', url: '/mfa/encode', payload: {} }, 405],
    ['no body', { method: 'POST', url: '/decode' }, 400],
    ['broken JSON', json('{"payloads": ['), 400],
    ['a list', json('[]'), 400],
    ['payloads that are no list', json('{"payloads": {}}'), 400],
    ['a payload that is no object', json('{"payloads": ["x"]}'), 400],
    ['data that is no base64', json('{"payloads": [{"data": "ä"}]}'), 400],
    ['data of an impossible length', json('{"payloads": [{"data": "A"}]}'), 400],
    ['metadata that is no text', json('{"payloads": [{"metadata": {"encoding": 5}}]}'), 400],
    ['a form', { method: 'POST', url: '/decode', payload: 'a=b', headers: { 'content-type': 'text/plain' } }, 415],
    ['more than 8 MiB', json(`{"payloads": [{"data": "${'A'.repeat(8 * 1024 * 1024)}"}]}`), 413],
  ])('%s', async (_what, request, status) => {
    const response = await call({}, request);
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.json()).toMatchObject({ status, detail: expect.any(String) });
  });

  test('405 names the methods', async () => {
    expect((await call({}, { method: 'GET', url: '/decode' })).headers['allow']).toBe('POST, OPTIONS');
  });
});

describe('with a token', () => {
  const authenticate = createAuthenticate({ authTokens: secret([token]) });
  const options = authenticate === undefined ? {} : { authenticate };

  test('the right one opens', async () => {
    const headers = { authorization: `Bearer ${token}`, 'x-namespace': 'mfa' };
    const response = await call(options, decodeRequest([await encrypted('123456')], { headers }));
    expect(response.json()).toEqual({ payloads: [plain('123456')] });
  });

  test.each([
    ['none', {}, 'Bearer'],
    ['another', { authorization: `Bearer ${token}x` }, 'Bearer error="invalid_token"'],
    ['another scheme', { authorization: `Basic ${token}` }, 'Bearer'],
  ])('%s is refused before the body is read', async (_what, headers, challenge) => {
    const response = await call(options, {
      ...json('{"payloads": ['),
      headers: { 'content-type': 'application/json', ...headers },
    });
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe(challenge);
  });

  test.each(['/encode', '/mfa/decode', '/mfa/encode'])('%s asks for it too', async (url) => {
    expect((await call({ ...options, encode: true }, decodeRequest([], { url }))).statusCode).toBe(401);
  });

  test('health does not', async () => {
    expect((await call(options, { url: '/health/live' })).json()).toEqual({ status: 'up' });
  });
});

describe('web origins', () => {
  const preflight = (from: string, more: Record<string, string> = {}): InjectOptions => ({
    method: 'OPTIONS',
    url: '/mfa/decode',
    headers: { origin: from, 'access-control-request-method': 'POST', ...more },
  });

  test('a preflight of a configured origin is answered without a token', async () => {
    const authenticate = createAuthenticate({ authTokens: secret([token]) });
    const response = await call(authenticate === undefined ? {} : { authenticate }, preflight(origin));
    expect(response.statusCode).toBe(204);
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'Content-Type, X-Namespace, X-Workflow-Id, Authorization, Authorization-Extras',
      vary: 'Origin',
    });
    expect(response.headers).not.toHaveProperty('access-control-allow-private-network');
  });

  test('a page that must be let into a private network is', async () => {
    const response = await call({}, preflight(origin, { 'access-control-request-private-network': 'true' }));
    expect(response.headers['access-control-allow-private-network']).toBe('true');
  });

  test.each([
    'http://localhost:8234',
    'https://localhost:8233',
    'http://evil.example',
    'null',
    `${origin}.evil.example`,
  ])('%s is refused, by preflight and by call', async (from) => {
    const refused = await call({}, preflight(from, { 'access-control-request-private-network': 'true' }));
    expect(refused.statusCode).toBe(403);
    expect(Object.keys(refused.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect((await call({}, decodeRequest([await encrypted('x')], { headers: { origin: from } }))).statusCode).toBe(403);
  });

  test('a configured origin may read the answer', async () => {
    const response = await call({}, decodeRequest([], { headers: { origin } }));
    expect(response.headers['access-control-allow-origin']).toBe(origin);
  });

  test('a command line, which has no origin, may call', async () => {
    expect((await call({ allowedOrigins: [] }, decodeRequest([]))).statusCode).toBe(200);
  });
});

describe('the log', () => {
  const authenticate = createAuthenticate({ authTokens: secret([token]) });
  const options = authenticate === undefined ? {} : { authenticate };

  test('says who had how many payloads of which namespace decrypted', async () => {
    const headers = { authorization: `Bearer ${token}`, 'x-namespace': 'mfa' };
    await call(options, decodeRequest([await encrypted('a'), plain('b')], { headers }));
    expect(audits()).toEqual([
      expect.objectContaining({
        msg: 'payloads decoded',
        namespace: 'mfa',
        subject: 'CODEC_AUTH_TOKEN',
        payloads: 2,
        unreadable: 0,
      }),
    ]);
  });

  test('says who was refused', async () => {
    await call(options, decodeRequest([], { url: '/mfa/decode' }));
    expect(audits()).toEqual([
      expect.objectContaining({ msg: 'caller refused', namespace: 'mfa', subject: 'unknown', reason: 'missing' }),
    ]);
  });

  test('holds no content, no token and no address', async () => {
    const headers = { authorization: `Bearer ${token}`, 'x-namespace': 'two\nlines' };
    const payload = await encrypted('JBSWY3DPEHPK3PXP');
    await call(options, decodeRequest([payload], { headers, url: '/decode?key=JBSWY3DPEHPK3PXP' }));
    await call(options, decodeRequest([payload], { headers: { authorization: `Bearer wrong-${token}` } }));
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join('')).not.toMatch(/JBSWY3DPEHPK3PXP|a-token-of-enough/);
    expect(lines.join('')).not.toContain(payload.data);
    expect(lines.every((line) => line.trimEnd().split('\n').length === 1)).toBe(true);
  });
});

function json(payload: string): InjectOptions {
  return { method: 'POST', url: '/decode', payload, headers: { 'content-type': 'application/json' } };
}
