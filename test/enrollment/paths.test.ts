import { describe, expect, test } from '@jest/globals';
import { limits } from '../../src/enrollment/limits';
import type { Authenticator } from '../../src/factors';
import { createWorld, otherNumber, own, phoneNumber, tokenOf, type World } from './world';

test('both factors, the way it goes when nothing goes wrong', () => {
  const world = createWorld().run();
  expect(world.view).toMatchObject({
    state: 'awaiting_code',
    factor: 'sms',
    waitingFor: { who: 'user', what: 'binding_code' },
  });
  expect(world.code(world.rightCode())).toBe('confirmed');
  expect(world.view).toMatchObject({ state: 'awaiting_code', factor: 'otp', waitingFor: { who: 'user', what: 'otp' } });
  expect(world.code(world.rightCode(), 'otp')).toBe('confirmed');
  expect(world.view).toMatchObject({ state: 'completed', waitingFor: { who: 'nobody' } });
  expect(world.tenant.account(own).map(({ active }) => active)).toEqual([true, true]);
});

/** A token that outlives every test. */
const longToken = () => ({ accessToken: tokenOf(own, undefined, 400_000) });
const sms: Authenticator = { id: 'sms|dev_had', authenticatorType: 'oob', oobChannel: 'sms', active: true };
const otp: Authenticator = { id: 'totp|dev_had', authenticatorType: 'otp', active: true };
const held = (world: World) =>
  world.tenant.account(own).map(({ id, active }) => `${id.split('|')[0] ?? ''} ${active ? 'active' : 'inactive'}`);

describe('after a resend', () => {
  test('the code of the text before is asked about after the newest challenge, and costs no attempt', () => {
    const world = createWorld().run();
    const earlier = world.rightCode();
    world.later(limits.cooldownSeconds).resend();
    expect(world.code(earlier)).toBe('confirmed');
    expect(world.tenant.calls.filter(({ type }) => type === 'confirm')).toHaveLength(2);
    expect(world.view.attemptsLeft).toBe(5);
  });

  test('a code that names the challenge before is asked about with that one alone', () => {
    const world = createWorld().run();
    const [earlier, id] = [world.rightCode(), world.view.challenge?.challengeId];
    world.later(limits.cooldownSeconds).resend();
    expect(world.code(earlier, 'sms', id)).toBe('confirmed');
    expect(world.tenant.calls.filter(({ type }) => type === 'confirm')).toHaveLength(1);
  });

  test('no attempt has come back', () => {
    const world = createWorld().run();
    world.code('000001');
    world.code('000002');
    world.later(limits.cooldownSeconds).resend();
    expect(world.view).toMatchObject({ state: 'awaiting_code', attemptsLeft: 3 });
  });
});

describe('the end of a code that was sent', () => {
  test('without a token for another one has the user sign in, at that moment and not when somebody asks', () => {
    const world = createWorld().run().later(299);
    expect(world.state).toBe('awaiting_code');
    expect(world.later(2).view).toMatchObject({
      state: 'awaiting_token',
      lastProblem: { code: 'token_too_short', at: new Date(world.case.enrollment.startedAt + 300_000).toISOString() },
      waitingFor: { who: 'user', what: 'sign_in' },
    });
    world.token(tokenOf(own, world.now));
    expect(world.view).toMatchObject({ state: 'awaiting_code', waitingFor: { who: 'user', what: 'binding_code' } });
    expect(world.finish().state).toBe('completed');
  });

  test('with another token at hand waits for a resend until that one is too old for a code as well', () => {
    const world = createWorld().run();
    world.token(tokenOf(own, world.now, 3600));
    const expired = {
      state: 'awaiting_code',
      waitingFor: { who: 'user', what: 'resend' },
      lastProblem: { code: 'code_expired' },
    };
    expect(world.later(301).view).toMatchObject(expired);
    expect(world.case.enrollment).toMatchObject({ challenge: { expired: true } });
    expect(world.later(3600 - 301 - limits.tokenMarginSeconds).view).toMatchObject(expired);
    expect(world.later(1).view).toMatchObject({
      state: 'awaiting_token',
      lastProblem: { code: 'token_too_short' },
      waitingFor: { who: 'user', what: 'sign_in' },
    });
    expect(world.tenant.sent).toHaveLength(1);
  });

  test('with a refresh token at hand waits for a resend, which renews the token', () => {
    const world = createWorld({ tokenless: true });
    world.token(tokenOf(own, world.now), { refreshToken: world.tenant.refreshTokenOf(own) });
    expect(world.run().later(24 * 3600).view).toMatchObject({
      state: 'awaiting_code',
      waitingFor: { who: 'user', what: 'resend' },
    });
    expect(world.resend()).toMatchObject({ type: 'done' });
    expect(world.finish().state).toBe('completed');
  });

  const confirms = (world: World) => world.tenant.calls.filter(({ type }) => type === 'confirm');

  test.each([
    ['with a token for another one', 3600, 'expired'],
    ['without one', 600, 'token_needed'],
  ])('is told to whoever sends that code afterwards, and Auth0 is not asked about it: %s', (_what, life, result) => {
    for (const after of [300, 301]) {
      const world = createWorld({ token: { accessToken: tokenOf(own, undefined, life) } }).run();
      world.now += after * 1000; // the message wakes the run, before its own timer does
      expect(world.code(world.rightCode())).toBe(result);
      expect(confirms(world)).toEqual([]);
      expect(world.view.attemptsLeft).toBe(limits.attempts);
    }
  });

  test('is that of each text alone: after a resend the earlier one is not asked about any more, and the newest is', () => {
    const world = createWorld({ token: longToken() }).run();
    const [earlier, earlierId] = [world.rightCode(), world.view.challenge?.challengeId];
    world.later(200).resend();
    world.later(101);
    expect(world.code(earlier, 'sms', earlierId)).toBe('expired');
    expect(confirms(world)).toEqual([]);
    expect(world.code(earlier)).toBe('rejected');
    expect(confirms(world)).toHaveLength(1);
    expect(world.code(world.rightCode())).toBe('confirmed');
  });
});

describe('the end of a QR code', () => {
  const margin = limits.callMarginSeconds;

  test('is 10 seconds before that of its token: a code that comes until then reaches Auth0', () => {
    const world = createWorld({ factors: ['otp'] }).run();
    const ends = world.now + (600 - margin) * 1000;
    expect(margin).toBe(10);
    expect(world.view).toMatchObject({
      challenge: { expiresAt: new Date(ends).toISOString() },
      deadlines: { challenge: new Date(ends).toISOString() },
    });
    world.now = ends - 1;
    expect(world.code(world.rightCode(), 'otp')).toBe('confirmed');
  });

  test('has the user sign in, and Auth0 is not asked about a code that comes afterwards', () => {
    const world = createWorld({ factors: ['otp'] }).run();
    world.now += (600 - margin) * 1000;
    expect(world.code(world.rightCode(), 'otp')).toBe('token_needed');
    expect(world.tenant.calls.filter(({ type }) => type === 'confirm')).toEqual([]);
    expect(world.view).toMatchObject({ state: 'awaiting_token', waitingFor: { who: 'user', what: 'sign_in' } });
  });

  test('comes by itself', () => {
    const world = createWorld({ factors: ['otp'] }).run();
    expect(world.later(600 - margin - 1).state).toBe('awaiting_code');
    expect(world.later(1).state).toBe('awaiting_token');
  });
});

test('a challenge is answered with the token it was asked for with, however many came since', () => {
  const world = createWorld().run();
  for (let more = 0; more < limits.heldTokens + 2; more += 1) world.token(tokenOf(own, world.now));
  expect(world.code(world.rightCode())).toBe('confirmed');
  expect(world.case.held.tokens.held.length).toBeLessThanOrEqual(limits.heldTokens + 1);
});

test('a token that a refresh gives does not push out the one of the challenge that waits either', () => {
  const world = createWorld({ factors: ['sms'], token: { accessToken: tokenOf(own, undefined, 400) } }).run();
  for (let more = 2; more < limits.heldTokens; more += 1) world.token(tokenOf(own, world.now, 300));
  const earlier = world.rightCode();
  world.token(tokenOf(own, world.now, 300), { refreshToken: world.tenant.refreshTokenOf(own) });
  world.later(100);
  world.trouble = ({ type }) => (type === 'associate' ? 'unavailable' : undefined);
  world.resend(); // needs another token, which is renewed
  expect(world.view).toMatchObject({ state: 'associating', lastProblem: { code: 'auth0_unavailable' } });
  expect(world.code(earlier)).toBe('confirmed');
});

describe('another phone number', () => {
  test('leaves nothing of the old one that would work, nor its authenticator', () => {
    const world = createWorld().run();
    const codeOfOld = world.rightCode();
    world.changeNumber();
    world.later(limits.cooldownSeconds);
    expect(world.code(codeOfOld)).toBe('rejected');
    expect(world.tenant.sent.map(({ to }) => to)).toEqual([phoneNumber, otherNumber]);
    expect(held(world)).toEqual(['sms inactive']);
  });

  test('leaves the challenge of the app alone, and is texted in its turn', () => {
    const world = createWorld({ factors: ['otp', 'sms'] }).run();
    const { challenge } = world.view;
    world.changeNumber();
    expect(world.view.challenge).toEqual(challenge);
    expect(world.finish().state).toBe('completed');
    expect(world.tenant.sent.map(({ to }) => to)).toEqual([otherNumber]);
  });
});

describe('texts', () => {
  test('the eleventh is refused before Auth0 is asked, with the time of the next, and goes out then', () => {
    const world = createWorld({ token: longToken() }).run();
    for (let texts = 2; texts <= 10; texts += 1) world.later(limits.cooldownSeconds).resend();
    world.later(limits.cooldownSeconds);
    const refused = world.resend();
    expect(refused).toMatchObject({ refusal: { type: 'too_many_texts', retryAt: expect.any(Number) } });
    expect(world.view).toMatchObject({ textsLeft: 0, lastProblem: { code: 'too_many_texts' } });
    expect(world.tenant.sent).toHaveLength(10);
    world.later(3600).resend();
    expect(world.tenant.sent).toHaveLength(11);
  });

  test('none is used up by an outage, however long it is', () => {
    const world = createWorld({ token: longToken() });
    let asked = 0;
    world.trouble = ({ type }) => {
      if (type !== 'associate') return undefined;
      asked += 1;
      return 'throttled';
    };
    world.run().later(12 * 3600);
    expect(asked).toBeGreaterThan(12);
    world.trouble = () => undefined;
    world.later(600);
    expect(world.view).toMatchObject({ state: 'awaiting_code', textsLeft: 9 });
    expect(world.tenant.sent).toHaveLength(1);
  });
});

describe('when its time is over, an enrollment', () => {
  const lifetimeSeconds = 300;

  test.each([
    ['keep', 'partial', ['sms active']],
    ['remove', 'expired', []],
  ] as const)('with one factor and the policy to %s is %s', (partialPolicy, state, left) => {
    const world = createWorld({ options: { lifetimeSeconds, partialPolicy } }).run();
    world.code(world.rightCode());
    expect(world.later(lifetimeSeconds).state).toBe(state);
    expect(held(world)).toEqual(left);
  });

  test('under the policy to remove keeps the factor that the user had before', () => {
    const world = createWorld({ had: { [own]: [otp] }, options: { lifetimeSeconds, partialPolicy: 'remove' } }).run();
    expect(world.later(lifetimeSeconds).view).toMatchObject({ state: 'partial', factors: [{}, { active: true }] });
    expect(held(world)).toEqual(['totp active']);
  });

  test('under the policy to remove keeps a factor that was made active elsewhere meanwhile', () => {
    const world = createWorld({ options: { lifetimeSeconds, partialPolicy: 'remove' } }).run();
    world.tenant.account(own).push(sms);
    expect(world.later(lifetimeSeconds).view).toMatchObject({ state: 'partial', factors: [{ active: true }, {}] });
    expect(held(world)).toEqual(['sms active']);
  });

  test('under the policy to remove takes back every factor that it made, also two that Auth0 deletes together', () => {
    const world = createWorld({
      factors: ['sms', 'voice', 'otp'],
      token: longToken(),
      options: { lifetimeSeconds, partialPolicy: 'remove' },
    }).run();
    expect(world.code(world.rightCode(), 'sms')).toBe('confirmed');
    world.later(limits.cooldownSeconds);
    expect(world.code(world.rightCode(), 'voice')).toBe('confirmed');
    expect(held(world)).toEqual(['sms active', 'voice active', 'totp inactive']);
    expect(world.later(lifetimeSeconds).view).toMatchObject({
      state: 'expired',
      factors: [
        { factor: 'sms', state: 'removed', active: false },
        { factor: 'voice', state: 'removed', active: false },
        { factor: 'otp', active: false },
      ],
    });
    expect(held(world)).toEqual([]);
  });

  test('under the policy to remove keeps a text that Auth0 would delete together with a call from elsewhere', () => {
    const voice: Authenticator = { ...sms, id: 'voice|dev_elsewhere', oobChannel: 'voice' };
    const world = createWorld({ options: { lifetimeSeconds, partialPolicy: 'remove' } }).run();
    world.code(world.rightCode());
    world.tenant.account(own).push(voice);
    expect(world.later(lifetimeSeconds).state).toBe('partial');
    expect(held(world)).toEqual(['sms active', 'voice active']);
  });

  test('with nothing is expired and leaves no authenticator', () => {
    const world = createWorld({ options: { lifetimeSeconds } }).run();
    expect(world.later(lifetimeSeconds).state).toBe('expired');
    expect(held(world)).toEqual([]);
  });
});

test('a user who comes near to as many authenticators as Auth0 keeps is warned about, and goes on', () => {
  const many = Array.from({ length: limits.nearAuthenticatorLimit }, (_, index) => ({
    ...otp,
    id: `totp|dev_${index}`,
    active: false,
  }));
  expect(createWorld({ had: { [own]: many } }).run().view).toMatchObject({
    state: 'awaiting_code',
    lastProblem: { code: 'authenticator_limit' },
  });
});
