import { describe, expect, test } from '@jest/globals';
import { Auth0Error, type Auth0Verdict } from '../../src/auth0/errors';
import type { MfaClient } from '../../src/auth0/mfa';
import { waitingAtMost, withPriority, type Pace, type PacedCall } from '../../src/auth0/pace';
import { paced } from '../../src/auth0/paced';
import { caught } from './caught';

const token = { accessToken: 'a-token', expiresIn: 600, scope: [] };

/** A client that answers, or fails with this error, and writes down what it was asked. */
function client(error?: Auth0Error) {
  const asked: string[] = [];
  const answer =
    <T>(name: string, value: T) =>
    async (): Promise<T> => {
      asked.push(name);
      if (error !== undefined) throw error;
      return value;
    };
  const mfa: MfaClient = {
    associate: answer('associate', { type: 'oob', oobCode: 'x' }),
    confirm: answer('confirm', token),
    listAuthenticators: answer('list', []),
    deleteAuthenticator: answer('delete', undefined),
    refresh: answer('refresh', token),
    exchangeCode: answer('exchange', token),
  };
  return { mfa, asked };
}

/** A pace that lets every call through, or none, and writes down how each one ended. */
function pace(refuses = false) {
  const calls: PacedCall[] = [];
  const ends: (string | number | undefined)[] = [];
  const made: Pace = {
    async admit(call) {
      calls.push(call);
      if (refuses) return { type: 'refused', retryAfterMs: 1_234 };
      return {
        type: 'admitted',
        ended: () => void ends.push('ended'),
        throttled: (forMs) => (ends.push(forMs), 7_000),
      };
    },
  };
  return { pace: made, calls, ends };
}

const every: readonly [string, (mfa: MfaClient) => Promise<unknown>, string][] = [
  ['associate', (mfa) => mfa.associate('t', { authenticatorTypes: ['otp'] }), 'POST /mfa/associate'],
  ['confirm', (mfa) => mfa.confirm('t', { type: 'otp', otp: '123456' }), 'POST /oauth/token'],
  ['list', (mfa) => mfa.listAuthenticators('t'), 'GET /mfa/authenticators'],
  ['delete', (mfa) => mfa.deleteAuthenticator('t', 'sms|x'), 'DELETE /mfa/authenticators/{id}'],
  ['refresh', (mfa) => mfa.refresh('r'), 'POST /oauth/token'],
  [
    'exchange',
    (mfa) => mfa.exchangeCode({ code: 'c', codeVerifier: 'v', redirectUri: 'https://mfa.example.com' }),
    'POST /oauth/token',
  ],
];

describe.each(every)('%s', (name, call, endpoint) => {
  test('is made when it is let through, once', async () => {
    const [{ mfa, asked }, { pace: free, ends }] = [client(), pace()];
    await call(paced(mfa, free));
    expect([asked, ends]).toEqual([[name], ['ended']]);
  });

  test('is not sent when it is refused, and says when to come again', async () => {
    const [{ mfa, asked }, { pace: full }] = [client(), pace(true)];
    const error = await caught(call(paced(mfa, full)));
    expect(error).toMatchObject({ verdict: 'throttled', endpoint, retryAfterMs: 1_234, status: undefined });
    expect(asked).toEqual([]);
  });
});

describe('a 429', () => {
  const endpoint = 'GET /mfa/authenticators';
  const list = (error: Auth0Error) => {
    const { pace: free, ends } = pace();
    return { ends, error: caught(paced(client(error).mfa, free).listAuthenticators('t')) };
  };

  const tooMany = new Auth0Error({
    ...{ verdict: 'throttled', endpoint, status: 429, error: 'too_many_requests', retryAfterMs: 5_000 },
  });
  const tokenOf = (sub: string) =>
    [{ alg: 'RS256' }, { sub }, {}].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  /** Lists for each of these users, one after the other; those that are named are refused. */
  async function listFor(users: readonly string[], refused: (user: string) => boolean) {
    const { pace: free, ends } = pace();
    const good = client().mfa;
    const bad = client(tooMany).mfa;
    const byToken = new Map(users.map((user) => [tokenOf(user), user]));
    const mfa = paced(
      {
        ...good,
        listAuthenticators: (token) => (refused(byToken.get(token) ?? '') ? bad : good).listAuthenticators(token),
      },
      free,
    );
    const answers: unknown[] = [];
    for (const user of users) {
      answers.push(await mfa.listAuthenticators(tokenOf(user)).catch((error: unknown) => error));
    }
    return { ends, last: answers.at(-1) };
  }

  test('that most calls of several users get is the limit of the tenant: the pace says when this call comes again', async () => {
    const { ends, last } = await listFor(['auth0|a', 'auth0|b', 'auth0|c'], () => true);
    expect(last).toMatchObject({
      ...{ verdict: 'throttled', endpoint, status: 429, error: 'too_many_requests' },
      retryAfterMs: 7_000,
    });
    expect(ends).toEqual(['ended', 'ended', 5_000]);
  });

  test('that one user gets again and again makes nobody else wait', async () => {
    const { ends, last } = await listFor(Array<string>(20).fill('auth0|a'), () => true);
    expect(ends).toEqual(Array<string>(20).fill('ended'));
    expect(last).toBe(tooMany);
  });

  test('that few of many calls get makes nobody else wait', async () => {
    const users = Array.from({ length: 40 }, (_, index) => `auth0|${index}`);
    const { ends } = await listFor(users, (user) => Number(user.slice(6)) % 10 === 0);
    expect(ends).toEqual(Array<string>(40).fill('ended'));
  });

  test('about one user makes nobody else wait', async () => {
    const { ends, error } = list(
      new Auth0Error({ verdict: 'throttled', endpoint, status: 429, error: 'too_many_attempts', retryAfterMs: 5_000 }),
    );
    expect((await error).retryAfterMs).toBe(5_000);
    expect(ends).toEqual(['ended']);
  });

  test.each(['unreachable', 'ambiguous', 'token_expired'] as const satisfies readonly Auth0Verdict[])(
    '%s is none: the call has ended, and its error goes up as it is',
    async (verdict) => {
      const given = new Auth0Error({ verdict, endpoint });
      const { ends, error } = list(given);
      expect(await error).toBe(given);
      expect(ends).toEqual(['ended']);
    },
  );
});

describe('the turn of a call', () => {
  const turn = async (call: (mfa: MfaClient) => Promise<unknown>): Promise<PacedCall | undefined> => {
    const { pace: free, calls } = pace();
    await call(paced(client().mfa, free));
    return calls[0];
  };
  const list = (mfa: MfaClient) => mfa.listAuthenticators('t');

  test('is that of a person, who waits up to a second, where nobody has said', async () => {
    expect(await turn(list)).toEqual({ priority: 'interactive', waitMs: 1_000 });
  });

  test('is what was said around it, after any number of awaits', async () => {
    const seen = await turn((mfa) =>
      withPriority('background', async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return waitingAtMost(300, () => list(mfa));
      }),
    );
    expect(seen?.priority).toBe('background');
    expect(seen?.waitMs).toBeGreaterThan(0);
    expect(seen?.waitMs).toBeLessThanOrEqual(300);
  });

  test('is nobody else’s: calls beside it keep theirs', async () => {
    const { pace: free, calls } = pace();
    const mfa = paced(client().mfa, free);
    await Promise.all([withPriority('background', () => list(mfa)), list(mfa)]);
    expect(calls.map(({ priority }) => priority)).toEqual(['background', 'interactive']);
  });

  test('has the signal of the call', async () => {
    const { signal } = new AbortController();
    expect((await turn((mfa) => mfa.listAuthenticators('t', signal)))?.signal).toBe(signal);
  });
});
