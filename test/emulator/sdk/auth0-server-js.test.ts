import { CookieTransactionStore, ServerClient, StatelessStateStore } from '@auth0/auth0-server-js';
import cookie from '@fastify/cookie';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { openBrowser } from '../browser';
import { startTenant, type Tenant } from '../tenant';

const scope = 'openid email offline_access enroll read:authenticators';
let tenant: Tenant;
let application: Awaited<ReturnType<typeof startApplication>>;
let userId: string;

beforeAll(async () => {
  tenant = await startTenant({ https: true });
  application = await startApplication();
});
beforeEach(async () => {
  await tenant.control('POST', '/reset');
  userId = await tenant.newUser('ada@example.com');
});
afterEach(() => void jest.restoreAllMocks());
afterAll(async () => {
  await application.close();
  await tenant.close();
});

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** A web application as the SDK's README builds one: sessions in encrypted cookies, a route for each step. */
async function startApplication() {
  const { domain, clientId, clientSecret, fetch } = tenant;
  const cookies = {
    setCookie: (name: string, value: string, options = {}, exchange?: Exchange) =>
      void exchange?.reply.setCookie(name, value, options),
    getCookie: (name: string, exchange?: Exchange) => exchange?.request.cookies[name],
    getCookies: (exchange?: Exchange) =>
      Object.fromEntries(Object.entries(exchange?.request.cookies ?? {}).map(([name, value]) => [name, value ?? ''])),
    deleteCookie: (name: string, exchange?: Exchange, options = {}) => void exchange?.reply.clearCookie(name, options),
  };
  const secret = 'a secret of the test, long enough for its cookies';
  const client = new ServerClient<Exchange>({
    domain,
    clientId,
    clientSecret,
    customFetch: fetch,
    authorizationParams: { audience: `${tenant.publicUrl}/mfa/`, scope },
    transactionStore: new CookieTransactionStore({ secret }, cookies),
    stateStore: new StatelessStateStore({ secret }, cookies),
  });

  const app = Fastify({ forceCloseConnections: true });
  await app.register(cookie);
  app.get('/login', async (request, reply) => {
    const authorizationParams = { redirect_uri: `http://${request.host}/callback` };
    const url = await client.startInteractiveLogin({ authorizationParams }, { request, reply });
    return reply.redirect(url.href);
  });
  app.get('/callback', async (request, reply) => {
    await client.completeInteractiveLogin(new URL(request.url, `http://${request.host}`), { request, reply });
    return reply.redirect('/session');
  });
  app.get('/session', async (request, reply) => (await client.getSession({ request, reply })) ?? {});
  app.get('/token', async (request, reply) => client.getAccessToken({ request, reply }));
  app.post('/enroll/:factor', async (request, reply) => {
    const { accessToken: mfaToken } = await client.getAccessToken({ request, reply });
    const { factor } = request.params as { factor: string }; // from the route
    return client.mfa.enrollAuthenticator(
      factor === 'otp'
        ? { mfaToken, authenticatorTypes: ['otp'] }
        : { mfaToken, authenticatorTypes: ['oob'], oobChannels: ['sms'], phoneNumber: '+12025550123' },
    );
  });
  app.post('/verify', async (request, reply) => {
    const exchange = { request, reply };
    const { accessToken: mfaToken } = await client.getAccessToken(exchange);
    // The test sends what the SDK's own types ask for.
    const answer = request.body as { factorType: 'otp'; otp: string };
    return client.mfa.verify({ mfaToken, ...answer }, exchange);
  });
  app.get('/authenticators', async (request, reply) => {
    const { accessToken: mfaToken } = await client.getAccessToken({ request, reply });
    return client.mfa.listAuthenticators({ mfaToken });
  });
  app.get('/logout', async (request, reply) => {
    const url = await client.logout({ returnTo: `http://${request.host}/bye` }, { request, reply });
    return reply.redirect(url.href);
  });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  return { origin, close: () => app.close() };
}

/** A browser with Ada in front of it: cookies of the application here, those of the tenant in `atTenant`. */
function openApplication() {
  const jar = new Map<string, string>();
  const atTenant = openBrowser(tenant);
  const visit = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { ...init.headers, cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') };
    const answer = await fetch(new URL(path, application.origin), { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  };
  const read = async (path: string) => (await (await visit(path)).json()) as Record<string, unknown>;
  const send = async (path: string, body: object = {}) => {
    const init = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return (await (await visit(path, init)).json()) as Record<string, unknown>;
  };
  /** Follows a redirect of the application to the tenant; answers where the tenant sends the browser. */
  const atTheTenant = async (answer: Response): Promise<string> => {
    const url = new URL(answer.headers.get('location') ?? '');
    expect(url.origin).toBe(tenant.publicUrl);
    return (await atTenant.open(url.pathname + url.search)).headers.get('location') ?? '';
  };
  const signIn = async () => {
    const callback = await atTenant.login(await atTheTenant(await visit('/login')), 'ada@example.com');
    return visit(callback);
  };
  return { visit, read, send, signIn, atTheTenant };
}

test('a sign-in makes a session of the user, and its cookies tell nothing', async () => {
  const browser = openApplication();
  const answer = await browser.signIn();
  expect(answer.headers.get('location')).toBe('/session');
  const cookies = answer.headers.getSetCookie().join();
  expect(cookies).not.toContain('ada');
  expect(await browser.read('/session')).toMatchObject({
    user: { sub: userId, email: 'ada@example.com', sid: expect.stringMatching(/^[A-Za-z0-9]{32}$/) },
  });
});

test('a session token near its end is renewed by the refresh token', async () => {
  const browser = openApplication();
  await browser.signIn();
  const first = await browser.read('/token');
  expect(await browser.read('/token')).toEqual(first);
  // Ten minutes on, for the application and the tenant alike.
  const later = Date.now() + 601_000;
  jest.spyOn(Date, 'now').mockReturnValue(later);
  const renewed = await browser.read('/token');
  expect(renewed['accessToken']).not.toBe(first['accessToken']);
  expect(await tenant.list(tenant.text(renewed['accessToken']))).toEqual([]);
});

test('SMS and an app are enrolled from the session, and each confirm leaves its token in it', async () => {
  const browser = openApplication();
  await browser.signIn();
  const before = await browser.read('/token');
  const { oobCode } = await browser.send('/enroll/sms');
  await browser.send('/verify', { factorType: 'oob', oobCode, bindingCode: await tenant.lastCode() });
  expect((await browser.read('/token'))['accessToken']).not.toBe(before['accessToken']);
  const { secret } = await browser.send('/enroll/otp');
  await browser.send('/verify', { factorType: 'otp', otp: await tenant.otpCode(secret) });
  expect(await browser.read('/authenticators')).toMatchObject([
    { authenticatorType: 'oob', active: true },
    { authenticatorType: 'otp', active: true },
  ]);
});

test('logout ends the session here and at the tenant, and the refresh token with it', async () => {
  const browser = openApplication();
  await browser.signIn();
  const { refreshToken } = await browser.read('/session');
  expect(await browser.atTheTenant(await browser.visit('/logout'))).toBe(`${application.origin}/bye`);
  expect(await browser.read('/session')).toEqual({});
  expect(await browser.atTheTenant(await browser.visit('/login'))).toMatch(/^\/u\/login/);
  const again = { grant_type: 'refresh_token', ...tenant.client, refresh_token: refreshToken };
  expect((await tenant.post('/oauth/token', again)).json['error']).toBe('invalid_grant');
});
