import { describe, expect, test } from '@jest/globals';
import {
  busy,
  isAwaited,
  isExpired,
  refuseCode,
  refusePhoneNumber,
  refuseResend,
  refuseToken,
} from '../../src/enrollment/admission';
import type { Refusal, RefusalType } from '../../src/enrollment/commands';
import { currentFactor } from '../../src/enrollment/enrollment';
import { limits } from '../../src/enrollment/limits';
import { left, situationNames, situations, type Situation } from './situations';
import { createWorld, now, opaqueTokenOf, other, otherNumber, own, tokenOf, type World } from './world';

type Verdict = RefusalType | 'taken';

const verdictOf = (refusal: Refusal | undefined): Verdict => refusal?.type ?? 'taken';
const code = (world: World, more: object = {}) =>
  refuseCode(world.case, { factor: currentFactor(world.case.enrollment) ?? 'sms', code: '123456', ...more }, world.now);
const resend = (world: World) => refuseResend(world.case, world.now);
const phoneNumber = (world: World) => refusePhoneNumber(world.case, { phoneNumber: otherNumber }, world.now);
const token = (world: World) => refuseToken(world.case, { accessToken: tokenOf(own, world.now) });

/** What each situation makes of a code for the factor under way, of a resend, and of another phone number. */
const expected: Readonly<Record<Situation, readonly [code: Verdict, resend: Verdict, phoneNumber: Verdict]>> = {
  // A code without a token at hand is taken: its answer is that the user has to sign in.
  'no token': ['taken', 'wrong_step', 'taken'],
  'the token has expired': ['taken', 'wrong_step', 'taken'],
  'Auth0 refuses the token': ['taken', 'wrong_step', 'taken'],
  'the token is of the wrong kind': ['taken', 'wrong_step', 'taken'],
  'the token dies too soon': ['taken', 'wrong_step', 'taken'],
  'the token is of another user': ['taken', 'wrong_step', 'taken'],
  'the user of the token cannot be read': ['taken', 'wrong_step', 'taken'],
  'the refresh token is refused': ['taken', 'wrong_step', 'taken'],
  'the refresh token waits for Auth0': ['taken', 'taken', 'taken'], // a sign of life: it is tried now
  'the token has expired between two factors': ['taken', 'wrong_step', 'wrong_step'],
  'Auth0 is asked for the list': ['wrong_step', 'wrong_step', 'taken'],
  'Auth0 is asked for a text': ['taken', 'wrong_step', 'taken'], // a text may arrive before the answer
  'no phone number': ['wrong_step', 'wrong_step', 'taken'],
  'no phone number, and no text is left': ['wrong_step', 'wrong_step', 'too_many_texts'],
  'the phone number is invalid': ['wrong_step', 'wrong_step', 'taken'],
  'no text is left': ['wrong_step', 'too_many_texts', 'too_many_texts'],
  'no text is left, an hour later': ['wrong_step', 'taken', 'taken'],
  'Auth0 sends no more texts': ['wrong_step', 'too_many_texts', 'too_many_texts'],
  'the number has had its texts of a day': ['wrong_step', 'too_many_texts', 'taken'],
  'the caller has had its texts of a day': ['wrong_step', 'too_many_texts', 'taken'],
  'the number has had its texts, a day later': ['wrong_step', 'taken', 'taken'],
  'an operator has stopped texts to the prefix': ['wrong_step', 'taken', 'taken'],
  'three answers got lost, the last one just now': ['wrong_step', 'resend_too_soon', 'taken'],
  'three answers got lost': ['wrong_step', 'taken', 'taken'],
  'three answers were strange': ['wrong_step', 'taken', 'taken'],
  'one answer got lost': ['wrong_step', 'resend_too_soon', 'taken'],
  'Auth0 keeps no more authenticators': ['wrong_step', 'taken', 'taken'],
  'Auth0 does not list what it accepted': ['wrong_step', 'taken', 'taken'],
  'another text was asked for, and Auth0 does not answer': ['taken', 'taken', 'taken'],
  'another text was asked for, and Auth0 sends no more': ['taken', 'too_many_texts', 'too_many_texts'],
  'Auth0 does not answer': ['wrong_step', 'taken', 'taken'],
  'Auth0 asks callers to slow down': ['wrong_step', 'taken', 'taken'],
  'what answers is not Auth0': ['wrong_step', 'taken', 'taken'],
  'a call is out when Auth0 accepted the text': ['wrong_step', 'resend_too_soon', 'taken'],
  'another number was given within the cool-down': ['wrong_step', 'resend_too_soon', 'taken'],
  'a text is out': ['taken', 'resend_too_soon', 'taken'],
  'a call is out': ['taken', 'resend_too_soon', 'taken'],
  'an email is out': ['taken', 'resend_too_soon', 'wrong_step'],
  'a QR code is shown': ['taken', 'not_resendable', 'wrong_step'],
  'a code was wrong': ['taken', 'resend_too_soon', 'taken'],
  'five codes were wrong': ['rate_limited', 'resend_too_soon', 'taken'],
  'Auth0 takes no more codes': ['rate_limited', 'resend_too_soon', 'taken'],
  'a text is out and its code has died': ['taken', 'taken', 'taken'],
  'Auth0 says that the code has expired': ['taken', 'taken', 'taken'],
  'Auth0 says so within the cool-down': ['taken', 'resend_too_soon', 'taken'],
  'Auth0 says that somebody refused': ['taken', 'taken', 'taken'],
  'the answer to a code got lost': ['taken', 'resend_too_soon', 'taken'],
  'the answer to a code was strange': ['taken', 'resend_too_soon', 'taken'],
  'who gave the number sent its code': ['taken', 'resend_too_soon', 'taken'], // of a sender that nobody can tell
  'a resend came too soon': ['taken', 'resend_too_soon', 'taken'],
  'a token of another user came meanwhile': ['taken', 'resend_too_soon', 'taken'],
  'the user has nearly as many authenticators as Auth0 keeps': ['taken', 'resend_too_soon', 'taken'],
  'the token of a QR code has died and another one is at hand': ['taken', 'taken', 'wrong_step'],
  'a text is out to a user who has all but it': ['taken', 'resend_too_soon', 'taken'],
  'Auth0 is asked about a code': ['taken', 'resend_too_soon', 'taken'], // in line behind the one that is asked about
  'the factors are read back': ['taken', 'wrong_step', 'wrong_step'], // its answer: confirmed already
  'the factors are read back, and Auth0 does not answer': ['taken', 'wrong_step', 'wrong_step'],
  'the factors are read back, and what answers is not Auth0': ['taken', 'wrong_step', 'wrong_step'],
  'the recovery code is to be saved': ['taken', 'wrong_step', 'wrong_step'],
  completed: ['settled', 'settled', 'settled'],
  partial: ['settled', 'settled', 'settled'],
  expired: ['settled', 'settled', 'settled'],
  'expired by wrong codes': ['settled', 'settled', 'settled'],
  cancelled: ['settled', 'settled', 'settled'],
  'failed: misconfigured': ['settled', 'settled', 'settled'],
  'failed: Auth0 was down until the end': ['settled', 'settled', 'settled'],
};

describe.each(situationNames)('%s', (name) => {
  test(`code: ${expected[name][0]}, resend: ${expected[name][1]}, phone number: ${expected[name][2]}`, () => {
    const world = situations[name]();
    expect([code(world), resend(world), phoneNumber(world)].map(verdictOf)).toEqual(expected[name]);
  });

  test('a token of the user is taken until the end, and none afterwards', () => {
    const world = situations[name]();
    expect(verdictOf(token(world))).toBe(expected[name][0] === 'settled' ? 'settled' : 'taken');
  });

  test('what is malformed is called so, also where nothing would be taken', () => {
    const world = situations[name]();
    const refusals = [
      code(world, { code: '12345' }),
      refusePhoneNumber(world.case, { phoneNumber: '4155550123' }, world.now),
      refuseToken(world.case, { accessToken: '' }),
    ];
    expect(refusals.map(verdictOf)).toEqual(['malformed', 'malformed', 'malformed']);
  });

  test('nothing is changed by asking', () => {
    const world = situations[name]();
    const before = JSON.stringify(world.case);
    code(world);
    resend(world);
    phoneNumber(world);
    token(world);
    expect(JSON.stringify(world.case)).toBe(before);
  });
});

describe('what is taken gets its answer, and a command in line is judged anew when its turn comes', () => {
  test.each(situationNames.filter((name) => expected[name][1] === 'taken'))('%s: another challenge comes', (name) => {
    const world = situations[name]();
    world.trouble = () => undefined;
    expect(world.resend()).toMatchObject({ type: 'done' });
    expect(world.state).toBe('awaiting_code');
  });

  test.each(situationNames.filter((name) => !['taken', 'settled'].includes(expected[name][1])))(
    '%s: no challenge comes, and none is sent',
    (name) => {
      const world = situations[name]();
      const sent = world.tenant.sent.length;
      const state = world.case.enrollment;
      const answer = world.resend();
      if (state === world.case.enrollment) expect(answer).toMatchObject({ type: 'refused' });
      expect(world.tenant.sent.length).toBeLessThanOrEqual(sent + (isUnderWay(name) ? 1 : 0));
    },
  );

  /** A text that was being asked for goes out. */
  const isUnderWay = (name: Situation) => name.startsWith('Auth0 is asked for');

  test.each(situationNames.filter((name) => expected[name][2] === 'taken'))(
    '%s: the next code goes to the other number',
    (name) => {
      const world = situations[name]();
      world.trouble = () => undefined;
      expect(world.changeNumber()).toMatchObject({ type: 'done' });
      if (world.state === 'awaiting_token') world.token(tokenOf(own, world.now));
      world.later(limits.cooldownSeconds);
      expect(world.tenant.sent.at(-1)?.to).toBe(otherNumber);
    },
  );
});

describe('a code', () => {
  test.each([
    ['nothing', undefined],
    ['a text', '123456'],
    ['no factor', { code: '123456' }],
    ['a factor that does not exist', { factor: 'push', code: '123456' }],
    ['a factor that is not in the plan', { factor: 'email', code: '123456' }],
    ['a factor by a name that every object has', { factor: 'constructor', code: '123456' }],
    ['a code of five digits', { factor: 'sms', code: '12345' }],
    ['a code that is a number', { factor: 'sms', code: 123_456 }],
    ['a challenge id that is no text', { factor: 'sms', code: '123456', challengeId: 5 }],
    ['a challenge id that is null', { factor: 'sms', code: '123456', challengeId: null }],
    ['a challenge id of 101 characters', { factor: 'sms', code: '123456', challengeId: 'x'.repeat(101) }],
  ])('is malformed: %s', (_what, input) => {
    const world = situations['a text is out']();
    expect(verdictOf(refuseCode(world.case, input, world.now))).toBe('malformed');
  });

  test('of a factor whose turn has not come is refused', () => {
    expect(verdictOf(code(situations['a text is out'](), { factor: 'otp' }))).toBe('wrong_step');
  });

  test('of a factor that is done is taken, whatever waits: its answer is that nothing was checked', () => {
    const world = createWorld().run();
    world.code(world.rightCode());
    expect(verdictOf(code(world, { factor: 'sms' }))).toBe('taken');
    expect(world.code('999999', 'sms')).toBe('already_confirmed');
  });

  test('of a factor that the user had is taken too', () => {
    const had = { id: 'sms|dev_had', authenticatorType: 'oob', oobChannel: 'sms', active: true };
    const world = createWorld({ had: { [own]: [had] } }).run();
    expect(verdictOf(code(world, { factor: 'sms' }))).toBe('taken');
  });

  test('for a challenge that was replaced twice is refused; for the one before the newest it is taken', () => {
    const world = createWorld().run();
    const ids = [1, 2, 3].map(() => {
      const id = world.case.held.challenge?.challengeId;
      world.later(31).resend();
      return id;
    });
    const newest = world.case.held.challenge?.challengeId;
    const verdicts = [...ids, newest].map((challengeId) => verdictOf(code(world, { challengeId })));
    expect(verdicts).toEqual(['stale_challenge', 'stale_challenge', 'taken', 'taken']);
  });

  test('for a challenge that never was is refused', () => {
    expect(verdictOf(code(situations['a text is out'](), { challengeId: 'x'.repeat(100) }))).toBe('stale_challenge');
  });

  test('that comes before the answer of Auth0 cannot name a challenge', () => {
    const early = situations['Auth0 is asked for a text']();
    expect([code(early), code(early, { challengeId: 'x' })].map(verdictOf)).toEqual(['taken', 'wrong_step']);
  });

  test('that comes before the answer of Auth0 is only taken for the factor that is asked for', () => {
    const early = situations['Auth0 is asked for a text']();
    expect(verdictOf(code(early, { factor: 'otp' }))).toBe('wrong_step');
  });

  test.each(['five codes were wrong', 'Auth0 takes no more codes'] as const)(
    'is refused without attempts, with the time at which one comes back: %s',
    (name) => {
      const world = situations[name]();
      expect(code(world)).toMatchObject({ type: 'rate_limited', retryAt: world.now + 360_000 });
      expect(refuseCode(world.case, { factor: 'sms', code: '123456' }, world.now + 360_000)).toBeUndefined();
    },
  );
});

describe('a resend', () => {
  test('is refused with the time from which it is taken', () => {
    const world = situations['a text is out']();
    expect(resend(world)).toMatchObject({ retryAt: now + 30_000 });
    expect(refuseResend(world.case, now + 29_999)).toBeDefined();
    expect(refuseResend(world.case, now + 30_000)).toBeUndefined();
  });

  test('without messages left is refused until one comes back', () => {
    const world = situations['no text is left']();
    expect(resend(world)).toMatchObject({ type: 'too_many_texts', retryAt: now + 3_600_000 });
    expect(refuseResend(world.case, now + 3_600_000)).toBeUndefined();
  });

  test('for emails goes by the bucket of emails', () => {
    const world = createWorld({ factors: ['email'], inherited: left({ phone: 0 }) })
      .run()
      .later(31);
    expect(resend(world)).toBeUndefined();
  });
});

describe('a phone number', () => {
  test.each([undefined, null, '+14155550123', {}, { phoneNumber: 14155550123 }, { phoneNumber: '+1 415 555 0123' }])(
    '%j is malformed',
    (input) => {
      const world = situations['a text is out']();
      expect(verdictOf(refusePhoneNumber(world.case, input, world.now))).toBe('malformed');
    },
  );

  test('is taken for a factor whose turn comes later', () => {
    const world = createWorld({ factors: ['otp', 'voice'] }).run();
    expect(world.view.factor).toBe('otp');
    expect(phoneNumber(world)).toBeUndefined();
  });

  test('is refused when the only factor that needs one is done', () => {
    const world = createWorld().run();
    world.code(world.rightCode());
    expect(verdictOf(phoneNumber(world))).toBe('wrong_step');
  });
});

describe('a token', () => {
  const world = situations['a text is out']();

  test.each([
    ['of the user is', 'refuse', 'taken', { accessToken: tokenOf(own) }],
    ['of another user is', 'refuse', 'token_of_another_user', { accessToken: tokenOf(other) }],
    ['of another user is', 'accept', 'token_of_another_user', { accessToken: tokenOf(other) }],
    ['whose user cannot be read is', 'refuse', 'token_unreadable', { accessToken: opaqueTokenOf(own) }],
    ['whose user cannot be read is', 'accept', 'taken', { accessToken: opaqueTokenOf(own) }],
    ['of 8,193 characters is', 'accept', 'malformed', { accessToken: 'x'.repeat(8193) }],
    ['that is nothing is', 'accept', 'malformed', undefined],
    ['that is a text is', 'refuse', 'malformed', tokenOf(own)],
  ] as const)('%s, where opaque tokens are to %s: %s', (_what, opaqueTokens, verdict, input) => {
    expect(verdictOf(refuseToken({ ...world.case, opaqueTokens }, input))).toBe(verdict);
  });
});

test('no refusal repeats what was sent', () => {
  const secrets = ['271828', '+14155559999', tokenOf(other), 'challenge-of-somebody'];
  for (const name of situationNames) {
    const world = situations[name]();
    const refusals = [
      code(world, { code: '271828', challengeId: 'challenge-of-somebody' }),
      code(world, { code: '271828x', factor: '271828' }),
      refusePhoneNumber(world.case, { phoneNumber: '+14155559999' }, world.now),
      refusePhoneNumber(world.case, { phoneNumber: '+14155559999x' }, world.now),
      refuseToken(world.case, { accessToken: secrets[2] }),
      resend(world),
      busy(),
    ];
    for (const { message } of refusals.filter((refusal) => refusal !== undefined)) {
      for (const secret of secrets) expect(message).not.toContain(secret);
      expect(message).toMatch(/\.$/);
    }
  }
});

describe('a signal with a code is kept only where a code of its kind is awaited', () => {
  const awaited = (world: World) => (['oob', 'otp'] as const).filter((answers) => isAwaited(world.case, { answers }));

  test.each<[Situation, readonly string[]]>([
    ['a text is out', ['oob']],
    ['a call is out', ['oob']],
    ['an email is out', ['oob']],
    ['a QR code is shown', ['otp']],
    ['Auth0 is asked for a text', ['oob']],
    ['Auth0 is asked about a code', ['oob']],
    ['Auth0 is asked for the list', []],
    ['no token', []],
    ['no phone number', []],
    ['no text is left', []],
    ['the factors are read back', []],
    ['completed', []],
    ['cancelled', []],
  ])('%s: %j', (name, kinds) => {
    expect(awaited(situations[name]())).toEqual(kinds);
  });

  test('not while a setup key is made: nobody can have a code of it before its answer', () => {
    const world = createWorld({ factors: ['otp'] });
    let kinds: readonly string[] = ['not asked'];
    world.trouble = ({ type }) => {
      if (type === 'associate') kinds = awaited(world);
      return undefined;
    };
    world.run();
    expect(kinds).toEqual([]);
  });
});

describe('a challenge can be answered as long as its token lives', () => {
  test('and a call more', () => {
    const world = createWorld({ factors: ['otp'] }).run();
    const dies = world.case.held.challenge?.token.expiresAt ?? 0;
    const margin = limits.callMarginSeconds * 1000;
    expect([isExpired(world.case, dies - margin), isExpired(world.case, dies - margin + 1)]).toEqual([false, true]);
  });

  test('not where there is none', () => {
    const world = situations['no token']();
    expect(isExpired(world.case, world.now)).toBe(true);
  });

  test('not where its token was refused', () => {
    const world = situations['a text is out']();
    const refused = { ...world.case, held: { ...world.case.held, tokens: { held: [] } } };
    expect(isExpired(refused, world.now)).toBe(true);
  });
});

test('more commands than the bound are told to come back in a moment', () => {
  expect(busy()).toMatchObject({ type: 'busy', message: expect.stringContaining('in a moment') });
});
