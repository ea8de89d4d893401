import { expect, jest, test } from '@jest/globals';
import { createLinks } from '../../src/api/links';
import { ApiProblem } from '../../src/api/problems';
import type { Enrollments } from '../../src/api/enrollments';
import type { MfaClient } from '../../src/auth0/mfa';
import { pkceChallenge } from '../../src/auth0/authorize';
import type { TokenSet } from '../../src/enrollment/steps';
import { application, as, id, idKey, inState, testApp, tokenOf, userId } from './support';

const publicUrl = 'https://mfa.example.com';
const tokens: TokenSet = { accessToken: tokenOf(userId), expiresIn: 600, scope: ['enroll'] };

/** A service whose one case waits for a token, as Temporal would keep it: an update id that was carried out is known. */
async function service(more: Partial<Enrollments> = {}, answer: () => Promise<TokenSet> = async () => tokens) {
  const carriedOut = new Set<string>();
  const spendLink = jest.fn<Enrollments['spendLink']>(async (_id, _token, updateId) => {
    const first = !carriedOut.has(updateId);
    carriedOut.add(updateId);
    return first;
  });
  const exchangeCode = jest.fn<MfaClient['exchangeCode']>(answer);
  const { app, log } = await testApp(
    {
      get: async () => inState('awaiting_token'),
      isUpdateKnown: async (_id, updateId) => carriedOut.has(updateId),
      isOf: (_id, user) => user === userId,
      spendLink,
      ...more,
    },
    {
      signIn: {
        idKey,
        auth0: application,
        exchangeCode,
      },
    },
  );
  const newLink = async () => {
    const made = await app.inject({ method: 'POST', url: `/v1/enrollments/${id}/links`, headers: as('onboarding') });
    return made.json<{ url: string }>().url.slice(publicUrl.length);
  };
  /** What a browser does: opens the link, keeps the cookie, and is sent to Auth0. */
  const open = async (link: string) => {
    const answer = await app.inject({ url: link });
    const cookie = answer.cookies[0];
    const authorize = new URL(String(answer.headers.location ?? 'https://nowhere.example.com'));
    return { answer, cookie, authorize, state: authorize.searchParams.get('state') ?? '' };
  };
  const comeBack = (query: Record<string, string>, cookie?: { name: string; value: string }) =>
    app.inject({
      url: '/sign-in/callback',
      query,
      ...(cookie === undefined ? {} : { headers: { cookie: `${cookie.name}=${cookie.value}` } }),
    });
  return { app, log, newLink, open, comeBack, spendLink, exchangeCode };
}

test('a link leads to Auth0 with the MFA audience, PKCE and a state', async () => {
  const { newLink, open } = await service();
  const { answer, authorize, state } = await open(await newLink());
  expect(answer.statusCode).toBe(303);
  expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  expect(authorize.origin + authorize.pathname).toBe('https://tenant.eu.auth0.com/authorize');
  expect(Object.fromEntries(authorize.searchParams)).toMatchObject({
    response_type: 'code',
    client_id: 'the-client',
    audience: 'https://tenant.eu.auth0.com/mfa/',
    redirect_uri: `${publicUrl}/sign-in/callback`,
    code_challenge_method: 'S256',
  });
  expect(state.length).toBeGreaterThanOrEqual(43);
});

test('the cookie is for this browser alone, out of reach of scripts, and shows nothing', async () => {
  const { newLink, open } = await service();
  const { cookie, state } = await open(await newLink());
  expect(cookie).toMatchObject({
    name: '__Host-mfa-sign-in',
    httpOnly: true,
    secure: true,
    sameSite: 'Lax',
    path: '/',
    maxAge: 600,
  });
  expect(cookie?.value).not.toContain(state);
  expect(cookie?.value).not.toContain(id);
});

test('the user who signs in brings the case its token', async () => {
  const { newLink, open, comeBack, spendLink, exchangeCode } = await service();
  const { cookie, authorize, state } = await open(await newLink());
  const answer = await comeBack({ code: 'the-code', state }, cookie);
  expect(answer.statusCode).toBe(200);
  expect(answer.body).toContain('You are signed in');
  expect(spendLink).toHaveBeenCalledWith(
    id,
    { accessToken: tokens.accessToken, expiresIn: 600 },
    expect.stringMatching(/^link_[\w-]{22}$/),
  );
  const { code, codeVerifier, redirectUri } = exchangeCode.mock.calls[0]?.[0] ?? {};
  expect({ code, redirectUri }).toEqual({ code: 'the-code', redirectUri: `${publicUrl}/sign-in/callback` });
  expect(pkceChallenge(codeVerifier ?? '')).toBe(authorize.searchParams.get('code_challenge'));
});

test('a link that was used leads nowhere, also for a browser that opened it before', async () => {
  const { newLink, open, comeBack, spendLink } = await service();
  const link = await newLink();
  const early = await open(link);
  const { cookie, state } = await open(link); // opening alone spends nothing: scanners do it too
  await comeBack({ code: 'one', state }, cookie);
  expect((await open(link)).answer.statusCode).toBe(410);
  expect((await comeBack({ code: 'two', state: early.state }, early.cookie)).statusCode).toBe(410);
  expect(spendLink).toHaveBeenCalledTimes(1);
});

test('a link works on any process that has the key, and on none with another', async () => {
  const { open } = await service();
  const elsewhere = await createLinks({ idKey, publicUrl }).create(id);
  expect((await open(elsewhere.url.slice(publicUrl.length))).answer.statusCode).toBe(303);
  const [header, , signature] = elsewhere.url.slice(`${publicUrl}/sign-in/`.length).split('.');
  const forged = Buffer.from(JSON.stringify({ sub: id, jti: 'x', exp: 9_999_999_999 })).toString('base64url');
  for (const text of ['x', 'a.b.c', `${header}.${forged}.${signature}`, `${header}.${forged}.`]) {
    const { answer, cookie } = await open(`/sign-in/${text}`);
    expect([answer.statusCode, cookie]).toEqual([410, undefined]);
  }
});

test('a link dies after ten minutes', async () => {
  const { open } = await service();
  jest.useFakeTimers({ now: Date.now() - 601_000, doNotFake: ['nextTick', 'setImmediate', 'setTimeout'] });
  const old = await createLinks({ idKey, publicUrl }).create(id);
  jest.useRealTimers();
  expect((await open(old.url.slice(publicUrl.length))).answer.statusCode).toBe(410);
});

test('a link to a case that is over says so', async () => {
  const { open } = await service({ get: async () => inState('completed') });
  const link = await createLinks({ idKey, publicUrl }).create(id);
  const { answer } = await open(link.url.slice(publicUrl.length));
  expect(answer.statusCode).toBe(410);
  expect(answer.body).toContain('This enrollment is over');
});

test('somebody else who signs in with the link gets nowhere', async () => {
  for (const accessToken of [tokenOf('auth0|somebody-else'), tokenOf(), 'an-opaque-token']) {
    const { newLink, open, comeBack, spendLink } = await service({}, async () => ({ ...tokens, accessToken }));
    const { cookie, state } = await open(await newLink());
    const answer = await comeBack({ code: 'c', state }, cookie);
    expect(answer.statusCode).toBe(403);
    expect(answer.body).not.toContain(userId);
    expect(spendLink).not.toHaveBeenCalled();
  }
});

test('a callback from another browser, with another state, or made up is turned down before Auth0 is asked', async () => {
  const { newLink, open, comeBack, exchangeCode } = await service();
  const link = await newLink();
  const mine = await open(link);
  const theirs = await open(link);
  const answers = [
    await comeBack({ code: 'c', state: mine.state }),
    await comeBack({ code: 'c', state: theirs.state }, mine.cookie),
    await comeBack({ code: 'c' }, mine.cookie),
    await comeBack({ code: 'c', state: mine.state }, { name: '__Host-mfa-sign-in', value: 'made-up' }),
  ];
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([400, 400, 400, 400]);
  expect(exchangeCode).not.toHaveBeenCalled();
});

test('a sign-in that Auth0 refuses leaves the link as it was', async () => {
  let refuse = true;
  const { newLink, open, comeBack } = await service({}, async () => {
    if (refuse) throw new Error('invalid_grant');
    return tokens;
  });
  const link = await newLink();
  const first = await open(link);
  expect((await comeBack({ error: 'access_denied', state: first.state }, first.cookie)).statusCode).toBe(400);
  const second = await open(link);
  expect((await comeBack({ code: 'c', state: second.state }, second.cookie)).statusCode).toBe(400);
  refuse = false;
  const third = await open(link);
  expect((await comeBack({ code: 'c', state: third.state }, third.cookie)).statusCode).toBe(200);
});

test.each([
  ['unavailable', 503],
  ['enrollment_settled', 410],
] as const)('a case that answers %s makes a page of %i', async (code, status) => {
  const { newLink, open, comeBack } = await service({ spendLink: () => Promise.reject(new ApiProblem(code)) });
  const { cookie, state } = await open(await newLink());
  const answer = await comeBack({ code: 'c', state }, cookie);
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
});

test('a callback ends its cookie, and pages hold no script', async () => {
  const { newLink, open, comeBack } = await service();
  const { cookie, state } = await open(await newLink());
  const answer = await comeBack({ code: 'c', state }, cookie);
  expect(answer.cookies[0]).toMatchObject({ name: '__Host-mfa-sign-in', value: '' });
  expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  expect(answer.body).not.toMatch(/<script|style=/);
});

test('neither link, code, state nor token is logged', async () => {
  const { newLink, open, comeBack, log } = await service();
  const link = await newLink();
  const { cookie, state } = await open(link);
  await comeBack({ code: 'the-authorization-code', state }, cookie);
  for (const secret of [
    link.slice('/sign-in/'.length),
    state,
    'the-authorization-code',
    tokens.accessToken,
    cookie?.value,
  ]) {
    expect(log()).not.toContain(secret);
  }
  expect(log()).toContain('"action":"sign_in"');
});
