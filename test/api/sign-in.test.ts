import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { pkceChallenge } from '../../src/auth0/authorize';
import { createIdTokenCheck, JwksError, type CheckIdToken } from '../../src/auth0/id-token';
import type { MfaClient, SignInTokens } from '../../src/auth0/mfa';
import { createLinks } from '../../src/links';
import { ApiProblem } from '../../src/problems';
import type { Enrollments } from '../../src/temporal/enrollments';
import { textOfPage } from '../support/sign-in';
import { idTokenMaker, type IdTokenMaker } from './id-tokens';
import { application, id, idKey, inState, testApp, tokenOf, userId } from './support';

const publicUrl = 'https://mfa.example.com';
const tokens: SignInTokens = { accessToken: tokenOf(userId), expiresIn: 600, scope: ['enroll'] };

let maker: IdTokenMaker;
beforeAll(async () => {
  maker = await idTokenMaker();
});

interface Tenant {
  /** What the token endpoint answers, apart from the ID token. */
  readonly answer?: () => Promise<SignInTokens>;
  /** In place of what a genuine ID token says. */
  readonly claims?: JWTPayload;
  readonly checkIdToken?: CheckIdToken;
}

type Cookies = Readonly<Record<string, string>>;

/** A service whose one enrollment waits for a token, as Temporal would keep it: an update id that was carried out is known. */
async function service(more: Partial<Enrollments> = {}, { answer, claims, checkIdToken }: Tenant = {}) {
  const carriedOut = new Set<string>();
  const spendLink = jest.fn<Enrollments['spendLink']>(async (_id, _token, updateId) => {
    const first = !carriedOut.has(updateId);
    carriedOut.add(updateId);
    return first;
  });
  const cancel = jest.fn<Enrollments['cancel']>(async () => inState('cancelled'));
  /** As a tenant keeps them: by the PKCE challenge of each sign-in. */
  const nonces = new Map<string, string>();
  const exchangeCode = jest.fn<MfaClient['exchangeCode']>(async ({ codeVerifier }) => {
    const nonce = nonces.get(pkceChallenge(codeVerifier));
    const authTime = Math.floor(Date.now() / 1000);
    const genuine = { iss: 'https://tenant.eu.auth0.com/', aud: 'the-client', sub: userId, nonce, auth_time: authTime };
    return { ...(await (answer?.() ?? tokens)), idToken: await maker.make({ ...genuine, ...claims }) };
  });
  const { app, log, logged } = await testApp(
    {
      get: async () => inState('awaiting_token'),
      askedBy: async () => 'onboarding-desk',
      isUpdateKnown: async (_id, updateId) => carriedOut.has(updateId),
      isOf: (_id, user) => user === userId,
      spendLink,
      cancel,
      ...more,
    },
    {
      signIn: {
        idKey,
        auth0: application,
        exchangeCode,
        checkIdToken: checkIdToken ?? createIdTokenCheck({ ...application, jwks: maker.jwks }),
      },
    },
  );

  const newLink = async () => (await createLinks({ idKey, publicUrl }).create(id)).url.slice(publicUrl.length);
  const look = async (link: string, cookies: Cookies = {}) => {
    const answer = await app.inject({ url: link, headers: cookieHeader(cookies) });
    const cookie = answer.cookies.find(({ name }) => name === '__Host-mfa-consent');
    return {
      answer,
      cookie,
      cookies: { ...cookies, ...(cookie === undefined ? {} : { [cookie.name]: cookie.value }) },
      token: /name="token" value="([^"]*)"/.exec(answer.body)?.[1] ?? '',
    };
  };
  /** Sends a form of the consent page. */
  const press = async (
    path: string,
    { token, cookies, headers = {} }: { token: string; cookies: Cookies; headers?: Record<string, string> },
  ) => {
    const form = { 'content-type': 'application/x-www-form-urlencoded', ...cookieHeader(cookies), ...headers };
    const payload = new URLSearchParams({ token }).toString();
    const answer = await app.inject({ method: 'POST', url: path, headers: form, payload });
    const cookie = answer.cookies.find(({ name }) => name === '__Host-mfa-sign-in');
    const authorize = new URL(String(answer.headers.location ?? 'https://nowhere.example.com'));
    nonces.set(authorize.searchParams.get('code_challenge') ?? '', authorize.searchParams.get('nonce') ?? '');
    return { answer, cookie, authorize, state: authorize.searchParams.get('state') ?? '' };
  };
  /** What a browser does when its user goes on: opens the link, presses the button, and is sent to Auth0. */
  const goOn = async (link: string) => press(link, await look(link));
  const comeBack = (query: Record<string, string>, cookie?: { name: string; value: string }) =>
    app.inject({
      url: '/sign-in/callback',
      query,
      headers: cookie === undefined ? {} : cookieHeader({ [cookie.name]: cookie.value }),
    });
  return { app, log, logged, newLink, look, press, goOn, comeBack, spendLink, cancel, exchangeCode };
}

describe('the page of a link', () => {
  test('shows what will be bound, where codes go, who asks and until when, and leads nowhere by itself', async () => {
    const { newLink, look, spendLink, cancel, exchangeCode } = await service();
    const { answer } = await look(await newLink());
    expect(answer.statusCode).toBe(200);
    expect(answer.headers.location).toBeUndefined();
    expect(textOfPage(answer.body)).toMatch(
      /Text message: codes to the phone number that ends in 23.*Authenticator app.*Who asks onboarding-desk.*works until \d\d:\d\d UTC, which is 10 minutes/,
    );
    for (const called of [spendLink, cancel, exchangeCode]) expect(called).not.toHaveBeenCalled();
  });

  test('says so when no number is known yet, or nobody is known to ask', async () => {
    const { phoneNumber: _phoneNumber, ...unnumbered } = inState('awaiting_token');
    const { newLink, look } = await service({ get: async () => unnumbered, askedBy: async () => undefined });
    const text = textOfPage((await look(await newLink())).answer.body);
    expect(text).toContain('the phone number is not known yet');
    expect(text).toContain('It is not recorded who asks for this');
  });

  test('shows the name of a caller as text, whatever it is', async () => {
    const { newLink, look } = await service({ askedBy: async () => '<script>alert(1)</script>' });
    const { answer } = await look(await newLink());
    expect(answer.body).not.toContain('<script>');
    expect(answer.body).toContain('&lt;script>');
  });

  test('has one style sheet of ours, no script, no frame around it, and is not kept', async () => {
    const { newLink, look } = await service();
    const { answer } = await look(await newLink());
    const policy = String(answer.headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; .*form-action 'self' https: /);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(answer.body).not.toMatch(/<script| style=| on\w+=/);
  });

  test('gives the browser a cookie that goes with no request of another site', async () => {
    const { newLink, look } = await service();
    expect((await look(await newLink())).cookie).toMatchObject({
      ...{ name: '__Host-mfa-consent', httpOnly: true, secure: true, sameSite: 'Strict', path: '/', maxAge: 600 },
      value: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  test('works in two tabs of one browser', async () => {
    const { newLink, look, press } = await service();
    const link = await newLink();
    const first = await look(link);
    const second = await look(link, first.cookies);
    for (const tab of [first, second]) expect((await press(link, tab)).answer.statusCode).toBe(303);
  });
});

describe('going on', () => {
  test('leads to Auth0, which is to ask again, with the MFA audience, PKCE, a state and a nonce', async () => {
    const { newLink, goOn } = await service();
    const { answer, authorize, state } = await goOn(await newLink());
    expect(answer.statusCode).toBe(303);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(authorize.origin + authorize.pathname).toBe('https://tenant.eu.auth0.com/authorize');
    expect(Object.fromEntries(authorize.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'the-client',
      audience: 'https://tenant.eu.auth0.com/mfa/',
      redirect_uri: `${publicUrl}/sign-in/callback`,
      code_challenge_method: 'S256',
      prompt: 'login',
      max_age: '0',
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(state.length).toBeGreaterThanOrEqual(43);
  });

  test('keeps a cookie for this browser alone, out of reach of scripts, that shows nothing', async () => {
    const { newLink, goOn } = await service();
    const link = await newLink();
    const { cookie, state, authorize } = await goOn(link);
    expect(cookie).toMatchObject({
      name: '__Host-mfa-sign-in',
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
      path: '/',
      maxAge: 600,
    });
    const hidden = [state, id, link, authorize.searchParams.get('nonce') ?? ''];
    for (const one of hidden) expect(cookie?.value).not.toContain(one);
  });

  test.each<[string, (page: { token: string; cookies: Cookies }) => Parameters<typeof sent>[0]]>([
    ['that another site sends, which has no cookie', ({ token }) => ({ token, cookies: {} })],
    ['without a token', ({ cookies }) => ({ token: '', cookies })],
    ['with a made-up token', ({ cookies }) => ({ token: 'A'.repeat(43), cookies })],
    [
      'with the cookie of another browser',
      ({ token }) => ({ token, cookies: { '__Host-mfa-consent': 'A'.repeat(43) } }),
    ],
    ['from another site, as the browser says', (page) => ({ ...page, headers: { 'sec-fetch-site': 'cross-site' } })],
    ['from a neighbour in the domain', (page) => ({ ...page, headers: { 'sec-fetch-site': 'same-site' } })],
    ['of another origin', (page) => ({ ...page, headers: { origin: 'https://evil.example.com' } })],
  ])('a form %s gets the page again and does nothing', async (_name, forge) => {
    const { newLink, look, press, cancel } = await service();
    const link = await newLink();
    const forged = forge(await look(link));
    for (const path of [link, `${link}/not-me`]) {
      const { answer, cookie } = await press(path, sent(forged));
      expect([answer.statusCode, answer.headers.location, cookie]).toEqual([409, undefined, undefined]);
      expect(textOfPage(answer.body)).toContain('Check this before you sign in');
    }
    expect(cancel).not.toHaveBeenCalled();
  });

  test('a form of one link opens no other', async () => {
    const { newLink, look, press } = await service();
    const page = await look(await newLink());
    expect((await press(await newLink(), page)).answer.statusCode).toBe(409);
  });

  test('a page that is out of date is shown again: the number was changed since', async () => {
    let now = inState('awaiting_token');
    const { newLink, look, press } = await service({ get: async () => now });
    const link = await newLink();
    const page = await look(link);
    now = { ...now, phoneNumber: '••••••••••99', phoneNumberChanges: 1 };
    const { answer } = await press(link, page);
    expect([answer.statusCode, textOfPage(answer.body)]).toEqual([409, expect.stringContaining('ends in 99')]);
    expect((await press(link, await look(link))).answer.statusCode).toBe(303);
  });

  test('a form that our own page sends is taken, whatever of it a browser tells', async () => {
    const { newLink, look, press } = await service();
    const link = await newLink();
    const page = await look(link);
    const told: Record<string, string>[] = [
      {},
      { origin: 'null', 'sec-fetch-site': 'same-origin' },
      { origin: publicUrl, 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of told) expect((await press(link, { ...page, headers })).answer.statusCode).toBe(303);
  });
});

describe('"this is not me"', () => {
  test('cancels the enrollment, says so, and leaves a line that names it', async () => {
    const { newLink, look, press, cancel, logged } = await service();
    const link = await newLink();
    const { answer } = await press(`${link}/not-me`, await look(link));
    expect(cancel).toHaveBeenCalledWith(id, 'the user said it is not them');
    expect([answer.statusCode, textOfPage(answer.body)]).toEqual([
      200,
      expect.stringContaining('The set-up was stopped'),
    ]);
    expect(logged()).toContainEqual(
      expect.objectContaining({ audit: true, caller: 'user', action: 'decline', enrollment: id, result: 'declined' }),
    );
  });

  test('says the truth when the enrollment was faster, or takes its time', async () => {
    for (const [state, words] of [
      ['completed', 'Everything is set up'],
      ['awaiting_token', 'The set-up is being stopped'],
    ] as const) {
      const { newLink, look, press } = await service({ cancel: async () => inState(state) });
      const link = await newLink();
      expect(textOfPage((await press(`${link}/not-me`, await look(link))).answer.body)).toContain(words);
    }
  });
});

describe('coming back', () => {
  test('the user who signs in brings the enrollment its token, and goes on on the enrollment page', async () => {
    const { newLink, goOn, comeBack, spendLink, exchangeCode } = await service();
    const { cookie, authorize, state } = await goOn(await newLink());
    const answer = await comeBack({ code: 'the-code', state }, cookie);
    expect([answer.statusCode, answer.headers.location]).toEqual([303, '/enroll']);
    const session = answer.cookies.find(({ name }) => name === '__Host-mfa-page');
    expect(session).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/', maxAge: 12 * 3600 });
    expect(session?.value).not.toContain(id);
    expect(spendLink).toHaveBeenCalledWith(
      id,
      { accessToken: tokens.accessToken, expiresIn: 600 },
      expect.stringMatching(/^link_[\w-]{22}$/),
      { phoneNumberChanges: 0 },
    );
    const { code, codeVerifier, redirectUri } = exchangeCode.mock.calls[0]?.[0] ?? {};
    expect({ code, redirectUri }).toEqual({ code: 'the-code', redirectUri: `${publicUrl}/sign-in/callback` });
    expect(pkceChallenge(codeVerifier ?? '')).toBe(authorize.searchParams.get('code_challenge'));
  });

  test('a number that was changed after the consent is not bound: the page comes again, and the link still works', async () => {
    let now = inState('awaiting_token');
    const { newLink, goOn, look, comeBack, spendLink } = await service({ get: async () => now });
    const link = await newLink();
    const { cookie, state } = await goOn(link);
    now = { ...now, phoneNumber: '••••••••••99', phoneNumberChanges: 1 };
    const answer = await comeBack({ code: 'c', state }, cookie);
    expect([answer.statusCode, answer.headers.location]).toEqual([303, `${link}?notice=number_changed`]);
    expect(spendLink).not.toHaveBeenCalled();
    const again = await look(`${link}?notice=number_changed`);
    expect(textOfPage(again.answer.body)).toMatch(/The phone number was changed.*ends in 99/);
    const second = await goOn(link);
    expect((await comeBack({ code: 'c', state: second.state }, second.cookie)).statusCode).toBe(303);
    expect(spendLink.mock.calls[0]?.[3]).toEqual({ phoneNumberChanges: 1 });
  });

  test('a number that is changed at the very moment is refused by the enrollment, and the page comes again', async () => {
    const { newLink, goOn, comeBack } = await service({
      spendLink: () => Promise.reject(new ApiProblem('number_changed')),
    });
    const link = await newLink();
    const { cookie, state } = await goOn(link);
    const answer = await comeBack({ code: 'c', state }, cookie);
    expect([answer.statusCode, answer.headers.location]).toEqual([303, `${link}?notice=number_changed`]);
  });

  test.each<[string, JWTPayload, number, string]>([
    ['a session from before', { auth_time: Math.floor(Date.now() / 1000) - 120 }, 403, 'Please sign in again'],
    ['a sign-in that does not say when it was', { auth_time: undefined }, 403, 'Please sign in again'],
    ['an ID token of another sign-in', { nonce: 'of-another' }, 400, 'You are not signed in'],
    ['an ID token without a nonce', { nonce: undefined }, 400, 'You are not signed in'],
    ['an ID token of another application', { aud: 'another-client' }, 400, 'You are not signed in'],
    ['an ID token of another tenant', { iss: 'https://evil.eu.auth0.com/' }, 400, 'You are not signed in'],
    ['an ID token of another user', { sub: 'auth0|somebody-else' }, 403, 'This link is for somebody else'],
  ])('%s brings no token', async (_name, claims, status, words) => {
    const { newLink, goOn, comeBack, spendLink } = await service({}, { claims });
    const { cookie, state } = await goOn(await newLink());
    const answer = await comeBack({ code: 'c', state }, cookie);
    expect([answer.statusCode, textOfPage(answer.body)]).toEqual([status, expect.stringContaining(words)]);
    expect(spendLink).not.toHaveBeenCalled();
  });

  test('while the keys of the tenant cannot be read, no token is brought and the link stays', async () => {
    const checkIdToken = () => Promise.reject(new JwksError('not now'));
    const { newLink, look, goOn, comeBack, spendLink } = await service({}, { checkIdToken });
    const link = await newLink();
    const { cookie, state } = await goOn(link);
    expect((await comeBack({ code: 'c', state }, cookie)).statusCode).toBe(503);
    expect(spendLink).not.toHaveBeenCalled();
    expect((await look(link)).answer.statusCode).toBe(200);
  });

  test('an access token of somebody else, or one that names nobody, gets nowhere', async () => {
    for (const accessToken of [tokenOf('auth0|somebody-else'), tokenOf(), 'an-opaque-token']) {
      const { newLink, goOn, comeBack, spendLink } = await service(
        {},
        { answer: async () => ({ ...tokens, accessToken }) },
      );
      const { cookie, state } = await goOn(await newLink());
      const answer = await comeBack({ code: 'c', state }, cookie);
      expect(answer.statusCode).toBe(403);
      expect(answer.body).not.toContain(userId);
      expect(spendLink).not.toHaveBeenCalled();
    }
  });

  test('from another browser, with another state, or made up is turned down before Auth0 is asked', async () => {
    const { newLink, goOn, comeBack, exchangeCode } = await service();
    const link = await newLink();
    const mine = await goOn(link);
    const theirs = await goOn(link);
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
    const answer = async () => {
      if (refuse) throw new Error('invalid_grant');
      return tokens;
    };
    const { newLink, goOn, comeBack } = await service({}, { answer });
    const link = await newLink();
    const first = await goOn(link);
    expect((await comeBack({ error: 'access_denied', state: first.state }, first.cookie)).statusCode).toBe(400);
    const second = await goOn(link);
    expect((await comeBack({ code: 'c', state: second.state }, second.cookie)).statusCode).toBe(400);
    refuse = false;
    const third = await goOn(link);
    expect((await comeBack({ code: 'c', state: third.state }, third.cookie)).statusCode).toBe(303);
  });

  test('ends its cookie', async () => {
    const { newLink, goOn, comeBack } = await service();
    const { cookie, state } = await goOn(await newLink());
    const answer = await comeBack({ code: 'c', state }, cookie);
    expect(answer.cookies[0]).toMatchObject({ name: '__Host-mfa-sign-in', value: '' });
  });
});

describe('a link', () => {
  test('that was used leads nowhere, also for a browser that opened it before', async () => {
    const { newLink, look, press, goOn, comeBack, spendLink } = await service();
    const link = await newLink();
    const page = await look(link);
    const early = await goOn(link);
    const { cookie, state } = await goOn(link); // opening alone spends nothing: scanners do it too
    await comeBack({ code: 'one', state }, cookie);
    expect((await look(link)).answer.statusCode).toBe(410);
    for (const path of [link, `${link}/not-me`]) expect((await press(path, page)).answer.statusCode).toBe(410);
    expect((await comeBack({ code: 'two', state: early.state }, early.cookie)).statusCode).toBe(410);
    expect(spendLink).toHaveBeenCalledTimes(1);
  });

  test('works on any process that has the key, and on none with another', async () => {
    const { look } = await service();
    const elsewhere = await createLinks({ idKey, publicUrl }).create(id);
    expect((await look(elsewhere.url.slice(publicUrl.length))).answer.statusCode).toBe(200);
    const [header, , signature] = elsewhere.url.slice(`${publicUrl}/sign-in/`.length).split('.');
    const forged = Buffer.from(JSON.stringify({ sub: id, jti: 'x', exp: 9_999_999_999 })).toString('base64url');
    for (const text of ['x', 'a.b.c', `${header}.${forged}.${signature}`, `${header}.${forged}.`]) {
      const { answer, cookie } = await look(`/sign-in/${text}`);
      expect([answer.statusCode, cookie]).toEqual([410, undefined]);
    }
  });

  test('that was used, or is too old, leads the browser of its own session to the enrollment page, and no other', async () => {
    const { newLink, look, goOn, comeBack } = await service();
    const link = await newLink();
    const { cookie, state } = await goOn(link);
    const session = (await comeBack({ code: 'c', state }, cookie)).cookies.find(
      ({ name }) => name === '__Host-mfa-page',
    );
    const mine = { '__Host-mfa-page': session?.value ?? '' };
    jest.useFakeTimers({ now: Date.now() - 601_000, doNotFake: ['nextTick', 'setImmediate', 'setTimeout'] });
    const old = (await createLinks({ idKey, publicUrl }).create(id)).url.slice(publicUrl.length);
    jest.useRealTimers();
    for (const one of [link, old]) {
      const { answer } = await look(one, mine);
      expect([answer.statusCode, answer.headers.location]).toEqual([303, '/enroll']);
      expect((await look(one)).answer.statusCode).toBe(410);
    }
    const others = (await createLinks({ idKey, publicUrl }).create(`${id}x`)).url.slice(publicUrl.length);
    expect((await look(others, mine)).answer.headers.location).toBeUndefined();
  });

  test('dies after ten minutes', async () => {
    const { look } = await service();
    jest.useFakeTimers({ now: Date.now() - 601_000, doNotFake: ['nextTick', 'setImmediate', 'setTimeout'] });
    const old = await createLinks({ idKey, publicUrl }).create(id);
    jest.useRealTimers();
    expect((await look(old.url.slice(publicUrl.length))).answer.statusCode).toBe(410);
  });

  test.each([
    ['completed', /Everything is set up.*Text message: codes to the phone number that ends in 23/],
    [
      'partial',
      /A part of it is set up.*Text message: codes to the phone number that ends in 23.*Not set up: Authenticator app/,
    ],
    ['expired', /The time for this set-up has run out.*Nothing of it is active/],
    ['cancelled', /This set-up was cancelled.*Nothing of it is active/],
    ['failed', /This set-up did not work.*Nothing of it is active/],
  ] as const)('to an enrollment that is %s says so, and what is active', async (state, words) => {
    const active: readonly string[] = {
      completed: ['sms', 'otp'],
      partial: ['sms'],
      expired: [],
      cancelled: [],
      failed: [],
    }[state];
    const over = inState(state);
    const confirmed = over.factors.map((one) =>
      active.includes(one.factor) ? ({ ...one, state: 'confirmed', active: true } as const) : one,
    );
    const { look } = await service({ get: async () => ({ ...over, factors: confirmed }) });
    const link = await createLinks({ idKey, publicUrl }).create(id);
    const { answer } = await look(link.url.slice(publicUrl.length));
    expect(answer.statusCode).toBe(410);
    expect(textOfPage(answer.body)).toMatch(words);
    expect(answer.body).not.toContain('<form');
  });
});

test('an enrollment that could not be read back to the end does not say that nothing is active', async () => {
  const over = inState('failed');
  const factors = over.factors.map((one) => (one.factor === 'sms' ? ({ ...one, state: 'accepted' } as const) : one));
  const { newLink, look } = await service({ get: async () => ({ ...over, factors }) });
  const text = textOfPage((await look(await newLink())).answer.body);
  expect(text).toContain('Perhaps active, which could not be checked: Text message');
  expect(text).not.toContain('Nothing of it');
});

test('an enrollment that ends while its user signs in says what became of it', async () => {
  let settled = false;
  const { newLink, goOn, comeBack } = await service({
    get: async () => inState(settled ? 'cancelled' : 'awaiting_token'),
    spendLink: () => {
      settled = true;
      return Promise.reject(new ApiProblem('enrollment_settled'));
    },
  });
  const { cookie, state } = await goOn(await newLink());
  const answer = await comeBack({ code: 'c', state }, cookie);
  expect([answer.statusCode, textOfPage(answer.body)]).toEqual([410, expect.stringContaining('was cancelled')]);
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
});

test('an enrollment that does not answer makes a page of 503', async () => {
  const { newLink, goOn, comeBack } = await service({ spendLink: () => Promise.reject(new ApiProblem('unavailable')) });
  const { cookie, state } = await goOn(await newLink());
  expect((await comeBack({ code: 'c', state }, cookie)).statusCode).toBe(503);
});

test('neither link, code, state, nonce, form nor token is logged', async () => {
  const { newLink, look, press, comeBack, log } = await service();
  const link = await newLink();
  const page = await look(link);
  const { cookie, state, authorize } = await press(link, page);
  await comeBack({ code: 'the-authorization-code', state }, cookie);
  const secrets = [
    link.slice('/sign-in/'.length),
    page.token,
    page.cookie?.value,
    state,
    authorize.searchParams.get('nonce'),
    'the-authorization-code',
    tokens.accessToken,
    cookie?.value,
  ];
  for (const secret of secrets) expect(log()).not.toContain(secret);
  expect(log()).toContain('"action":"sign_in"');
});

const cookieHeader = (cookies: Cookies): { cookie?: string } => {
  const pairs = Object.entries(cookies).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? {} : { cookie: pairs.join('; ') };
};

const sent = (form: { token: string; cookies: Cookies; headers?: Record<string, string> }) => form;
