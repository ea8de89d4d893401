import { createSecretKey, randomBytes } from 'node:crypto';
import { Registry } from 'prom-client';
import { createLogger } from '../logger';
import { createApp } from './app';

/** The OpenAPI 3.1 document, without a server to ask: what the build writes to `dist/openapi.json`. */
export async function buildOpenApi(publicUrl = 'http://localhost:3000'): Promise<object> {
  const app = await createApp({
    enrollments: uncalled(),
    links: uncalled(),
    ids: uncalled(),
    opaqueTokens: 'refuse',
    stoppedPrefixes: uncalled(),
    webhooks: uncalled(),
    campaigns: uncalled(),
    receivers: { allowPrivate: false, allowHttp: false },
    signIn: {
      idKey: createSecretKey(randomBytes(32)),
      auth0: { domain: 'example.com', baseUrl: 'https://example.com', audience: '', clientId: '' },
      exchangeCode: describesOnly,
      checkIdToken: describesOnly,
    },
    authenticate: describesOnly,
    brand: { name: '' },
    personNeeded: false,
    registry: new Registry(),
    logger: createLogger('mfa-api', 'silent'),
    publicUrl,
  });
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}

const describesOnly = (): never => {
  throw new Error('This app only describes itself');
};

/** Stands where a part of the app is expected: each of its functions is there, and none may be called. */
const uncalled = <Part extends object>(): Part =>
  new Proxy<Part>(Object.create(null) as Part, { get: () => describesOnly });
