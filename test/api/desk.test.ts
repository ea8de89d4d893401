import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { IssuerError } from '../../src/access-tokens';
import { createAuthenticate } from '../../src/api/access';
import { createDeskCookies, longestSessionMs } from '../../src/api/desk/cookies';
import type { DeskSignInParts } from '../../src/api/desk/parts';
import type { StaffSignIn } from '../../src/api/desk/staff-sign-in';
import { createFormTokens } from '../../src/api/html/own-forms';
import { ApiProblem } from '../../src/problems';
import { rolesToScopes } from '../../src/scopes';
import type { Enrollments } from '../../src/temporal/enrollments';
import { as, awaitingCode, id, idKey, inState, keyOf, testApp, userId } from './support';

const issuer = 'https://issuer.example.com/';
const audience = 'mfa-api';
const staffId = 'auth0|staff';
const session = { id: 'the-session', name: 'sam@example.com' };
const cookies = createDeskCookies(idKey, true);
const tokens = createFormTokens(idKey, 'desk-form');

let tokenOf: (role: keyof typeof rolesToScopes | 'nobody', claims?: object, life?: string) => Promise<string>;
let jwk: JWK;
beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  jwk = { ...(await exportJWK(publicKey)), alg: 'RS256' };
  tokenOf = (role, claims = {}, life = '1h') =>
    new SignJWT({ permissions: role === 'nobody' ? [] : [...rolesToScopes[role]], azp: 'desk', ...claims })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(staffId)
      .setExpirationTime(life)
      .sign(privateKey);
});

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

const unexpected: StaffSignIn = {
  begin: () => Promise.reject(new Error('not expected to be called')),
  finish: () => Promise.reject(new Error('not expected to be called')),
};

/** The API with a desk. */
async function desk(enrollments: Partial<Enrollments> = {}, staffSignIn: Partial<StaffSignIn> = {}) {
  const jwks = createLocalJWKSet({ keys: [jwk] });
  const parts: DeskSignInParts = {
    idKey,
    staffSignIn: { ...unexpected, ...staffSignIn },
    authenticate: createAuthenticate({ keys: [], jwt: { issuer, audience }, jwks }),
    temporalUrlOf: (of) => `https://temporal.example.com/${of}`,
  };
  const started = await testApp(
    { get: async () => awaitingCode, timeline: async () => ({ entries: [] }), ...enrollments },
    { desk: parts, personNeeded: true },
  );
  closing.push(() => started.app.close());
  return started;
}

const cookieOf = async (accessToken: string, more: object = {}): Promise<Record<string, string>> => {
  const sealed = await cookies.sealSession({ ...session, accessToken, expiresAt: Date.now() + 3_600_000, ...more });
  return { cookie: `${cookies.session.name}=${sealed?.value ?? ''}` };
};
const signedIn = async (role: Parameters<typeof tokenOf>[0]) => cookieOf(await tokenOf(role));
const form = (fields: Record<string, string>, token = tokens.of(session.id)) => ({
  payload: new URLSearchParams({ token, ...fields }).toString(),
  headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
});
const path = `/desk/cases/${id}`;

describe('the way in', () => {
  const secrets = { state: 's', codeVerifier: 'v', nonce: 'n' };
  const begin = async () => ({ url: 'https://issuer.example.com/authorize?x=1', secrets });

  test('keeps what belongs to the sign-in with the browser, unreadable, and sends it to the issuer', async () => {
    const { app } = await desk({}, { begin });
    const answer = await app.inject({ url: `/desk/sign-in?${new URLSearchParams({ to: path }).toString()}` });
    expect([answer.statusCode, answer.headers.location]).toEqual([303, 'https://issuer.example.com/authorize?x=1']);
    const [cookie] = answer.cookies;
    expect(cookie).toMatchObject({
      name: '__Host-mfa-desk-sign-in',
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
      path: '/',
    });
    expect(await cookies.signIn.open(cookie?.value)).toEqual({ ...secrets, returnTo: path });
  });

  test.each([
    'https://evil.example.com/desk',
    '//evil.example.com',
    '/desk/../sign-in/x',
    '/desk\\evil',
    '/v1/enrollments',
  ])('never leads back to %s', async (to) => {
    const { app } = await desk({}, { begin });
    const answer = await app.inject({ url: `/desk/sign-in?${new URLSearchParams({ to }).toString()}` });
    expect(await cookies.signIn.open(answer.cookies[0]?.value)).toMatchObject({ returnTo: '/desk' });
  });

  const callback = async (staffSignIn: Partial<StaffSignIn>, own = true) => {
    const started = await desk({}, staffSignIn);
    const sealed = await cookies.signIn.seal({ ...secrets, returnTo: path });
    const answer = await started.app.inject({
      url: '/desk/callback?code=c&state=s',
      ...(own ? { headers: { cookie: `${cookies.signIn.name}=${sealed}` } } : {}),
    });
    return { ...started, answer, kept: answer.cookies.find(({ name }) => name === '__Host-mfa-desk') };
  };

  test('ends in a session that lasts as long as the token, and goes on by a page, for its cookie is strict', async () => {
    const accessToken = await tokenOf('support');
    const { answer, kept, logged } = await callback({ finish: async () => ({ accessToken, name: 'sam@example.com' }) });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain(`content="0;url=${path}"`);
    expect(kept).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict', path: '/' });
    expect(Math.abs((kept?.maxAge ?? 0) - 3600)).toBeLessThan(10);
    expect(await cookies.session.open(kept?.value)).toMatchObject({ accessToken, name: 'sam@example.com' });
    expect(answer.cookies.find(({ name }) => name === cookies.signIn.name)?.maxAge).not.toBe(600); // spent
    expect(logged()).toContainEqual(
      expect.objectContaining({ audit: true, action: 'desk_sign_in', result: 'signed_in', person: staffId }),
    );
  });

  test('gives no session that lasts longer than 12 hours', async () => {
    const accessToken = await tokenOf('support', {}, '7d');
    const { kept } = await callback({ finish: async () => ({ accessToken }) });
    expect(kept?.maxAge).toBeLessThanOrEqual(longestSessionMs / 1000);
  });

  test.each([
    ['another browser', async () => callback({}, false), 403],
    ['a sign-in that was given up', async () => callback({ finish: async () => 'refused' as const }), 403],
    ['a token of another kind', async () => callback({ finish: async () => ({ accessToken: 'opaque' }) }), 403],
    ['an API key', async () => callback({ finish: async () => ({ accessToken: keyOf('support') }) }), 403],
    [
      'a token that is too long for a cookie',
      async () =>
        callback({ finish: async () => ({ accessToken: await tokenOf('support', { more: 'x'.repeat(4000) }) }) }),
      403,
    ],
    [
      'an issuer that does not answer',
      async () => callback({ finish: () => Promise.reject(new IssuerError('down')) }),
      503,
    ],
  ])('opens nothing: %s', async (_name, come, expected) => {
    const { answer, kept } = await come();
    expect([answer.statusCode, kept]).toEqual([expected, undefined]);
    expect(answer.headers['content-type']).toContain('text/html');
  });

  test('nobody is shown anything without it, and an API key opens nothing', async () => {
    const { app } = await desk();
    const spoiled = { cookie: `${cookies.session.name}=xyz` };
    for (const headers of [{}, as('support'), as('ops'), spoiled, await cookieOf(keyOf('support'))]) {
      for (const url of ['/desk', path, `${path}/events`]) {
        expect((await app.inject({ url, headers })).statusCode).toBe(401);
      }
    }
  });

  test('a link from another site is opened once more by the page itself, for the cookie did not come along', async () => {
    const { app } = await desk();
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    const answer = await app.inject({ url: path, headers });
    expect([answer.statusCode, answer.body.includes(`content="0;url=${path}"`)]).toEqual([200, true]);
    expect((await app.inject({ url: path, headers: { ...headers, 'sec-fetch-site': 'same-origin' } })).statusCode).toBe(
      401,
    );
  });
});

describe('a page', () => {
  test('is kept by nobody and runs nothing but our own files', async () => {
    const { app } = await desk();
    const answer = await app.inject({ url: path, headers: await signedIn('support') });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(answer.headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'/,
    );
    expect(answer.body).not.toMatch(/<script(?![^>]* src="\/assets\/)|<style| style="| on\w+="/);
  });

  test('shows support the place for a code and no way to Temporal, operations the other way round', async () => {
    const { app } = await desk();
    const shown = async (role: 'support' | 'ops') => {
      const { body } = await app.inject({ url: path, headers: await signedIn(role) });
      return [body.includes('name="code"'), body.includes('https://temporal.example.com/')];
    };
    expect([await shown('support'), await shown('ops')]).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  test('says so where a token has no role of the desk', async () => {
    const { app } = await desk();
    const answer = await app.inject({ url: '/desk', headers: await signedIn('nobody') });
    expect([answer.statusCode, answer.body.includes('may not use the desk')]).toEqual([403, true]);
  });

  test('whoever may read alone is shown nothing to do', async () => {
    const { app } = await desk();
    const headers = await cookieOf(await tokenOf('nobody', { scope: 'enrollments:read' }));
    expect((await app.inject({ url: path, headers })).body).not.toContain(`action="${path}`);
  });

  test('escapes what comes from outside', async () => {
    const { app } = await desk({ find: async () => ({ enrollments: [] }) });
    const who = '<img/src=x>|1';
    const headers = await signedIn('support');
    const sent = form({ who });
    const answer = await app.inject({
      method: 'POST',
      url: '/desk/find',
      ...sent,
      headers: { ...headers, ...sent.headers },
    });
    expect(answer.body).toContain('&lt;img/src=x');
    expect(answer.body).not.toContain(who);
  });

  test('of an enrollment that is not there is a page as well', async () => {
    const { app } = await desk({ get: () => Promise.reject(new ApiProblem('enrollment_not_found')) });
    const answer = await app.inject({ url: path, headers: await signedIn('support') });
    expect([answer.statusCode, answer.body.includes('There is no such enrollment')]).toEqual([404, true]);
    for (const url of ['/desk/nothing', '/desk/cases/x']) {
      const other = await app.inject({ url, headers: await signedIn('support') });
      expect([other.statusCode, other.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
    }
  });

  test('is shown without its timeline when that cannot be read', async () => {
    const { app } = await desk({ timeline: () => Promise.reject(new ApiProblem('unavailable')) });
    const answer = await app.inject({ url: path, headers: await signedIn('support') });
    expect([answer.statusCode, answer.body.includes('Cannot be read now')]).toEqual([200, true]);
  });
});

describe('an act', () => {
  type Call = readonly [name: keyof Enrollments, ...args: unknown[]];
  async function send(
    role: 'support' | 'ops',
    act: string,
    fields: Record<string, string>,
    more: { token?: string; headers?: object } = {},
  ) {
    const calls: Call[] = [];
    const record =
      <Answer>(name: keyof Enrollments, answer: Answer) =>
      async (...args: unknown[]) => {
        calls.push([name, ...args]);
        return answer;
      };
    const started = await desk({
      confirmCode: record('confirmCode', { result: 'confirmed', attemptsLeft: 5, status: awaitingCode } as const),
      resend: record('resend', awaitingCode),
      changePhoneNumber: record('changePhoneNumber', awaitingCode),
      cancel: record('cancel', inState('cancelled')),
    });
    const sent = form(fields, more.token);
    const headers = { ...(await signedIn(role)), ...sent.headers, ...more.headers };
    const answer = await started.app.inject({ method: 'POST', url: `${path}/${act}`, payload: sent.payload, headers });
    return { ...started, answer, calls };
  }
  const reason = 'asked on the phone';
  const acts = [
    ['binding-code', { code: '123 456', challengeId: 'c-1', factor: 'sms' }, 'submit_binding_code', 'confirmCode'],
    ['otp', { code: '123456', challengeId: 'c-1' }, 'submit_otp', 'confirmCode'],
    ['resend', { reason }, 'resend', 'resend'],
    ['phone-number', { phoneNumber: '+1 415 555 0123', reason }, 'change_phone_number', 'changePhoneNumber'],
    ['cancel', { reason }, 'cancel', 'cancel'],
  ] as const;

  test.each(acts)('%s does what the HTTP API does, and leaves its audit line', async (act, fields, action, name) => {
    const { answer, calls, logged } = await send('support', act, fields);
    expect([answer.statusCode, answer.headers.location]).toEqual([303, expect.stringMatching(`^${path}\\?said=`)]);
    expect(calls.map(([called, of]) => [called, of])).toEqual([[name, id]]);
    expect(logged()).toContainEqual(
      expect.objectContaining({
        ...{ audit: true, caller: `jwt:${staffId}`, kind: 'jwt', person: staffId, action, enrollment: id, status: 303 },
        ...('reason' in fields ? { reason } : {}),
      }),
    );
  });

  test.each(acts.map(([act, fields]) => [act, fields] as const))(
    '%s is not done for a form that another page has made',
    async (act, fields) => {
      for (const more of [
        { token: tokens.of('another-session') },
        { token: createFormTokens(idKey, 'page-form').of(session.id) },
        { token: '' },
        { headers: { 'sec-fetch-site': 'cross-site' } },
        { headers: { 'sec-fetch-site': 'same-site' } },
        { headers: { origin: 'https://evil.example.com' } },
      ]) {
        const { answer, calls } = await send('support', act, fields, more);
        expect([answer.statusCode, calls]).toEqual([403, []]);
      }
    },
  );

  test.each(['resend', 'phone-number', 'links', 'cancel'])('%s needs a reason', async (act) => {
    for (const fields of [{}, { reason: '' }, { reason: '   ' }]) {
      const { answer, calls } = await send('support', act, { phoneNumber: '+14155550123', ...fields });
      expect([answer.statusCode, answer.body.includes('A reason is needed'), calls]).toEqual([400, true, []]);
    }
  });

  test('operations send no code, whatever form they send', async () => {
    const { answer, calls } = await send('ops', 'binding-code', { code: '123456' });
    expect([answer.statusCode, answer.body.includes('enrollments:code'), calls]).toEqual([403, true, []]);
  });

  test('a form that is sent twice is one act', async () => {
    const fields = { reason, key: 'k'.repeat(22) };
    const updateIds = [];
    for (const each of [fields, fields, { ...fields, key: 'l'.repeat(22) }]) {
      const { calls } = await send('support', 'resend', each);
      updateIds.push(calls[0]?.[2]);
    }
    expect([updateIds[0] === updateIds[1], updateIds[1] === updateIds[2]]).toEqual([true, false]);
  });

  test('a link is shown once, with its reason in the audit line and not in an address', async () => {
    const { answer, logged } = await send('ops', 'links', { reason });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toMatch(/<code id="link">https:\/\/mfa\.example\.com\/sign-in\/[\w.-]+<\/code>/);
    expect(logged()).toContainEqual(expect.objectContaining({ action: 'create_link', reason, status: 200 }));
  });

  test('what was typed comes back to be corrected, but for the code', async () => {
    const number = await send('support', 'phone-number', { phoneNumber: '0151 1', reason });
    expect(number.answer.statusCode).toBe(400);
    expect(number.answer.body).toContain('value="0151 1"');
    expect(number.answer.body).toContain(`value="${reason}"`);
    const code = await send('support', 'binding-code', { code: '98765', factor: 'sms' });
    expect([code.answer.statusCode, code.answer.body.includes('98765')]).toEqual([400, false]);
  });

  test('a refusal of the enrollment is told in its own words', async () => {
    const { app } = await desk({
      resend: () => Promise.reject(new ApiProblem('resend_too_soon', { retryAfter: 20, detail: 'Wait for it.' })),
    });
    const sent = form({ reason });
    const headers = { ...(await signedIn('support')), ...sent.headers };
    const answer = await app.inject({ method: 'POST', url: `${path}/resend`, payload: sent.payload, headers });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '20']);
    expect(answer.body).toContain('Wait for it.');
  });
});

test('a number that is looked for gets into no address and no log', async () => {
  const asked: unknown[] = [];
  const { app, log } = await desk({
    find: async (who) => {
      asked.push(who);
      return { enrollments: [] };
    },
  });
  for (const who of ['+1 (415) 555-0123', ` ${userId} `]) {
    const sent = form({ who });
    const headers = { ...(await signedIn('support')), ...sent.headers };
    expect((await app.inject({ method: 'POST', url: '/desk/find', payload: sent.payload, headers })).statusCode).toBe(
      200,
    );
  }
  expect(asked).toEqual([{ phoneNumber: '+14155550123' }, { userId }]);
  expect(log()).not.toMatch(/415555|507f1f77/);
});

test('without its application there is no desk', async () => {
  const { app } = await testApp();
  expect((await app.inject({ url: '/desk' })).statusCode).toBe(404);
  await app.close();
});
