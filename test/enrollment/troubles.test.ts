import { describe, expect, test } from '@jest/globals';
import { refuseCode } from '../../src/enrollment/admission';
import { apply, receive } from '../../src/enrollment/case';
import { decide } from '../../src/enrollment/decide';
import { beginEnding } from '../../src/enrollment/ending';
import { inheritedFrom } from '../../src/enrollment/enrollment';
import { learn } from '../../src/enrollment/learn';
import { limits } from '../../src/enrollment/limits';
import type { EffectStep } from '../../src/enrollment/steps';
import type { Authenticator } from '../../src/factors';
import { createWorld, otherNumber, own, phoneNumber, tokenOf, type Trouble, type World } from './world';

/** The first `times` steps of this type go wrong like this. */
const troubled = (world: World, type: EffectStep['type'], trouble: Trouble, times = 1): World => {
  let left = times;
  world.trouble = (step) => {
    if (step.type !== type || left === 0) return undefined;
    left -= 1;
    return trouble;
  };
  return world;
};
const always =
  (type: EffectStep['type'], trouble: Trouble) =>
  (step: EffectStep): Trouble | undefined =>
    step.type === type ? trouble : undefined;
const callsOf = (world: World, type: EffectStep['type']) => world.tenant.calls.filter((call) => call.type === type);
const records = (world: World) =>
  world.tenant.account(own).map(({ id, active }) => `${id.split('|')[0] ?? ''} ${active}`);

describe('an associate whose answer is lost', () => {
  test('stays counted, is swept, and is made again by itself when the cool-down is over', () => {
    const world = troubled(createWorld(), 'associate', 'lostAfter').run();
    expect(world.view).toMatchObject({
      state: 'associating',
      textsLeft: 9,
      waitingFor: { who: 'nobody', what: 'cooldown' },
    });
    world.later(limits.cooldownSeconds);
    expect(world.view).toMatchObject({ state: 'awaiting_code', textsLeft: 8 });
    expect(world.tenant.sent).toHaveLength(2);
    expect(records(world)).toEqual(['sms false']);
  });

  test('three times in a row waits for somebody to ask again, and that obeys the cool-down', () => {
    const world = troubled(createWorld(), 'associate', 'lostAfter', 3).run().later(100);
    expect(world.view).toMatchObject({
      state: 'associating',
      lastProblem: { code: 'answer_lost' },
      waitingFor: { who: 'user', what: 'resend' },
    });
    expect(world.tenant.sent).toHaveLength(3);
    expect(world.resend()).toMatchObject({ type: 'done' });
    expect(world.finish().state).toBe('completed');
  });

  test('and a code that came early for it is answered, and spent on no other challenge', () => {
    const world = createWorld();
    world.trouble = (step) => {
      if (step.type !== 'associate' || world.tenant.sent.length > 0) return undefined;
      world.case = {
        ...world.case,
        received: 1,
        inbox: [{ id: 0, command: { type: 'code', answers: 'oob', code: '123456' } }],
      };
      return 'lostAfter';
    };
    world.run();
    expect(world.answers.get(0)).toMatchObject({ result: 'expired' });
    expect(callsOf(world, 'confirm')).toEqual([]);
  });
});

describe('a confirm whose answer is lost', () => {
  test('is settled by reading: the code is not spent again', () => {
    const world = createWorld().run();
    world.trouble = always('confirm', 'lostAfter');
    expect(world.code(world.rightCode())).toBe('confirmed');
    expect(callsOf(world, 'confirm')).toHaveLength(1);
  });

  test('and that cannot be read until the token dies asks for no endless list', () => {
    const world = createWorld().run();
    world.trouble = ({ type }) => (type === 'confirm' ? 'lostAfter' : type === 'list' ? 'unavailable' : undefined);
    expect(world.code(world.rightCode())).toBe('unavailable');
    world.trouble = () => undefined;
    const steps: string[] = [];
    world.trouble = ({ type }) => {
      steps.push(type);
      return type === 'list' ? 'unavailable' : undefined;
    };
    world.token(tokenOf(own, world.now + 500_000));
    world.later(24 * 3600);
    expect(steps.length).toBeLessThan(24 * 13); // at most one in five minutes, give or take the spread
    world.trouble = () => undefined;
    world.token(tokenOf(own, world.now));
    expect(world.later(400).finish().state).toBe('completed');
  });

  test('is read with a token that lives, not with the dead one of the challenge', () => {
    const world = createWorld().run().later(250);
    world.token(tokenOf(own, world.now, 3600));
    world.trouble = ({ type }) => (type === 'confirm' ? 'lostAfter' : type === 'list' ? 'unavailable' : undefined);
    expect(world.code(world.rightCode())).toBe('unavailable');
    world.later(400); // the token of the challenge is dead by now
    world.trouble = () => undefined;
    world.later(500);
    expect(world.view.factors[0]).toMatchObject({ factor: 'sms', state: 'confirmed' });
    expect(world.tenant.account(own)[0]).toMatchObject({ active: true });
  });
});

describe.each([
  ['before the reading', false],
  ['after a reading that does not show yet what Auth0 has accepted', true],
])('a confirm whose answer is lost, and a resend %s', (_when, lags) => {
  const asked = (): World => {
    const world = createWorld({ options: { partialPolicy: 'remove' } }).run();
    const code = world.rightCode();
    if (lags) {
      let listed: readonly Authenticator[] = [];
      world.trouble = ({ type }) => {
        if (type !== 'list') return type === 'confirm' ? 'lostAfter' : undefined;
        listed = world.tenant.account(own);
        world.tenant.accounts.set(
          own,
          listed.map((each) => ({ ...each, active: false })),
        );
        return undefined;
      };
      expect(world.code(code)).toBe('unavailable');
      world.tenant.accounts.set(own, [...listed]);
      world.trouble = () => undefined;
      world.later(limits.cooldownSeconds + 1);
      expect(world.resend()).toMatchObject({ type: 'done' });
      return world;
    }
    world.trouble = ({ type }) => (type === 'confirm' ? 'lostAfter' : type === 'list' ? 'unavailable' : undefined);
    expect(world.code(code)).toBe('unavailable');
    world.trouble = () => undefined;
    world.later(limits.cooldownSeconds + 1);
    expect(world.state).toBe('awaiting_code'); // not read yet
    expect(world.resend()).toMatchObject({ type: 'done' });
    return world;
  };

  test('sends nothing more for a factor that is active: the next one comes', () => {
    const world = asked();
    expect(world.tenant.sent).toHaveLength(1);
    expect(world.view).toMatchObject({ state: 'awaiting_code', factor: 'otp', factors: [{ state: 'confirmed' }, {}] });
  });

  test('verifies the number', () => {
    const world = asked();
    expect(world.case.enrollment.verifiedPhoneNumber).toBe('••••••••••23');
    expect(world.view.phoneNumber).toBe('••••••••••23');
  });

  test('counts as made here: the policy to remove takes it back', () => {
    expect(asked().cancel().view).toMatchObject({ state: 'cancelled', factors: [{ state: 'removed' }, {}] });
  });

  test('does all of it only once', () => {
    const world = asked();
    expect(world.case.memory.acceptedHere).toEqual(['sms']);
    expect(world.finish().state).toBe('completed');
    expect(world.case.memory.acceptedHere).toEqual(['sms', 'otp']);
  });
});

describe('a resend that Auth0 does not take', () => {
  /** A text is out, and another one was asked for in vain. */
  const refused = (trouble: Trouble): { readonly world: World; readonly earlier: string; readonly id: string } => {
    const world = createWorld().run();
    const earlier = world.rightCode();
    const id = world.view.challenge?.challengeId ?? '';
    world.trouble = always('associate', trouble);
    world.later(limits.cooldownSeconds).resend();
    expect(world.state).toBe('associating');
    return { world, earlier, id };
  };
  const troubles = [
    'unavailable',
    'throttled',
    'lostBefore',
    'lostAfter',
    'unexpectedBefore',
    'unexpectedAfter',
  ] as const;
  const all = [...troubles, 'tooManyTexts', 'authenticatorLimit'] as const;

  test.each(all)('(%s) leaves the code of the text before usable', (trouble) => {
    // Where a leftover may lie about, the list is read before the next factor.
    const read = /^(?:lost|unexpected)/.test(trouble) ? 'confirmed' : 'accepted';
    for (const named of [false, true]) {
      const { world, earlier, id } = refused(trouble);
      expect(
        refuseCode(world.case, { factor: 'sms', code: earlier, ...(named ? { challengeId: id } : {}) }, world.now),
      ).toBeUndefined();
      expect(world.code(earlier, 'sms', named ? id : undefined)).toBe('confirmed');
      expect(world.view).toMatchObject({ factor: 'otp', factors: [{ state: read }, {}], attemptsLeft: 5 });
      expect(world.view.phoneNumber).toBe('••••••••••23');
      world.trouble = () => undefined;
      expect(world.later(400).help().state).toBe('completed');
    }
  });

  test.each(all)('(%s) has a wrong code judged by the challenge before, which waits again', (trouble) => {
    const { world, earlier, id } = refused(trouble);
    expect(world.code('000001')).toBe('rejected');
    expect(world.view).toMatchObject({
      state: 'awaiting_code',
      attemptsLeft: 4,
      challenge: { challengeId: id },
      waitingFor: { who: 'user', what: 'binding_code' },
      lastProblem: { code: 'code_rejected' },
    });
    expect(world.code(earlier)).toBe('confirmed');
  });

  test.each(all)('(%s) brings no code back that has expired', (trouble) => {
    const { world, earlier } = refused(trouble);
    world.token(tokenOf(own, world.now, 3600));
    world.now = world.case.enrollment.startedAt + limits.codeLifeSeconds * 1000;
    expect(world.code(earlier)).toBe('unavailable');
    expect(callsOf(world, 'confirm')).toEqual([]);
    expect(world.case.enrollment).toMatchObject({ state: 'associating', blockedOn: expect.any(String) });
  });

  test('for another number leaves no code of the old one usable', () => {
    const world = createWorld().run();
    const earlier = world.rightCode();
    world.later(limits.cooldownSeconds);
    world.trouble = always('associate', 'unavailable');
    world.changeNumber();
    expect(world.state).toBe('associating');
    expect(world.code(earlier)).toBe('unavailable');
    expect(callsOf(world, 'confirm')).toEqual([]);
  });
});

test('"denied" is read back: a code that worked all the same counts', () => {
  const world = createWorld().run();
  world.trouble = (step) => {
    if (step.type !== 'confirm') return undefined;
    world.tenant.perform(step, world.now); // a rule after the fact: the factor is active
    return 'denied';
  };
  expect(world.code(world.rightCode())).toBe('confirmed');
});

describe('a deletion that Auth0 refuses', () => {
  test('ends no enrollment: half-way', () => {
    const world = createWorld();
    world.trouble = always('delete', 'refusedDelete');
    world.run().later(40).resend();
    expect(world.later(40).resend()).toMatchObject({ type: 'done' });
    expect(world.finish().state).toBe('completed');
  });

  test('nor at its end: everything active is completed, and the leftover stays', () => {
    const world = createWorld().run();
    world.later(40).resend();
    world.trouble = always('delete', 'refusedDelete');
    expect(world.finish().state).toBe('completed');
    expect(records(world)).toEqual(['sms false', 'sms true', 'otp true'.replace('otp', 'totp')]);
  });
});

describe('a refresh that Auth0 does not answer', () => {
  const stranded = (): World => {
    const world = createWorld({ tokenless: true });
    world.trouble = always('refresh', 'unavailable');
    world.token(tokenOf(own, world.now, 1), { refreshToken: world.tenant.refreshTokenOf(own) });
    return world.run();
  };

  test('is tried again by itself', () => {
    const world = stranded();
    expect(world.view).toMatchObject({ state: 'awaiting_token', waitingFor: { who: 'auth0', what: 'token_refresh' } });
    world.trouble = () => undefined;
    expect(world.later(60).state).toBe('awaiting_code');
  });

  test('is tried at once when somebody asks for a code or sends one', () => {
    for (const ask of [(world: World) => world.resend(), (world: World) => world.code('123456')]) {
      const world = stranded();
      world.trouble = () => undefined;
      ask(world);
      expect(world.state).toBe('awaiting_code');
    }
  });

  test('is tried once more for the reading at the end', () => {
    const world = createWorld().run();
    world.code(world.rightCode());
    world.later(700); // every token is dead
    world.trouble = always('refresh', 'unavailable');
    world.token(tokenOf(own, world.now, 1), { refreshToken: world.tenant.refreshTokenOf(own) });
    world.trouble = () => undefined;
    world.cancel();
    expect(world.view).toMatchObject({ state: 'cancelled', factors: [{ active: true }, { active: false }] });
  });
});

describe('the phone number that is shown', () => {
  test('is the one that was verified, though another one was given while its code was being checked', () => {
    const world = createWorld().run();
    const code = world.rightCode();
    let id: number | undefined;
    world.trouble = ({ type }) => {
      if (type !== 'confirm') return undefined;
      id = world.case.received;
      world.case = {
        ...world.case,
        received: id + 1,
        inbox: [{ id, command: { type: 'changePhoneNumber', phoneNumber: otherNumber } }],
      };
      return undefined;
    };
    expect(world.code(code)).toBe('confirmed');
    expect(world.answers.get(id ?? -1)).toMatchObject({ type: 'refused', refusal: { type: 'wrong_step' } });
    expect(world.view.phoneNumber).toBe(`••••••••••${phoneNumber.slice(-2)}`);
  });

  test('is none where the user had the factor already: the requested number says nothing about that phone', () => {
    const had: Authenticator = { id: 'sms|dev_had', authenticatorType: 'oob', oobChannel: 'sms', active: true };
    const world = createWorld({ had: { [own]: [had] } })
      .run()
      .finish();
    expect(world.state).toBe('completed');
    expect(world.view.phoneNumber).toBeUndefined();
  });
});

describe('an answer that Auth0 is not known to give', () => {
  test.each(['list', 'associate', 'confirm', 'refresh'] as const)('to %s ends no enrollment', (type) => {
    const world = createWorld({ tokenless: true });
    world.trouble = always(type, 'unexpectedBefore');
    world.token(tokenOf(own, world.now, 340), { refreshToken: world.tenant.refreshTokenOf(own) });
    world.run();
    world.code(world.rightCode());
    world.later(3600);
    expect(['completed', 'partial', 'expired', 'failed']).not.toContain(world.state);
    world.trouble = () => undefined;
    world.help();
    expect(world.state).toBe('completed');
  });

  test('makes the enrollment wait for an operator, and ends as failed when nobody helps until the deadline', () => {
    const world = createWorld({ options: { lifetimeSeconds: 500 } });
    world.trouble = always('list', 'unexpectedBefore');
    expect(world.run().view).toMatchObject({
      state: 'associating',
      lastProblem: { code: 'unexpected_answer', retryAt: expect.any(String) },
      waitingFor: { who: 'operator', what: 'unexpected_answer' },
    });
    world.later(500);
    expect(world.case).toMatchObject({ enrollment: { state: 'failed' }, failure: { type: 'unavailable' } });
    expect(world.view).toMatchObject({ lastProblem: { code: 'unexpected_answer' }, waitingFor: { who: 'operator' } });
  });
});

describe('an outage', () => {
  test.each([
    ['unavailable', 'list', 'auth0_unavailable'],
    ['throttled', 'associate', 'auth0_unavailable'],
    ['unexpectedBefore', 'list', 'unexpected_answer'],
  ] as const)('(%s to %s) that lasts until the deadline fails the enrollment, and says so', (trouble, type, code) => {
    const token = { accessToken: tokenOf(own, undefined, 3600) };
    const world = createWorld({ token, options: { lifetimeSeconds: 500 } });
    world.trouble = always(type, trouble);
    const { view } = world.run().later(500);
    expect(view).toMatchObject({
      state: 'failed',
      lastProblem: { code, at: view.endedAt },
      waitingFor: { who: 'operator', what: 'answer' },
      nextAction: 'An operator makes sure that Auth0 can be reached, then a new enrollment is started.',
    });
    expect(view.lastProblem?.message).toBe('Auth0 could not be reached until the deadline of the enrollment.');
    expect(view.lastProblem).not.toHaveProperty('retryAt');
  });

  test('of the reading back that lasts until the deadline says so too', () => {
    const world = createWorld({ factors: ['sms'], options: { lifetimeSeconds: 500 } }).run();
    world.trouble = always('list', 'unavailable');
    expect(world.code(world.rightCode())).toBe('confirmed');
    expect(world.later(500).view).toMatchObject({
      state: 'failed',
      lastProblem: { code: 'auth0_unavailable', message: expect.stringContaining('until the deadline') },
      waitingFor: { who: 'operator', what: 'answer' },
    });
  });

  test('is asked about ever more rarely, and not before Auth0 wants it', () => {
    const world = createWorld({ tokenless: true, token: { accessToken: tokenOf(own, undefined, 86_400) } });
    const at: number[] = [];
    world.trouble = ({ type }) => {
      if (type !== 'list') return undefined;
      at.push(world.now);
      return at.length === 1 ? 'throttled' : 'unavailable';
    };
    world.run().later(3600);
    const waits = at.slice(1).map((each, index) => (each - (at[index] ?? 0)) / 1000);
    expect(waits[0]).toBeGreaterThanOrEqual(60);
    expect(Math.max(...waits)).toBeLessThanOrEqual(limits.askAgainLongestSeconds * 1.5);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(limits.askAgainLongestSeconds);
  });

  test('does not bring all enrollments back in the same moment', () => {
    const wakes = [0, 0.3, 0.9].map((spread) => {
      const world = createWorld();
      world.case = { ...world.case, spread };
      world.trouble = always('list', 'unavailable');
      return world.run().step;
    });
    expect(new Set(wakes.map((step) => (step?.type === 'wait' ? step.until : 0))).size).toBe(3);
  });
});

describe('a factor that Auth0 accepted and does not list', () => {
  test('is read again for a minute, and nobody is sent another code unasked', () => {
    const world = createWorld({ factors: ['sms'] }).run();
    const code = world.rightCode();
    world.trouble = (step) => {
      if (step.type === 'list') {
        world.tenant.accounts.set(own, []); // the list lags
      }
      return undefined;
    };
    expect(world.code(code)).toBe('confirmed');
    world.later(50);
    expect(world.state).toBe('verifying');
    world.later(30);
    expect(world.view).toMatchObject({
      state: 'associating',
      lastProblem: { code: 'not_listed' },
      waitingFor: { who: 'user', what: 'resend' },
    });
    expect(world.tenant.sent).toHaveLength(1);
  });

  test('counts as soon as it is listed', () => {
    const world = createWorld({ factors: ['sms'] }).run();
    const code = world.rightCode();
    let hidden: Authenticator[] | undefined;
    world.trouble = ({ type }) => {
      if (type === 'list' && hidden === undefined) {
        hidden = [...world.tenant.account(own)];
        world.tenant.accounts.set(own, []);
      } else if (type === 'list' && hidden !== undefined) {
        world.tenant.accounts.set(own, hidden);
      }
      return undefined;
    };
    world.code(code);
    expect(world.later(5).state).toBe('completed');
  });
});

describe('budgets', () => {
  test('the cool-down holds for another phone number, which is texted when it is over', () => {
    const world = createWorld().run();
    expect(world.changeNumber()).toMatchObject({ type: 'done' });
    expect(world.view).toMatchObject({ state: 'associating', waitingFor: { who: 'nobody', what: 'cooldown' } });
    for (let again = 0; again < 10; again += 1) world.changeNumber();
    expect(world.tenant.sent).toHaveLength(1);
    world.later(limits.cooldownSeconds);
    expect(world.tenant.sent.map(({ to }) => to)).toEqual([phoneNumber, otherNumber]);
  });

  test('a signal that asks again while the enrollment is blocked obeys it too', () => {
    const world = troubled(createWorld(), 'associate', 'lostAfter', 3).run().later(65);
    const sent = world.tenant.sent.length;
    world.resend();
    expect(world.tenant.sent).toHaveLength(sent);
  });

  test('attempts and messages are taken over from the enrollment before', () => {
    const first = createWorld().run();
    for (const code of ['000001', '000002', '000003', '000004', '000005']) first.code(code);
    first.cancel();
    const second = createWorld({ at: first.now, inherited: inheritedFrom(first.case.enrollment) }).run();
    expect(second.view).toMatchObject({ attemptsLeft: 0, textsLeft: 9, waitingFor: { what: 'cooldown' } });
    second.later(limits.cooldownSeconds);
    expect(second.code(second.rightCode())).toBe('rate_limited');
  });

  test('the fifth wrong code says when the next one may be tried', () => {
    const world = createWorld().run();
    for (const code of ['000001', '000002', '000003', '000004']) expect(world.code(code)).toBe('rejected');
    expect(world.send({ type: 'code', answers: 'oob', factor: 'sms', code: '000005' })).toMatchObject({
      result: 'rejected',
      retryAt: expect.any(Number),
    });
    expect(world.view).toMatchObject({
      lastProblem: { code: 'too_many_codes', retryAt: expect.any(String) },
      waitingFor: { who: 'nobody', what: 'attempts' },
      nextAction: expect.stringContaining('ask for another text message'),
    });
    expect(world.code(world.rightCode())).toBe('rate_limited');
  });

  test('a code of an app that was refused is asked about again after 10 seconds: a clock that runs ahead is right by then', () => {
    const world = createWorld({ factors: ['otp'] }).run();
    const code = world.rightCode();
    world.trouble = () => undefined;
    expect(world.code('000001', 'otp')).toBe('rejected');
    expect(world.code('000001', 'otp')).toBe('rejected');
    expect(callsOf(world, 'confirm')).toHaveLength(1);
    world.later(11);
    expect(world.code('000001', 'otp')).toBe('rejected');
    expect(callsOf(world, 'confirm')).toHaveLength(2);
    expect(world.code(code, 'otp')).toBe('confirmed');
  });
});

test('a code for a factor that is done says that nothing was checked', () => {
  const world = createWorld().run();
  world.code(world.rightCode());
  expect(world.code('999999')).toBe('already_confirmed');
  expect(callsOf(world, 'confirm')).toHaveLength(1);
});

test('more commands than the bound are not kept, and a cancellation is heard all the same', () => {
  const world = createWorld().run();
  world.trouble = ({ type }) => {
    if (type !== 'confirm') return undefined;
    for (let command = 0; command < 100; command += 1) {
      const { inbox, received } = world.case;
      if (inbox.length >= limits.inbox) break;
      world.case = {
        ...world.case,
        received: received + 1,
        inbox: [...inbox, { id: received, command: { type: 'resend' } }],
      };
    }
    world.case = { ...world.case, cancelled: {} };
    return undefined;
  };
  world.code('000001');
  expect(world.state).toBe('cancelled');
  expect(world.answers.size).toBe(world.case.received);
});

test('no more than four tokens wait in line, so that what a run takes along stays small; other commands still do', () => {
  let of = createWorld().run().case;
  const ids = Array.from({ length: 6 }, () => {
    const received = receive(of, { type: 'token', token: { accessToken: tokenOf(own) } });
    of = received.case;
    return received.id;
  });
  expect(ids.map((id) => id !== undefined)).toEqual([true, true, true, true, false, false]);
  expect(receive(of, { type: 'resend' }).id).toBeDefined();
});

describe('a call of the ending that is lost with its worker', () => {
  test.each<[EffectStep['type'], Trouble]>([
    ['list', 'lostBefore'],
    ['delete', 'lostBefore'],
    ['delete', 'lostAfter'],
  ])('is made up for by another reading: %s %s', (type, trouble) => {
    const world = createWorld().run();
    troubled(world, type, trouble, limits.lostCallsAtTheEnd).cancel().run();
    expect(world.view.state).toBe('cancelled');
    expect(records(world)).toEqual([]);
  });

  test('is not made up for without end', () => {
    const world = createWorld().run();
    world.trouble = always('list', 'lostBefore');
    const before = callsOf(world, 'list').length;
    world.cancel().run();
    expect(world.view.state).toBe('cancelled');
    expect(callsOf(world, 'list').length - before).toBeLessThanOrEqual(1 + limits.lostCallsAtTheEnd);
  });

  test('is left alone by a run that is older than this rule', () => {
    const world = createWorld().run();
    const ending = beginEnding(world.case, 'cancelled');
    const { step } = decide(ending, world.now);
    if (step.type !== 'list') throw new Error(`expected a reading, not ${step.type}`);
    const lost = { type: step.type, step, outcome: { kind: 'lost' } } as const;
    const then = (mindsLostCalls: boolean) =>
      decide(learn(ending, lost, world.now, 'id', { mindsLostCalls }).case, world.now).step.type;
    expect([then(false), then(true)]).toEqual(['close', 'list']);
  });
});

test.each(['lost', 'unexpected'] as const)(
  'a setup key that may have been replaced is not asked for any more: %s',
  (kind) => {
    const world = createWorld({ factors: ['otp'] }).run();
    const asking = apply(world.case, { type: 'reassociationRequested' });
    const { accessToken } = world.case.held.challenge?.token ?? { accessToken: '' };
    const input = { userId: own, accessToken, factor: 'otp', knownIds: [] } as const;
    const performed = {
      type: 'associate',
      step: { type: 'associate', input, summary: '' },
      outcome: { kind },
    } as const;
    const keyAfter = (mindsLostCalls: boolean) =>
      learn(asking, performed, world.now, 'id', { mindsLostCalls }).case.held.challenge;
    expect(keyAfter(true)).toBeUndefined();
    expect(keyAfter(false)).toEqual(world.case.held.challenge);
  },
);

test('a factor that a lost try of a workflow task may have taken back is not called confirmed at the end', () => {
  const world = createWorld({ options: { partialPolicy: 'remove', localFirst: true } }).run();
  troubled(world, 'confirm', 'lostAfter').code(world.rightCode()); // so it is read back at once
  expect(world.view.factors[0]).toMatchObject({ factor: 'sms', state: 'confirmed' });
  const losses = [true]; // the try reads, and goes on as far as it may
  world.losesAhead = () => losses.shift() ?? false;
  world.trouble = always('list', 'unavailable');
  world.cancel();
  expect(world.state).toBe('cancelled');
  expect(world.view.factors[0]?.active).toBe(records(world).includes('sms true'));
});

test('a factor whose removal Auth0 may have missed is not called confirmed while and after it is asked', () => {
  const world = createWorld({ options: { partialPolicy: 'remove' } }).run();
  world.code(world.rightCode());
  const meanwhile: boolean[] = [];
  world.trouble = (step) => {
    if (step.type !== 'delete' || step.undo === undefined) return meanwhile.length > 0 ? 'unavailable' : undefined;
    meanwhile.push(...world.view.factors.map(({ active }) => active));
    return 'lostAfter';
  };
  world.cancel();
  expect(world.state).toBe('cancelled');
  expect(meanwhile).toEqual([false, false]);
  expect([world.view.factors.map(({ active }) => active), records(world)]).toEqual([[false, false], []]);
});
