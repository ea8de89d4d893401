import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { detailsOf } from '../../src/enrollment/details';
import { foreignToken, readToken } from '../../src/enrollment/token-owner';
import { noTokens, tokenFor, withToken, type GivenToken } from '../../src/enrollment/tokens';
import { viewOf } from '../../src/enrollment/view';
import { waitingAt } from '../../src/enrollment/waiting';
import { tokenExpiry } from '../../src/enrollment/case';
import { now } from './samples';
import { createWorld, own as ownUser } from './world';

const encoded = (text: string | Uint8Array): string => Buffer.from(text).toString('base64url');
const jwt = (claims: unknown): string => `${encoded('{"alg":"RS256"}')}.${encoded(JSON.stringify(claims))}.c2ln`;
const around = (payload: string): string => `${encoded('{"alg":"RS256"}')}.${payload}.c2ln`;

describe('a token whose user can be read', () => {
  test.each([
    ['a JWT of Auth0', jwt({ sub: 'auth0|5f7c8ec7c33c6c004bbafe82', exp: 1_772_367_000, scope: 'enroll' })],
    [
      'a JWT whose signature nobody made: Auth0 refuses that one when it is used',
      `${jwt({
        sub: 'auth0|5f7c8ec7c33c6c004bbafe82',
        exp: 1_772_367_000,
      }).slice(0, -4)}forged`,
    ],
    [
      'a JWT without a signature: so does Auth0 with that one',
      jwt({
        sub: 'auth0|5f7c8ec7c33c6c004bbafe82',
        exp: 1_772_367_000,
      }).slice(0, -4),
    ],
  ])('%s', (_what, token) => {
    expect(readToken(token)).toEqual({
      type: 'readable',
      subject: 'auth0|5f7c8ec7c33c6c004bbafe82',
      expiresAt: 1_772_367_000_000,
    });
  });

  test.each(['auth0|ünïcødé', 'google-oauth2|用户', 'auth0|🙂', 'a', 'sms|+14155550123', '__proto__'])(
    'its subject comes letter for letter: %j',
    (sub) => {
      expect(readToken(jwt({ sub }))).toEqual({ type: 'readable', subject: sub });
    },
  );

  test('any subject comes letter for letter, at any place in the payload', () => {
    const subject = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(subject, fc.string({ unit: 'grapheme', maxLength: 3 }), (sub, before) => {
        expect(readToken(jwt({ before, sub, after: before }))).toEqual({ type: 'readable', subject: sub });
      }),
    );
  });
});

describe('a token whose user cannot be read', () => {
  test.each([
    ['nothing', ''],
    ['a word', 'secret'],
    ['an mfa_token (an iron seal)', 'Fe26.2*SERVER_1*a1b2c3*d4e5*f6a7*1772367000000*b8*c9'],
    ['an mfa_token with two dots', 'Fe26.2.x'],
    ['an encrypted token (JWE): five parts', `${encoded('{"alg":"dir","enc":"A256GCM"}')}..aXY.Y2lwaGVy.dGFn`],
    ['five parts with a payload that says who', `a.${encoded('{"sub":"auth0|own"}')}.b.c.d`],
    ['four parts', `a.${encoded('{"sub":"auth0|own"}')}.b.c`],
    ['two parts', `a.${encoded('{"sub":"auth0|own"}')}`],
    ['dots alone', '..'],
    ['a payload that is no base64url', around('{"sub":"auth0|own"}')],
    ['a payload in plain base64 with padding', around(`${Buffer.from('{"sub":"auth0|owner"}').toString('base64')}=`)],
    ['a payload with a letter of plain base64', around(`${encoded('{"sub":"auth0|own"}')}+/`)],
    ['a payload with a line break', around(`${encoded('{"sub":"auth0|own"}')}\n`)],
    ['a payload with a letter beyond ASCII', around(`${encoded('{"sub":"auth0|own"}')}ü`)],
    ['a payload that is no UTF-8', around(encoded(Uint8Array.from([0x7b, 0xff, 0xfe, 0x7d])))],
    ['a payload that is no JSON', around(encoded('{"sub":"auth0|own"'))],
    ['a payload of nothing', around('')],
    ['a payload that is null', jwt(null)],
    ['a payload that is a list', jwt(['auth0|own'])],
    ['a payload that is a text', jwt('auth0|own')],
    ['no subject', jwt({ exp: 1_772_367_000, user_id: 'auth0|own' })],
    ['an empty subject', jwt({ sub: '' })],
    ['a subject that is a number', jwt({ sub: 5 })],
    ['a subject that is a list', jwt({ sub: ['auth0|own'] })],
    ['a subject that is null', jwt({ sub: null })],
    ['a subject in another case', jwt({ SUB: 'auth0|own' })],
  ])('%s', (_what, token) => {
    expect(readToken(token)).toEqual({ type: 'opaque' });
  });

  test('nothing makes the reading throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string().map(around), fc.json().map(encoded).map(around)),
        (token) => {
          expect(['readable', 'opaque']).toContain(readToken(token).type);
        },
      ),
    );
  });
});

describe('whose token it may be', () => {
  const own = 'auth0|own';
  test.each([
    ["the user's own", jwt({ sub: own }), undefined, undefined],
    ['of another user', jwt({ sub: 'auth0|other' }), 'token_of_another_user', 'token_of_another_user'],
    ['of a user whose id begins alike', jwt({ sub: `${own}1` }), 'token_of_another_user', 'token_of_another_user'],
    ['of a user whose id differs in case', jwt({ sub: 'auth0|OWN' }), 'token_of_another_user', 'token_of_another_user'],
    ['of a user whose id has a blank more', jwt({ sub: `${own} ` }), 'token_of_another_user', 'token_of_another_user'],
    ['opaque', 'Fe26.2*x', 'token_unreadable', undefined],
    ['encrypted', 'a.b.c.d.e', 'token_unreadable', undefined],
  ])('%s', (_what, token, refusing, accepting) => {
    expect([foreignToken(token, own, 'refuse'), foreignToken(token, own, 'accept')]).toEqual([refusing, accepting]);
  });
});

describe('how long a token lives', () => {
  const exp = Math.floor(now / 1000) + 300;
  const lives = (token: GivenToken) => tokenFor(withToken(noTokens, token, now), 0, now)?.expiresAt;

  test.each([
    [
      "a JWT's own exp, over what its bringer says in seconds",
      { accessToken: jwt({ sub: 'u', exp }), expiresIn: 86_400 },
    ],
    [
      "a JWT's own exp, over the time its bringer says",
      { accessToken: jwt({ sub: 'u', exp }), expiresAt: now + 86_400_000 },
    ],
    ["a JWT's own exp, over both", { accessToken: jwt({ sub: 'u', exp }), expiresIn: 5, expiresAt: now + 1 }],
    ['the time its bringer says, over seconds', { accessToken: 'opaque', expiresIn: 5, expiresAt: now + 300_000 }],
    [
      'the time its bringer says, of a JWT that names none',
      { accessToken: jwt({ sub: 'u' }), expiresAt: now + 300_000 },
    ],
    ['the seconds its bringer says', { accessToken: jwt({ sub: 'u' }), expiresIn: 300 }],
  ])('%s', (_what, token) => {
    expect(lives(token)).toBe(now + 300_000);
  });

  test('a fraction of a second of exp counts', () => {
    expect(lives({ accessToken: jwt({ sub: 'u', exp: exp + 0.5 }) })).toBe(now + 300_500);
  });

  test.each([
    ['is absent', {}],
    ['is null', { exp: null }],
    ['is a text', { exp: String(exp) }],
    ['is not a number', { exp: Number.NaN }], // null in JSON
    ['is a list', { exp: [exp] }],
  ])("Auth0's 600 seconds where exp %s", (_how, claims) => {
    expect(lives({ accessToken: jwt({ sub: 'u', ...claims }) })).toBe(now + 600_000);
  });

  test("Auth0's 600 seconds where exp is too large for a number", () => {
    expect(lives({ accessToken: around(encoded('{"sub":"u","exp":1e999}')) })).toBe(now + 600_000);
  });

  describe.each([1e15, 8.64e12 + 1, 1e300, 0, -1, -1e15])(
    'where exp is %p, which is not positive or beyond what a date can show',
    (seconds) => {
      const accessToken = jwt({ sub: ownUser, exp: seconds });

      test('it is as if the token named none', () => {
        expect(readToken(accessToken)).toEqual({ type: 'readable', subject: ownUser });
        expect(lives({ accessToken })).toBe(now + 600_000);
        expect(lives({ accessToken, expiresIn: 300 })).toBe(now + 300_000);
      });

      test.each(['sms', 'otp'] as const)('an enrollment of %s with it can be shown', (factor) => {
        const world = createWorld({ factors: [factor], token: { accessToken } }).run();
        const { enrollment } = world.case;
        const view = viewOf(enrollment, world.now, tokenExpiry(world.case, world.now));
        expect(view).toMatchObject({
          state: 'awaiting_code',
          deadlines: { token: new Date(now + 600_000).toISOString() },
        });
        expect(detailsOf(enrollment, world.now, waitingAt(undefined, enrollment, world.now, false))).toContain(
          'awaiting\\_code',
        );
      });
    },
  );

  test('the last second that a date can show is taken as it is', () => {
    expect(readToken(jwt({ sub: 'u', exp: 8.64e12 }))).toMatchObject({ expiresAt: 8.64e15 });
  });

  test('one that has expired by its own word is never used, whatever its bringer says', () => {
    const token = { accessToken: jwt({ sub: 'u', exp: Math.floor(now / 1000) - 1 }), expiresIn: 600 };
    expect(lives(token)).toBeUndefined();
  });
});
