import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../src/enrollment/limits';
import {
  noTokens,
  tokenFor,
  withoutRefreshToken,
  withoutToken,
  withToken,
  type GivenToken,
} from '../../src/enrollment/tokens';
import { now } from './samples';

const given = (...tokens: readonly GivenToken[]) =>
  tokens.reduce((before, token) => withToken(before, token, now), noTokens);
const seconds = (count: number) => now + count * 1000;

describe('which token is used', () => {
  test.each([
    ['none without one', [], undefined],
    ['the only one', [{ accessToken: 'a' }], 'a'],
    ['the newest first', [{ accessToken: 'a' }, { accessToken: 'b' }], 'b'],
    ['an older one that lives long enough', [{ accessToken: 'a' }, { accessToken: 'b', expiresIn: 60 }], 'a'],
  ])('%s', (_what, tokens, used) => {
    expect(tokenFor(given(...tokens), limits.tokenMarginSeconds, now)?.accessToken).toBe(used);
  });

  test("one without a stated life lives Auth0's 600 seconds", () => {
    expect(tokenFor(given({ accessToken: 'a' }), 0, now)).toEqual({ accessToken: 'a', expiresAt: seconds(600) });
  });

  test.each([
    ['lives exactly as long as the step may take', 330, true],
    ['dies a second too early', 329, false],
  ])('a step that waits for a person begins with one that %s: %p s, %p', (_what, expiresIn, begins) => {
    const tokens = given({ accessToken: 'a', expiresIn });
    expect(tokenFor(tokens, limits.tokenMarginSeconds, now) !== undefined).toBe(begins);
  });

  test('life counts from when the token came', () => {
    const tokens = given({ accessToken: 'a' });
    const until = seconds(600 - limits.tokenMarginSeconds);
    expect(tokenFor(tokens, limits.tokenMarginSeconds, until)).toBeDefined();
    expect(tokenFor(tokens, limits.tokenMarginSeconds, until + 1)).toBeUndefined();
  });

  test('one that Auth0 refused is not used again, however often it was given', () => {
    const tokens = given({ accessToken: 'a' }, { accessToken: 'b' }, { accessToken: 'a' });
    expect(withoutToken(tokens, 'a').held.map(({ accessToken }) => accessToken)).toEqual(['b']);
  });

  test('one that is over is let go when the next comes', () => {
    const tokens = withToken(given({ accessToken: 'a', expiresIn: 5 }), { accessToken: 'b' }, seconds(5));
    expect(tokens.held.map(({ accessToken }) => accessToken)).toEqual(['b']);
  });
});

describe('how many tokens are kept', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const brought = (inUse?: string) =>
    names
      .reduce(
        (before, accessToken) =>
          withToken(
            before,
            { accessToken },
            now,
            before.held.find((each) => each.accessToken === inUse),
          ),
        noTokens,
      )
      .held.map(({ accessToken }) => accessToken);

  test('the newest ones', () => {
    expect(brought()).toEqual(['f', 'e', 'd']);
    expect(limits.heldTokens).toBe(3);
  });

  test('and the one of the challenge that waits, which no other can stand in for', () => {
    expect(brought('a')).toEqual(['f', 'e', 'd', 'a']);
    expect(brought('e')).toEqual(['f', 'e', 'd']);
  });
});

describe('the refresh token', () => {
  test.each([
    ['comes with a token', [{ accessToken: 'a', refreshToken: 'r' }], 'r'],
    ['stays when a token brings none', [{ accessToken: 'a', refreshToken: 'r' }, { accessToken: 'b' }], 'r'],
    [
      'is replaced by a newer one',
      [
        { accessToken: 'a', refreshToken: 'r' },
        { accessToken: 'b', refreshToken: 's' },
      ],
      's',
    ],
  ])('%s', (_what, tokens, held) => {
    expect(given(...tokens).refreshToken).toBe(held);
  });

  test('goes when it has been used, and no token with it', () => {
    const tokens = given({ accessToken: 'a', refreshToken: 'r' });
    expect(withoutRefreshToken(tokens)).toEqual({ held: tokens.held });
  });

  test('stays when a token is refused', () => {
    expect(withoutToken(given({ accessToken: 'a', refreshToken: 'r' }), 'a')).toEqual({ held: [], refreshToken: 'r' });
  });
});

test('whatever tokens come and go, a step begins only with one that outlives it', () => {
  const token = fc.record(
    { accessToken: fc.constantFrom('a', 'b', 'c'), expiresIn: fc.integer({ min: 1, max: 900 }) },
    { requiredKeys: ['accessToken'] },
  );
  const step = fc.record({
    wait: fc.nat(400),
    change: fc.oneof(token, fc.constantFrom('a', 'b', 'c')), // a name alone: Auth0 refused that one
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.nat(700), (steps, needed) => {
      let tokens = noTokens;
      let at = now;
      const ends: { name: string; at: number }[] = [];
      for (const { wait, change } of steps) {
        at += wait * 1000;
        if (typeof change === 'string') {
          tokens = withoutToken(tokens, change);
          ends.splice(0, Infinity, ...ends.filter(({ name }) => name !== change));
        } else {
          tokens = withToken(tokens, change, at);
          // The newest that live are kept, and the one that comes.
          ends.splice(0, Infinity, ...ends.filter((end) => end.at > at).slice(1 - limits.heldTokens));
          ends.push({ name: change.accessToken, at: at + (change.expiresIn ?? 600) * 1000 });
        }
        const enough = ends.filter((end) => end.at >= at + needed * 1000).at(-1);
        const used = tokenFor(tokens, needed, at);
        // With a need of nothing, one that dies this very moment is let go or not.
        if (needed > 0) expect(used?.accessToken).toBe(enough?.name);
        if (used !== undefined) expect(used.expiresAt).toBeGreaterThanOrEqual(at + needed * 1000);
      }
    }),
  );
});
