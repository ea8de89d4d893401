import { describe, expect, test } from '@jest/globals';
import { refuseToken } from '../../src/enrollment/admission';
import { advance, type EnrollmentEvent } from '../../src/enrollment/enrollment';
import { limits } from '../../src/enrollment/limits';
import { viewOf } from '../../src/enrollment/view';
import { fresh, smsActive } from './samples';
import { createWorld, now, other, otherNumber, own, tokenOf } from './world';

const iso = (at: number) => new Date(at).toISOString();

describe('the notices of an enrollment', () => {
  test('name each factor when it is read back, once, and are shown when it has ended', () => {
    const world = createWorld().run();
    expect(world.view.notices).toEqual([]);
    world.code(world.rightCode());
    const smsAt = world.now;
    world.later(60).finish();
    expect(world.view).toMatchObject({
      state: 'completed',
      notices: [
        { type: 'factor_confirmed', factor: 'sms', at: iso(smsAt + 60_000) },
        { type: 'factor_confirmed', factor: 'otp', at: iso(world.now) },
      ],
    });
  });

  test('say nothing of a factor that the user had before', () => {
    const world = createWorld({ had: { [own]: [smsActive] } })
      .run()
      .finish();
    expect(world.view).toMatchObject({ state: 'completed', notices: [{ type: 'factor_confirmed', factor: 'otp' }] });
  });

  test('say that a factor was confirmed again when it had gone, and not when its deletion was only in doubt', () => {
    const read = (authenticators: readonly (typeof smsActive)[], at: number): EnrollmentEvent => ({
      type: 'authenticatorsRead',
      authenticators,
      opening: false,
      at,
    });
    const events: EnrollmentEvent[] = [
      read([smsActive], now),
      { type: 'factorDoubted', factor: 'sms' },
      read([smsActive], now + 1),
      read([], now + 2),
      read([smsActive], now + 3),
    ];
    expect(events.reduce(advance, fresh()).notices).toEqual([
      { type: 'factor_confirmed', factor: 'sms', at: now },
      { type: 'factor_confirmed', factor: 'sms', at: now + 3 },
    ]);
  });

  test('say that the number was changed', () => {
    const world = createWorld().run().later(40);
    world.changeNumber();
    expect(world.view).toMatchObject({
      phoneNumberChanges: 1,
      notices: [{ type: 'phone_number_changed', at: iso(now + 40_000) }],
    });
  });

  test('say that a token took the place of one that lived: not the first one, not the same again, not after its death', () => {
    const first = tokenOf(own);
    const world = createWorld({ tokenless: true }).run();
    world.token(first);
    world.token(first);
    world.token(tokenOf(other));
    expect(world.view.notices).toEqual([]);
    world.token(tokenOf(own));
    expect(world.view.notices).toEqual([{ type: 'token_replaced', at: iso(now) }]);
    world.later(700);
    world.token(tokenOf(own, world.now));
    expect(world.view.notices).toHaveLength(1);
  });

  test('are the newest twenty', () => {
    const changed = (at: number): EnrollmentEvent => ({ type: 'phoneNumberChanged', phoneNumber: '•••77', at });
    const many = Array.from({ length: limits.notices + 5 }, (_, index) => changed(now + index)).reduce(
      advance,
      fresh(),
    );
    const { notices, phoneNumberChanges } = viewOf(many, now);
    expect([notices.length, notices[0]?.at, notices.at(-1)?.at]).toEqual([20, iso(now + 5), iso(now + 24)]);
    expect(phoneNumberChanges).toBe(25);
  });
});

describe('a token with what its user was shown', () => {
  const tokenless = () => createWorld({ tokenless: true }).run();

  test('is taken when the number is still that one, and is the consent of the user', () => {
    const world = tokenless();
    expect(world.token(tokenOf(own), {}, { phoneNumberChanges: 0 })).toMatchObject({ type: 'done' });
    expect(world.view).toMatchObject({ state: 'awaiting_code', consentedAt: iso(now) });
  });

  test('is refused when the number was changed since, before it is kept and in its turn', () => {
    const world = tokenless();
    world.changeNumber();
    const { held } = world.case;
    const shown = { phoneNumberChanges: 0 };
    const stale = tokenOf(own);
    expect(refuseToken(world.case, { accessToken: stale, shown })?.type).toBe('number_changed');
    expect(world.token(stale, {}, shown)).toMatchObject({ type: 'refused', refusal: { type: 'number_changed' } });
    expect(world.case.held).toBe(held);
    expect(world.view).toMatchObject({ state: 'awaiting_token' });
    expect(world.view.consentedAt).toBeUndefined();
    expect(refuseToken(world.case, { accessToken: stale, shown: { phoneNumberChanges: 1 } })).toBeUndefined();
  });

  test('of another user is no consent', () => {
    const world = tokenless();
    world.token(tokenOf(other), {}, { phoneNumberChanges: 0 });
    expect(world.view.consentedAt).toBeUndefined();
  });

  test('is consent to that number alone: a change takes it back, and another token does not bring it', () => {
    const world = tokenless();
    world.token(tokenOf(own), {}, { phoneNumberChanges: 0 });
    world.changeNumber(otherNumber);
    expect(world.view.consentedAt).toBeUndefined();
    world.token(tokenOf(own));
    expect(world.view.consentedAt).toBeUndefined();
    world.token(tokenOf(own), {}, { phoneNumberChanges: 1 });
    expect(world.view.consentedAt).toBe(iso(now));
  });

  test.each([null, 7, 'all', {}, { phoneNumberChanges: -1 }, { phoneNumberChanges: 0.5 }, { phoneNumberChanges: '0' }])(
    '%j is malformed',
    (shown) => {
      expect(refuseToken(tokenless().case, { accessToken: tokenOf(own), shown })?.type).toBe('malformed');
    },
  );
});
