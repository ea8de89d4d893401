import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createPageSessions } from '../../src/api/page-session';
import { ApiProblem } from '../../src/problems';
import type { Enrollments } from '../../src/temporal/enrollments';
import { views } from '../page/views';
import { as, id, idKey, testApp } from './support';

type Answer = Awaited<ReturnType<Awaited<ReturnType<typeof testApp>>['app']['inject']>>;
const cookieName = '__Host-mfa-page';
const view = () => views['code-resend']();

/** The page over an enrollment that awaits a code, and a browser with a session for it. */
async function site(more: Partial<Enrollments> = {}, session = createPageSessions(idKey, true).begin(id)) {
  const confirmCode = jest.fn<Enrollments['confirmCode']>(async () => ({
    ...{ result: 'confirmed', attemptsLeft: 5, status: view() },
  }));
  const changePhoneNumber = jest.fn<Enrollments['changePhoneNumber']>(async () => view());
  const cancel = jest.fn<Enrollments['cancel']>(async () => views.cancelled());
  const resend = jest.fn<Enrollments['resend']>(async () => view());
  const acknowledgeRecoveryCode = jest.fn<Enrollments['acknowledgeRecoveryCode']>(async () => view());
  const { app, log, logged } = await testApp(
    { get: async () => view(), confirmCode, changePhoneNumber, cancel, resend, acknowledgeRecoveryCode, ...more },
    { phoneCountries: ['US', 'DE'] },
  );
  const cookie = { cookie: `${cookieName}=${await session}` };
  const look = (path = '', headers: Record<string, string> = cookie) => app.inject({ url: `/enroll${path}`, headers });
  const tokenIn = ({ body }: Answer) => /name="token" value="([^"]*)"/.exec(body)?.[1] ?? '';
  const send = async (
    path: string,
    fields: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const token = fields['token'] ?? tokenIn(await look());
    return app.inject({
      ...{ method: 'POST', url: `/enroll${path}` },
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...cookie, ...headers },
      payload: new URLSearchParams({ ...fields, token }).toString(),
    });
  };
  const acts = { confirmCode, changePhoneNumber, cancel, resend, acknowledgeRecoveryCode };
  return { ...{ app, log, logged, look, send, tokenIn, cookie, ...acts }, acts: Object.values(acts) };
}

const place = ({ statusCode, headers }: Answer) => [statusCode, headers.location];
const code = { factor: 'sms', code: '123 456', challengeId: 'c-sms' };
const forms: readonly [string, Record<string, string>][] = [
  ['/code', code],
  ['/number', { number: '4155550123', country: 'US' }],
  ['/resend', {}],
  ['/recovery-code', {}],
  ['/sign-in', {}],
  ['/stop', {}],
];

describe('the session', () => {
  test.each([
    ['no cookie', {}],
    ['a cookie that we have not made', { cookie: `${cookieName}=x.y.z` }],
    ['an API key', as('onboarding')],
  ])('%s opens nothing', async (_name, headers) => {
    const { app, look, acts } = await site();
    for (const path of ['', '/number', '/stop', '/recovery-code.txt', '/events']) {
      expect((await look(path, headers)).statusCode).toBe(403);
    }
    for (const [path] of forms) {
      const form = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
      const sent = await app.inject({ method: 'POST', url: `/enroll${path}`, headers: form, payload: 'token=x' });
      expect(sent.statusCode).toBe(403);
    }
    for (const act of acts) expect(act).not.toHaveBeenCalled();
  });

  test('opens no route of the API', async () => {
    const { app, cookie } = await site();
    for (const url of [`/v1/enrollments/${id}`, `/v1/enrollments/${id}/challenge`, '/v1/enrollments']) {
      expect((await app.inject({ url, headers: cookie })).statusCode).toBe(401);
    }
  });

  test('is of one enrollment: whatever the page does, it does to that one', async () => {
    const { send, acts } = await site();
    for (const [path, fields] of forms) await send(path, fields);
    for (const act of acts) expect(act.mock.calls.map(([of]) => of)).toEqual([id]);
  });

  test('ends after twelve hours', async () => {
    jest.useFakeTimers({ now: Date.now() - 12 * 3_600_000 - 1000, doNotFake: ['nextTick', 'setImmediate'] });
    const old = await createPageSessions(idKey, true).begin(id);
    jest.useRealTimers();
    const { look } = await site({}, Promise.resolve(old));
    expect((await look()).statusCode).toBe(403);
  });

  test('of an enrollment that is no longer there says so', async () => {
    const { look } = await site({ get: () => Promise.reject(new ApiProblem('enrollment_not_found')) });
    const answer = await look();
    expect([answer.statusCode, answer.body]).toEqual([403, expect.stringContaining('Open your link to go on')]);
  });

  test('is left by the user', async () => {
    const { send } = await site();
    const answer = await send('/leave');
    expect([answer.statusCode, answer.cookies[0]]).toEqual([
      200,
      expect.objectContaining({ name: cookieName, value: '' }),
    ]);
  });
});

describe('a form', () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['without its token', { token: '' }, {}],
    ['with a made-up token', { token: 'A'.repeat(43) }, {}],
    ['from another site, as the browser says', {}, { 'sec-fetch-site': 'cross-site' }],
    ['from a neighbour in the domain', {}, { 'sec-fetch-site': 'same-site' }],
    ['of another origin', {}, { origin: 'https://evil.example.com' }],
  ])('%s does nothing', async (_name, fields, headers) => {
    const { send, acts } = await site();
    for (const [path, own] of forms) {
      expect(place(await send(path, { ...own, ...fields }, headers))).toEqual([303, '/enroll?notice=form_not_ours']);
    }
    for (const act of acts) expect(act).not.toHaveBeenCalled();
  });

  test('of another session does nothing', async () => {
    const { send, confirmCode } = await site();
    const other = await site();
    const token = other.tokenIn(await other.look());
    expect(place(await send('/code', { ...code, token }))).toEqual([303, '/enroll?notice=form_not_ours']);
    expect(confirmCode).not.toHaveBeenCalled();
  });

  test('has the hand of the account holder, and of nobody else', async () => {
    const { send, confirmCode, changePhoneNumber, acknowledgeRecoveryCode } = await site();
    for (const [path, fields] of forms) await send(path, fields);
    const holder = expect.objectContaining({ accountHolder: true });
    expect(confirmCode.mock.calls[0]?.[3]).toEqual(holder);
    expect(changePhoneNumber.mock.calls[0]?.[3]).toEqual(holder);
    expect(acknowledgeRecoveryCode.mock.calls[0]?.[2]).toEqual(holder);
  });

  test('is sent 30 times a minute at most', async () => {
    const { send, resend } = await site();
    for (let turn = 0; turn < 30; turn += 1) await send('/resend');
    expect(place(await send('/resend'))).toEqual([303, '/enroll?notice=too_often']);
    expect(resend).toHaveBeenCalledTimes(30);
  });

  test('leaves a line that says what was done to which enrollment, and no code, number or session', async () => {
    const { send, logged, log, cookie } = await site();
    for (const [path, fields] of forms) await send(path, fields);
    const lines = logged().filter(({ audit }) => audit === true);
    expect(lines.map(({ action }) => action)).toEqual([
      ...['submit_code', 'change_phone_number', 'resend', 'acknowledge_recovery_code', 'create_link', 'cancel'],
    ]);
    for (const line of lines) expect(line).toMatchObject({ caller: 'user', kind: 'user', enrollment: id });
    for (const secret of ['123456', '123 456', '4155550123', cookie.cookie.slice(cookieName.length + 1)]) {
      expect(log()).not.toContain(secret);
    }
  });
});

describe('a code', () => {
  test('is sent without its spaces, with the challenge that it answers, and the page is loaded anew', async () => {
    const { send, confirmCode } = await site();
    expect(place(await send('/code', code))).toEqual([303, '/enroll']);
    expect(confirmCode.mock.calls[0]?.slice(0, 2)).toEqual([
      id,
      { factor: 'sms', code: '123456', challengeId: 'c-sms' },
    ]);
  });

  test.each(['', '12345', '1234567', 'abcdef', '<script>'])(
    '"%s" is none: it is asked for again, as it was',
    async (text) => {
      const { send, confirmCode } = await site();
      const answer = await send('/code', { ...code, code: text });
      expect(answer.statusCode).toBe(422);
      expect(answer.body).toContain('A code has six digits');
      expect(answer.body).toMatch(/<title>Error: /);
      expect(answer.body).not.toContain('<script>');
      expect(confirmCode).not.toHaveBeenCalled();
    },
  );

  test.each([
    ['expired', '/enroll?notice=code_expired'],
    ['unavailable', '/enroll?notice=code_not_checked'],
    ['rejected', '/enroll'],
    ['rate_limited', '/enroll'],
    ['token_needed', '/enroll'],
  ] as const)('that is %s leads to %s', async (result, where) => {
    const { send } = await site({ confirmCode: async () => ({ result, attemptsLeft: 4, status: view() }) });
    expect(place(await send('/code', code))).toEqual([303, where]);
  });

  test.each([
    ['stale_challenge', '/enroll?notice=stale_code'],
    ['wrong_step', '/enroll?notice=moved_on'],
    ['second_person_needed', '/enroll?notice=agree_first'],
    ['rate_limited', '/enroll'],
    ['unavailable', '/enroll?notice=unavailable'],
    ['enrollment_settled', '/enroll?notice=moved_on'],
  ] as const)('that is refused as %s leads to %s', async (problem, where) => {
    const { send } = await site({ confirmCode: () => Promise.reject(new ApiProblem(problem)) });
    expect(place(await send('/code', code))).toEqual([303, where]);
  });

  test('whose answer takes long is shown as being checked, as long as its challenge is the newest', async () => {
    const { send, look } = await site({ confirmCode: async () => undefined });
    const answer = await send('/code', code);
    expect(place(answer)).toEqual([303, '/enroll?notice=code_pending&of=c-sms']);
    expect((await look('?notice=code_pending&of=c-sms')).body).toContain('Your code is being checked');
    expect((await look('?notice=code_pending&of=another')).body).toContain('Enter the code from the text message');
  });
});

describe('a number', () => {
  test.each([
    ['4155550123', 'US', '+14155550123'],
    ['0151 12345678', 'DE', '+4915112345678'],
    ['+49 151 12345678', 'US', '+4915112345678'],
  ])('%s of %s is %s', async (number, country, e164) => {
    const { send, changePhoneNumber } = await site();
    expect(place(await send('/number', { number, country }))).toEqual([303, '/enroll']);
    expect(changePhoneNumber.mock.calls[0]?.[1]).toBe(e164);
  });

  test.each([
    ['12', 'US', 'not a phone number of the country'],
    ['0900 1234567', 'DE', 'this kind of number'],
    ['+33612345678', 'US', 'Numbers of this country'],
    ['4155550123 ext. 5', 'US', 'not a phone number of the country'],
  ])('%s of %s is turned down, says why, and stays as it was typed', async (number, country, why) => {
    const { send, changePhoneNumber } = await site();
    const answer = await send('/number', { number, country });
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain(why);
    expect(answer.body).toContain(`value="${number}"`);
    expect(changePhoneNumber).not.toHaveBeenCalled();
  });

  test('can be of the countries that are allowed, under their names', async () => {
    const { look } = await site();
    const { body } = await look('/number', { ...(await site()).cookie, 'accept-language': 'de' });
    expect(body.match(/<option[^>]*>[^<]*/g)).toEqual([
      '<option value="DE" selected>Deutschland (+49)',
      '<option value="US">Vereinigte Staaten (+1)',
    ]);
  });
});

describe('the page', () => {
  let real: Awaited<ReturnType<typeof site>>;
  beforeEach(async () => {
    real = await site({
      get: async () => views['recovery-code'](),
      challenge: async () => ({ type: 'none', recoveryCode: 'ABCDEFGH' }),
    });
  });
  afterEach(() => real.app.close());

  test('runs scripts and styles of ours alone, stands in no frame, and is not kept', async () => {
    const { headers, body } = await real.look();
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(body).not.toMatch(/<script(?! type="module" src="\/assets\/)| style=| on\w+=|https?:/);
  });

  test('gives the recovery code as a file', async () => {
    const { headers, body } = await real.look('/recovery-code.txt');
    expect(headers).toMatchObject({
      'content-disposition': 'attachment; filename="recovery-code.txt"',
      'cache-control': 'no-store',
    });
    expect(body).toContain('Recovery code for Example Corp');
    expect(body).toContain('ABCDEFGH');
  });

  test('tells of what was done once, in words that are ours', async () => {
    expect((await real.look('?notice=too_soon')).body).toContain('A code was sent a moment ago');
    expect((await real.look('?notice=<script>')).body).not.toContain('role="alert"');
  });

  test.each([
    ['unavailable', 503, 'Nothing is lost'],
    ['too_many_requests', 429, 'asked for too often'],
    ['internal', 500, 'The fault is on our side'],
  ] as const)('says in words that the service is %s', async (problem, status, words) => {
    const { look } = await site({ get: () => Promise.reject(new ApiProblem(problem)) });
    const answer = await look();
    expect([answer.statusCode, answer.body]).toEqual([status, expect.stringContaining(words)]);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
  });
});
