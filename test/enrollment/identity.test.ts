import { describe, expect, test } from '@jest/globals';
import type { GivenToken } from '../../src/enrollment/tokens';
import type { Authenticator } from '../../src/factors';
import { createWorld, opaqueTokenOf, other, own, tokenOf, type World, type WorldOptions } from './world';

const ofOther: readonly Authenticator[] = [
  { id: 'sms|dev_other', authenticatorType: 'oob', oobChannel: 'sms', active: true },
  { id: 'totp|dev_pending', authenticatorType: 'otp', active: false },
];
const begun = (options: WorldOptions = {}): World => createWorld({ had: { [other]: ofOther }, ...options }).run();

/** Everything but the last problem, which is all that a token of another user may change. */
const apartFromProblem = ({ case: { enrollment, held, memory } }: World) => {
  const { lastProblem: _told, ...rest } = enrollment;
  return { rest, held, memory };
};
const untouched = (world: World): void => {
  expect(world.tenant.account(other)).toEqual(ofOther);
  expect(world.tenant.calls.every(({ userId, forUserId }) => userId === own && forUserId === own)).toBe(true);
};

describe('a token of another user', () => {
  test('at the start is not used: the enrollment waits for one of its own user and completes with it', () => {
    const world = begun({ tokenless: true, token: { accessToken: tokenOf(other) } });
    expect(world.view).toMatchObject({
      state: 'awaiting_token',
      lastProblem: { code: 'token_of_another_user' },
      waitingFor: { who: 'onboarding', what: 'token' },
    });
    world.token(tokenOf(own, world.now));
    expect(world.finish().state).toBe('completed');
    untouched(world);
  });

  test('while one of its own is held changes nothing but the last problem', () => {
    const world = begun();
    const before = apartFromProblem(world);
    world.token(tokenOf(other), { refreshToken: world.tenant.refreshTokenOf(other) });
    expect(apartFromProblem(world)).toEqual(before);
    expect(world.problem).toBe('token_of_another_user');
    expect(world.finish().state).toBe('completed');
    untouched(world);
  });

  test('leaves what an enrollment is blocked on, and when it goes on, as they are', () => {
    const world = createWorld();
    world.trouble = ({ type }) => (type === 'associate' ? 'unavailable' : undefined);
    world.run();
    const { until } = world.step?.type === 'wait' ? world.step : { until: 0 };
    world.token(tokenOf(other));
    expect(world.view.waitingFor).toEqual({ who: 'auth0', what: 'answer' });
    expect(world.step).toMatchObject({ type: 'wait', until });
  });

  test('from a refresh is not used, and the refresh token is not tried again', () => {
    const world = begun({
      tokenless: true,
      token: { accessToken: tokenOf(own, undefined, 1), refreshToken: 'refresh-of-other' },
    });
    expect(world.state).toBe('awaiting_token');
    const foreign = createWorld({ tokenless: true, had: { [other]: ofOther } });
    foreign.token(tokenOf(own, foreign.now, 1), { refreshToken: foreign.tenant.refreshTokenOf(other) });
    expect(foreign.run().view).toMatchObject({
      state: 'awaiting_token',
      lastProblem: { code: 'token_of_another_user' },
    });
    expect(foreign.case.held.tokens.refreshToken).toBeUndefined();
    untouched(foreign);
  });

  test('from a refresh half-way, after the first factor, ends in no false factor', () => {
    const world = begun();
    world.token(tokenOf(own, world.now), { refreshToken: world.tenant.refreshTokenOf(other) });
    expect(world.code(world.rightCode())).toBe('confirmed');
    world.later(700);
    world.resend();
    world.later(3);
    expect(world.view).toMatchObject({ state: 'awaiting_token', lastProblem: { code: 'token_of_another_user' } });
    world.token(tokenOf(own, world.now));
    expect(world.finish().state).toBe('completed');
    untouched(world);
  });
});

describe('a token whose user cannot be read', () => {
  test('is refused by default, however it comes', () => {
    const world = begun({ tokenless: true, token: { accessToken: opaqueTokenOf(own) } });
    expect(world.problem).toBe('token_unreadable');
    world.token(opaqueTokenOf(other));
    expect(world.view).toMatchObject({ state: 'awaiting_token', lastProblem: { code: 'token_unreadable' } });
    expect(world.tenant.calls).toEqual([]);
  });

  test('is used where the installation accepts it', () => {
    const world = begun({
      tokenless: true,
      token: { accessToken: opaqueTokenOf(own) },
      options: { opaqueTokens: 'accept' },
    });
    expect(world.finish().state).toBe('completed');
  });

  test('and turns out to be of another user: the code counts for nothing, and nothing that was read counts', () => {
    const world = begun({
      tokenless: true,
      token: { accessToken: opaqueTokenOf(other) },
      options: { opaqueTokens: 'accept', partialPolicy: 'remove' },
      factors: ['otp', 'sms'],
    });
    expect(world.code(world.rightCode(), 'otp')).toBe('token_needed');
    expect(world.view).toMatchObject({
      state: 'awaiting_token',
      lastProblem: { code: 'token_of_another_user' },
      factors: [{ state: 'waiting' }, { state: 'waiting' }],
    });
    world.token(tokenOf(own, world.now));
    expect(world.finish().view).toMatchObject({ state: 'completed', factors: [{ active: true }, { active: true }] });
    expect(world.tenant.account(own).filter(({ active }) => active)).toHaveLength(2);
    expect(world.tenant.deleted.filter(({ userId }) => userId === other)).toEqual([]);
  });
});

describe('the life of a token', () => {
  test("is the JWT's own, whatever its bringer says", () => {
    const world = createWorld({
      tokenless: true,
      token: { accessToken: tokenOf(own, undefined, 400), expiresIn: 86_400 },
    });
    world.run();
    expect(world.case.held.tokens.held[0]?.expiresAt).toBe(world.now + 400_000);
  });

  test('of an opaque one counts from when it was given: a worker that comes up late finds it too short', () => {
    const world = createWorld({
      tokenless: true,
      token: { accessToken: opaqueTokenOf(own), expiresIn: 600 },
      options: { opaqueTokens: 'accept' },
    });
    world.now += 480_000;
    expect(world.run().view).toMatchObject({ state: 'awaiting_token', lastProblem: { code: 'token_too_short' } });
    expect(world.tenant.sent).toEqual([]);
  });
});

describe('the token of a run that was started by hand is read like any other', () => {
  const opened = (more: Partial<Record<keyof GivenToken, unknown>>): World =>
    createWorld({
      // As it comes out of a message: nothing but its being JSON is sure.
      token: { accessToken: opaqueTokenOf(own), ...more } as GivenToken,
      options: { opaqueTokens: 'accept' },
    });

  test.each([
    ['a life that is no number', { expiresIn: '86400' }],
    ['a life of more than ten years', { expiresIn: 1e300 }],
    ['a life that is over', { expiresIn: -1 }],
    ['an end that no date can show', { expiresAt: 1e300 }],
    ['an end that is a text', { expiresAt: '2026-03-01' }],
  ])('%s counts as unsaid', (_what, more) => {
    const world = opened(more);
    expect(world.case.held.tokens.held).toMatchObject([{ expiresAt: world.now + 600_000 }]);
    expect(world.run().view.state).toBe('awaiting_code');
  });

  test.each(['', 5, null, 'x'.repeat(8193)])('a refresh token that is none is not kept', (refreshToken) => {
    expect(opened({ refreshToken }).case.held.tokens.refreshToken).toBeUndefined();
  });

  test('what else it carries is not kept', () => {
    const { held } = opened({ scope: 'enroll', userId: other } as object).case.held.tokens;
    expect(Object.keys(held[0] ?? {}).sort()).toEqual(['accessToken', 'expiresAt']);
  });

  test.each(['', 5, null, 'x'.repeat(8193)])(
    'an access token that is none leaves the enrollment without one',
    (text) => {
      const world = opened({ accessToken: text });
      expect(world.case.held.tokens.held).toEqual([]);
      expect(world.run().view).toMatchObject({ state: 'awaiting_token', lastProblem: { code: 'token_needed' } });
    },
  );
});

test('a reading that lacks what the user had at the opening leads to no deletion', () => {
  const had: Authenticator = { id: 'push|dev_had', authenticatorType: 'oob', oobChannel: 'auth0', active: true };
  const world = createWorld({ had: { [own]: [had] }, options: { partialPolicy: 'remove' } }).run();
  world.later(40).resend();
  expect(world.code(world.rightCode())).toBe('confirmed');
  world.tenant.accounts.set(
    own,
    world.tenant.account(own).filter(({ id }) => id !== had.id),
  ); // another account, or taken away
  world.tenant.deleted.length = 0;
  world.cancel();
  expect(world.state).toBe('cancelled');
  expect(world.tenant.deleted).toEqual([]);
});

describe('a factor that became active elsewhere', () => {
  const elsewhere: Authenticator = {
    id: 'sms|dev_elsewhere',
    authenticatorType: 'oob',
    oobChannel: 'sms',
    active: true,
  };

  test.each([
    ['Auth0 refused the code', undefined],
    ['Auth0 said that the challenge had expired', 'challengeExpired'],
    ['Auth0 said that somebody refused', 'denied'],
    ['the answer was lost, and all that was made here is still listed unconfirmed', 'lostBefore'],
    ['the answer was strange, and all that was made here is still listed unconfirmed', 'unexpectedBefore'],
  ] as const)('is done, and neither undone nor taken for a proof of the number: %s', (_what, trouble) => {
    const world = createWorld({ options: { partialPolicy: 'remove' } }).run();
    world.tenant.account(own).push(elsewhere);
    world.trouble = ({ type }) => (type === 'confirm' ? trouble : undefined);
    expect(world.code('000002')).toBe('confirmed'); // the list says so, whoever did it
    expect(world.view.factors[0]).toMatchObject({ state: 'confirmed', authenticatorId: elsewhere.id });
    expect(world.case.enrollment.verifiedPhoneNumber).toBeUndefined();
    expect(world.view.phoneNumber).toBeUndefined();
    world.cancel();
    expect(world.state).toBe('cancelled');
    expect(world.tenant.account(own)).toEqual([elsewhere]); // our own leftovers are gone
  });

  test('is not ours where a code was refused, though nothing that was made here is listed any more', () => {
    const world = createWorld({ options: { partialPolicy: 'remove' } }).run();
    world.tenant.accounts.set(own, [elsewhere]); // somebody tidied up as well
    expect(world.code('000002')).toBe('confirmed');
    expect(world.case.enrollment.verifiedPhoneNumber).toBeUndefined();
    world.cancel();
    expect(world.tenant.account(own)).toEqual([elsewhere]);
  });

  test('is not ours either when a resend came before the reading that shows it', () => {
    const world = createWorld({ options: { partialPolicy: 'remove' } }).run();
    world.trouble = ({ type }) => (type === 'confirm' ? 'lostBefore' : type === 'list' ? 'unavailable' : undefined);
    expect(world.code('000002')).toBe('unavailable');
    world.tenant.account(own).push(elsewhere);
    world.trouble = () => undefined;
    world.later(31).resend();
    expect(world.view.factors[0]).toMatchObject({ state: 'confirmed', authenticatorId: elsewhere.id });
    expect(world.case.enrollment.verifiedPhoneNumber).toBeUndefined();
    world.cancel();
    expect(world.tenant.account(own)).toEqual([elsewhere]);
  });

  test('after a code was refused once before is not undone either', () => {
    const world = createWorld({ options: { partialPolicy: 'remove' } }).run();
    expect(world.code('000001')).toBe('rejected');
    world.tenant.account(own).push(elsewhere);
    expect(world.code('000002')).toBe('confirmed');
    world.cancel();
    expect(world.tenant.account(own)).toEqual([elsewhere]);
  });
});

test('a factor whose code this enrollment sent proves its number, and is undone with it', () => {
  const world = createWorld({ options: { partialPolicy: 'remove' } }).run();
  world.trouble = ({ type }) => (type === 'confirm' ? 'lostAfter' : undefined);
  expect(world.code(world.rightCode())).toBe('confirmed');
  expect(world.view.phoneNumber).toBe('••••••••••23');
  world.trouble = () => undefined;
  world.cancel();
  expect(world.tenant.account(own)).toEqual([]);
});
