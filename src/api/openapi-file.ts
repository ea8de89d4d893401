import { createSecretKey, randomBytes } from 'node:crypto';
import { Registry } from 'prom-client';
import { createApp } from './app';
import { createLogger } from './logger';

/** The OpenAPI 3.1 document, without a server to ask: what the build writes to `dist/openapi.json`. */
export async function buildOpenApi(publicUrl = 'http://localhost:3000'): Promise<object> {
  const unused = () => Promise.reject(new Error('This app only describes itself'));
  const app = await createApp({
    enrollments: {
      start: unused,
      get: unused,
      list: unused,
      challenge: unused,
      confirmCode: unused,
      resend: unused,
      changePhoneNumber: unused,
      renewToken: unused,
      spendLink: unused,
      cancel: unused,
      watch: () => {
        throw new Error('This app only describes itself');
      },
      isUpdateKnown: unused,
      isOf: () => false,
    },
    links: { create: unused, read: unused },
    signIn: {
      idKey: createSecretKey(randomBytes(32)),
      auth0: { domain: 'example.com', baseUrl: 'https://example.com', audience: '', clientId: '' },
      exchangeCode: unused,
    },
    ids: { updateId: () => '' },
    authenticate: () => Promise.resolve(undefined),
    ready: unused,
    registry: new Registry(),
    logger: createLogger('silent'),
    publicUrl,
  });
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}
