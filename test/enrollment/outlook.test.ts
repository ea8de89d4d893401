import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  refuseAcknowledgement,
  refuseCode,
  refusePhoneNumber,
  refuseResend,
  refuseToken,
} from '../../src/enrollment/admission';
import { advance, currentFactor, isSettled, type BlockedOn, type Enrollment } from '../../src/enrollment/enrollment';
import { outlookOf, type Outlook } from '../../src/enrollment/outlook';
import { problem, problemCodes, type ProblemCode } from '../../src/enrollment/problems';
import { enrollmentStates, waitingForWhats, waitingForWhos } from '../../src/enrollment/status';
import type { FactorName } from '../../src/factors';
import { after, fresh, inState } from './samples';
import { left, situationNames, situations, troubled, type Situation } from './situations';
import { createWorld, now, otherNumber, own, tokenOf, type Trouble, type World } from './world';

type Who = Outlook['who'];
type What = Outlook['what'];

const outlook = (world: World): Outlook => outlookOf(world.case.enrollment, world.now);
const iso = (at: number) => new Date(at).toISOString();

/** Whom each situation waits for, for what, what the sentence for people says, and for how many seconds where it passes by itself. */
const expected: Readonly<Record<Situation, readonly [who: Who, what: What, says: RegExp, seconds?: number]>> = {
  'no token': ['user', 'sign_in', /^The user signs in with a new link \(POST …\/links\)/],
  'the token has expired': ['user', 'sign_in', /^The user signs in/],
  'Auth0 refuses the token': ['user', 'sign_in', /^The user signs in/],
  'the token is of the wrong kind': ['onboarding', 'token', /^The onboarding system brings .* \(PUT …\/token\)/],
  'the token dies too soon': ['user', 'sign_in', /^The user signs in/],
  'the token is of another user': ['onboarding', 'token', /^The onboarding system brings .* of this user/],
  'the user of the token cannot be read': ['onboarding', 'token', /^The onboarding system brings an access token/],
  'the refresh token is refused': ['user', 'sign_in', /^The user signs in/],
  'the refresh token waits for Auth0': ['auth0', 'token_refresh', /^Nothing to do:.*A new token helps at once\.$/],
  'the token has expired between two factors': ['user', 'sign_in', /^The user signs in/],
  'Auth0 is asked for the list': ['auth0', 'challenge', /^Nothing to do:/],
  'Auth0 is asked for a text': ['auth0', 'challenge', /^Nothing to do:/],
  'no phone number': ['user', 'phone_number', /PUT …\/phone-number/],
  'the phone number is invalid': ['user', 'phone_number', /PUT …\/phone-number/],
  'no phone number, and no text is left': [
    'nobody',
    'deliveries',
    /^Wait until .*Z: nothing more is sent to this user before\. Then support sets a phone number .*\(PUT …\/phone-number\)\.$/,
    3600,
  ],
  'no text is left': ['nobody', 'deliveries', /^Wait until .*, then ask for another text message/, 3600],
  'no text is left, an hour later': ['user', 'resend', /^Next: ask for another text message \(POST …\/resend\)\.$/],
  'Auth0 sends no more texts': ['nobody', 'deliveries', /^Wait until .*, then ask for another text message/, 3600],
  'the number has had its texts of a day': [
    'nobody',
    'deliveries',
    /^Wait until .*, then ask for another text/,
    86_400,
  ],
  'the caller has had its texts of a day': [
    'nobody',
    'deliveries',
    /^Wait until .*, then ask for another text/,
    86_400,
  ],
  'the number has had its texts, a day later': ['user', 'resend', /^Next: ask for another text message/],
  'an operator has stopped texts to the prefix': [
    'operator',
    'texts_stopped',
    /^An operator lifts the stop .* or support sets another phone number .* automatically\.$/,
  ],
  'three answers got lost, the last one just now': ['nobody', 'cooldown', /^Wait until .*, then ask/, 25],
  'three answers got lost': ['user', 'resend', /^Next: ask for another text message \(POST …\/resend\)\.$/],
  'three answers were strange': [
    'operator',
    'unexpected_answer',
    /^An operator looks at .* Then ask for another text message \(POST …\/resend\)\.$/,
  ],
  'one answer got lost': ['nobody', 'cooldown', /^Nothing to do: the code goes out automatically after .*Z\.$/, 30],
  'Auth0 keeps no more authenticators': [
    'operator',
    'delete_authenticators',
    /^An operator deletes .* Then ask for another text message \(POST …\/resend\)\.$/,
  ],
  'Auth0 does not list what it accepted': [
    'user',
    'resend',
    /^Next: ask for another text message \(POST …\/resend\)\.$/,
  ],
  'another text was asked for, and Auth0 does not answer': [
    'auth0',
    'answer',
    /asked again automatically\. Until 2026-03-01T12:05:00.000Z the code that was sent before still works \(POST …\/binding-code\)\.$/,
  ],
  'another text was asked for, and Auth0 sends no more': [
    'nobody',
    'deliveries',
    /^Wait until .* Until 2026-03-01T12:05:00.000Z the code that was sent before still works/,
    3600,
  ],
  'Auth0 does not answer': ['auth0', 'answer', /^Nothing to do:.*asked again automatically/],
  'Auth0 asks callers to slow down': ['auth0', 'answer', /^Nothing to do:/],
  'what answers is not Auth0': ['operator', 'unexpected_answer', /^An operator looks at .*asked again automatically/],
  'a call is out when Auth0 accepted the text': [
    'nobody',
    'cooldown',
    /^Nothing to do: the code goes out automatically after/,
    30,
  ],
  'another number was given within the cool-down': [
    'nobody',
    'cooldown',
    /^Nothing to do: the code goes out automatically after/,
    30,
  ],
  'a text is out': [
    'user',
    'binding_code',
    /^The user sends the six digits of the text message \(POST …\/binding-code\)\.$/,
  ],
  'a call is out': ['user', 'binding_code', /digits of the phone call \(POST …\/binding-code\)/],
  'an email is out': ['user', 'binding_code', /digits of the email \(POST …\/binding-code\)/],
  'a QR code is shown': ['user', 'otp', /^The user scans the QR code .*\(POST …\/otp\)\.$/],
  'a code was wrong': ['user', 'binding_code', /POST …\/binding-code/],
  'five codes were wrong': [
    'nobody',
    'attempts',
    /^Too many wrong codes: wait until .*, then ask for another text message/,
    360,
  ],
  'Auth0 takes no more codes': ['nobody', 'attempts', /^Too many wrong codes: wait until/, 360],
  'a text is out and its code has died': [
    'user',
    'resend',
    /^The code can no longer be used: ask for another text message/,
  ],
  'Auth0 says that the code has expired': ['user', 'resend', /^The code can no longer be used/],
  'Auth0 says so within the cool-down': ['nobody', 'cooldown', /^Wait until .*, then ask for another text message/, 30],
  'Auth0 says that somebody refused': ['user', 'resend', /^The code can no longer be used/],
  'the answer to a code got lost': ['user', 'binding_code', /POST …\/binding-code/],
  'the answer to a code was strange': ['user', 'binding_code', /POST …\/binding-code/],
  'who gave the number sent its code': ['user', 'binding_code', /POST …\/binding-code/],
  'a resend came too soon': ['user', 'binding_code', /POST …\/binding-code/],
  'a token of another user came meanwhile': ['user', 'binding_code', /POST …\/binding-code/],
  'the user has nearly as many authenticators as Auth0 keeps': ['user', 'binding_code', /POST …\/binding-code/],
  'the token of a QR code has died and another one is at hand': ['user', 'resend', /ask for another QR code/],
  'a text is out to a user who has all but it': ['user', 'binding_code', /POST …\/binding-code/],
  'Auth0 is asked about a code': ['auth0', 'code_check', /^Nothing to do:/],
  'the factors are read back': ['auth0', 'read_back', /^Nothing to do:/],
  'the factors are read back, and Auth0 does not answer': [
    'auth0',
    'answer',
    /^Nothing to do:.*read again automatically/,
  ],
  'the factors are read back, and what answers is not Auth0': [
    'operator',
    'unexpected_answer',
    /^An operator .*read again/,
  ],
  'the recovery code is to be saved': [
    'user',
    'recovery_code',
    /^Every factor is active\. .* \(POST …\/recovery-code\/acknowledge\)\.$/,
  ],
  completed: ['nobody', 'nothing', /^Nothing to do: every factor is active\.$/],
  partial: ['nobody', 'nothing', /^Start a new enrollment for the factors that are missing/],
  expired: ['nobody', 'nothing', /^Start a new enrollment/],
  'expired by wrong codes': ['nobody', 'nothing', /^Start a new enrollment/],
  cancelled: ['nobody', 'nothing', /^Start a new enrollment/],
  'failed: misconfigured': ['operator', 'configuration', /^An operator fixes the cause/],
  'failed: Auth0 was down until the end': [
    'operator',
    'answer',
    /^An operator makes sure that Auth0 can be reached, then a new enrollment is started\.$/,
  ],
};

/**
 * Does what an enrollment says it waits for agree with what is admitted? Each of these is what a person who follows the status
 * would meet.
 */
function agrees(world: World): void {
  const { case: current, now: at } = world;
  const { enrollment } = current;
  const { who, what, until, action } = outlookOf(enrollment, at);
  const factor = currentFactor(enrollment) ?? enrollment.plan[0]?.factor;
  const codeAt = (when: number) => refuseCode(current, { factor, code: '123456' }, when);
  const resendAt = (when: number) => refuseResend(current, when);
  const numberAt = (when: number) => refusePhoneNumber(current, { phoneNumber: otherNumber }, when);

  // What the sentence tells people to do is admitted: at once, or from the time on that it names.
  const when = until ?? at;
  if (/POST …\/(?:binding-code|otp)/.test(action)) expect(codeAt(when)).toBeUndefined();
  if (/POST …\/resend/.test(action) && who !== 'operator') expect(resendAt(when)).toBeUndefined();
  if (/PUT …\/phone-number/.test(action)) expect(numberAt(when)).toBeUndefined();
  if (/\/recovery-code\/acknowledge/.test(action)) expect(refuseAcknowledgement(current, {})).toBeUndefined();
  if (/PUT …\/token/.test(action)) expect(refuseToken(current, { accessToken: tokenOf(own, when) })).toBeUndefined();
  // After an operator has helped, only the cool-down or an empty bucket may be in the way of a new message.
  if (/POST …\/resend/.test(action) && who === 'operator') {
    expect(['resend_too_soon', 'too_many_texts', undefined]).toContain(resendAt(at)?.type);
  }

  // What is waited for names what helps: nothing is waited for that the sentence does not ask for.
  if (what === 'binding_code' || what === 'otp') expect(action).toContain(what === 'otp' ? '…/otp' : '…/binding-code');
  if (what === 'resend') expect(action).toContain('POST …/resend');
  if (what === 'phone_number') expect(action).toContain('PUT …/phone-number');
  if (what === 'sign_in' || what === 'token') expect(action).toContain('PUT …/token');
  if (what === 'recovery_code') expect(action).toContain('…/recovery-code/acknowledge');
  if (who === 'user') {
    expect(['binding_code', 'otp', 'resend', 'phone_number', 'sign_in', 'recovery_code']).toContain(what);
  }

  // What passes by itself says when, which lies ahead, and what is refused until then says the same time.
  const passes = who === 'nobody' && !isSettled(enrollment);
  expect(until !== undefined).toBe(passes);
  if (until !== undefined) {
    expect(until).toBeGreaterThan(at);
    expect(action).toContain(iso(until));
  }
  switch (what) {
    case 'attempts': {
      const attemptAt = codeAt(at)?.retryAt ?? 0;
      expect(codeAt(at)?.type).toBe('rate_limited');
      // Where the code at hand is dead by then, it takes a new message as well.
      const messageAt = action.includes('POST …/resend') ? (resendAt(attemptAt)?.retryAt ?? 0) : 0;
      expect(until).toBe(Math.max(attemptAt, messageAt));
      break;
    }
    case 'deliveries': {
      const isNumberMissing = enrollment.state === 'associating' && enrollment.blockedOn === 'phone_number';
      expect(isNumberMissing ? numberAt(at) : resendAt(at)).toMatchObject({ type: 'too_many_texts', retryAt: until });
      break;
    }
    case 'cooldown':
      expect(resendAt(at)).toMatchObject({ type: 'resend_too_soon', retryAt: until });
      break;
    default:
      break;
  }

  // An end is not waited beyond, and nothing else is over.
  const hasEnded = ['completed', 'partial', 'expired', 'cancelled'].includes(enrollment.state);
  expect(what === 'nothing').toBe(hasEnded);
  if (isSettled(enrollment)) {
    expect([codeAt(at)?.type, resendAt(at)?.type, numberAt(at)?.type]).toEqual(['settled', 'settled', 'settled']);
  }
}

describe('whom an enrollment waits for, and for what', () => {
  test.each(situationNames)('%s', (name) => {
    const world = situations[name]();
    const [who, what, says, seconds] = expected[name];
    const until = seconds === undefined ? {} : { until: world.now + seconds * 1000 };
    expect(outlook(world)).toEqual({ who, what, ...until, action: expect.stringMatching(says) });
  });

  test('every state is among these situations, and everything that can be waited for', () => {
    const worlds = situationNames.map((name) => situations[name]());
    expect(new Set(worlds.map(({ state }) => state))).toEqual(new Set(enrollmentStates));
    expect(new Set(worlds.map((world) => outlook(world).what))).toEqual(new Set(waitingForWhats));
    expect(new Set(worlds.map((world) => outlook(world).who))).toEqual(new Set(waitingForWhos));
  });

  test.each(situationNames)('%s: a call is named as it is made', (name) => {
    const { action } = outlook(situations[name]());
    for (const [call] of action.matchAll(/\([^()]*…[^()]*\)/g))
      expect(call).toMatch(/^\((?:POST|PUT) …(?:\/[a-z-]+)+\)$/);
    expect(action).toMatch(/^[A-Z].*\.$/);
  });

  test('so is every kind of problem', () => {
    const met = new Set(situationNames.map((name) => situations[name]().problem));
    expect(problemCodes.filter((code) => !met.has(code))).toEqual([]);
  });
});

describe('what is waited for agrees with what is admitted', () => {
  test.each(situationNames)('%s', (name) => {
    agrees(situations[name]());
  });
});

describe('to do what it says helps', () => {
  /** Does what the status says, once, with nothing in the way any more. */
  function follow(world: World): void {
    world.trouble = () => undefined;
    const { who, what, until = world.now } = outlook(world);
    switch (what) {
      case 'sign_in':
      case 'token':
        return void world.token(tokenOf(own, world.now));
      case 'phone_number':
        world.changeNumber(otherNumber);
        return void world.later(30); // a cool-down
      case 'binding_code':
      case 'otp':
        return void world.code(world.rightCode(), factorOf(world));
      case 'recovery_code':
        return void world.send({ type: 'acknowledgeRecoveryCode' });
      case 'resend':
      case 'delete_authenticators':
      case 'texts_stopped':
        return void world.resend();
      case 'unexpected_answer':
        if (world.step?.type === 'wait' && world.step.until < world.case.enrollment.deadline)
          return void world.later(600);
        return void world.resend();
      default:
        return void world.later(who === 'nobody' ? (until - world.now) / 1000 : 600);
    }
  }
  const factorOf = ({ case: { enrollment } }: World): FactorName => currentFactor(enrollment) ?? 'sms';

  /** What an enrollment may wait for next. */
  const next: Readonly<Record<What, readonly What[]>> = {
    sign_in: ['binding_code', 'otp'],
    token: ['binding_code', 'otp'],
    token_refresh: ['binding_code', 'resend', 'sign_in'],
    phone_number: ['binding_code'],
    binding_code: ['otp', 'cooldown', 'nothing'],
    otp: ['binding_code', 'nothing'],
    resend: ['binding_code', 'otp'],
    recovery_code: ['nothing'],
    attempts: ['sign_in'], // the token at hand is too old for another text by then
    deliveries: ['resend'],
    cooldown: ['resend', 'binding_code'],
    challenge: [],
    code_check: [],
    read_back: ['nothing', 'resend'],
    answer: ['binding_code', 'resend', 'sign_in', 'nothing'],
    unexpected_answer: ['binding_code', 'resend', 'sign_in', 'nothing'],
    texts_stopped: ['binding_code'],
    delete_authenticators: ['binding_code'],
    configuration: [],
    nothing: [],
  };

  const special: Partial<Record<Situation, readonly What[]>> = {
    'no phone number, and no text is left': ['phone_number'],
    'failed: Auth0 was down until the end': [], // it has ended: only a new enrollment helps
  };
  const nextOf = (name: Situation) => special[name] ?? next[expected[name][1]];

  test.each(situationNames.filter((name) => nextOf(name).length > 0))('%s', (name) => {
    const world = situations[name]();
    follow(world);
    expect(nextOf(name)).toContain(outlook(world).what);
  });

  test.each(['five codes were wrong', 'Auth0 takes no more codes'] as const)(
    '%s: with a token at hand another text is asked for when the attempt comes back',
    (name) => {
      const world = situations[name]();
      world.token(tokenOf(own, world.now, 3600));
      follow(world);
      expect(outlook(world)).toMatchObject({ who: 'user', what: 'resend' });
      world.resend();
      expect(world.code(world.rightCode())).toBe('confirmed');
    },
  );
});

// A challenge that waits, in every way that it can.

type Attempts = 'attempts left' | 'no attempt left';
type Life = 'alive' | 'dead by its time' | 'dead by the word of Auth0';
type Messages = 'free' | 'in the cool-down' | 'none left';
interface Waiting {
  readonly factor: FactorName;
  readonly attempts: Attempts;
  readonly life: Life;
  readonly messages: Messages;
}

const bucketOf = (factor: FactorName) => (factor === 'email' ? 'email' : 'phone');

/** A challenge of this kind. What comes first takes no longer than 31 seconds, so that nothing comes back before it is looked at. */
function waiting({ factor, attempts, life, messages }: Waiting): World {
  const world = createWorld({
    factors: [factor],
    token: { accessToken: tokenOf(own, now, 3600) }, // long enough for every challenge after this one
    inherited: left({
      ...(attempts === 'no attempt left' ? { attempts: life === 'dead by the word of Auth0' ? 1 : 0 } : {}),
      ...(messages === 'none left' ? { [bucketOf(factor)]: 1 } : {}),
    }),
  }).run();
  if (messages !== 'in the cool-down') world.later(31);
  if (life === 'dead by its time') world.later(factor === 'otp' ? 569 : 270);
  if (life === 'dead by the word of Auth0') {
    troubled(world, 'confirm', 'challengeExpired', 1);
    world.code('000009', factor);
    if (attempts === 'no attempt left') world.code('000008', factor);
  }
  return world;
}

/**
 * Not to be reached: a cool-down of 30 seconds outlives no code of 5 minutes, an email comes back every minute, an app is sent
 * nothing, and a setup key dies with its token, whereupon the enrollment asks for another one.
 */
const canBe = ({ factor, life, messages }: Waiting): boolean => {
  if (factor === 'otp') return messages === 'free' && life !== 'dead by its time';
  return (
    life !== 'dead by its time' ||
    (messages !== 'in the cool-down' && !(factor === 'email' && messages === 'none left'))
  );
};

function expectedOf({ factor, attempts, life, messages }: Waiting): { who: Who; what: What } {
  if (attempts === 'no attempt left') return { who: 'nobody', what: 'attempts' };
  if (life === 'alive') return { who: 'user', what: factor === 'otp' ? 'otp' : 'binding_code' };
  if (messages === 'none left') return { who: 'nobody', what: 'deliveries' };
  if (messages === 'in the cool-down') return { who: 'nobody', what: 'cooldown' };
  return { who: 'user', what: 'resend' };
}

const allWaiting = (['sms', 'voice', 'email', 'otp'] as const).flatMap((factor) =>
  (['attempts left', 'no attempt left'] as const).flatMap((attempts) =>
    (['alive', 'dead by its time', 'dead by the word of Auth0'] as const).flatMap((life) =>
      (['free', 'in the cool-down', 'none left'] as const)
        .map((messages): Waiting => ({ factor, attempts, life, messages }))
        .filter(canBe),
    ),
  ),
);

describe('a challenge that waits', () => {
  test.each(allWaiting)('$factor, $attempts, $life, messages: $messages', (kind) => {
    const world = waiting(kind);
    expect(world.state).toBe('awaiting_code');
    expect(outlook(world)).toMatchObject(expectedOf(kind));
    agrees(world);
  });

  test.each(allWaiting.filter(({ attempts }) => attempts === 'no attempt left'))(
    '$factor, $life, messages: $messages: without attempts, nobody is told to do what is not admitted yet',
    (kind) => {
      const world = waiting(kind);
      const { until = 0, action } = outlook(world);
      // Whether the code at hand is dead by then or not, a call or text that is left to be sent comes an hour after the last one.
      const needsMessage = kind.factor !== 'otp' || kind.life !== 'alive';
      const isSpent = kind.messages === 'none left' && bucketOf(kind.factor) === 'phone';
      expect(until).toBe(now + (needsMessage && isSpent ? 3_600_000 : 360_000));
      expect(action).toMatch(/^Too many wrong codes: wait until /);
      expect(action).toMatch(needsMessage ? /then ask for another/ : /then the user sends/);
      const code = (at: number) => refuseCode(world.case, { factor: kind.factor, code: '123456' }, at);
      expect(code(now + 359_999)).toMatchObject({ type: 'rate_limited', retryAt: now + 360_000 });
      expect(code(now + 360_000)).toBeUndefined();
      if (isSpent)
        expect(refuseResend(world.case, until - 1)).toMatchObject({ type: 'too_many_texts', retryAt: until });
      if (needsMessage) expect(refuseResend(world.case, until)).toBeUndefined();
    },
  );

  test('a text that is dead when the next attempt comes back is told to be replaced then; one that lives is not', () => {
    const text = waiting({ factor: 'sms', attempts: 'no attempt left', life: 'alive', messages: 'free' });
    const app = waiting({ factor: 'otp', attempts: 'no attempt left', life: 'alive', messages: 'free' });
    expect(outlook(text).action).toMatch(
      /then ask for another text message \(POST …\/resend\), after a new sign-in if the status asks for one by then\.$/,
    );
    expect(outlook(app).action).toMatch(/then the user sends the six digits of the app \(POST …\/otp\)\.$/);
  });

  test('a text whose code lives longer than the wait for an attempt is answered with the code at hand', () => {
    const world = createWorld({ inherited: left({ attempts: 0 }) }).run();
    world.later(200).resend();
    expect(outlook(world).action).toMatch(/then the user sends the six digits \(POST …\/binding-code\)\.$/);
  });
});

describe('a problem that is met', () => {
  const states = enrollmentStates.filter((state) => !isSettled(inState[state]) && state !== 'awaiting_token');
  test.each(states.flatMap((state) => problemCodes.map((code) => ({ state, code }))))(
    '($code) changes nothing of what an enrollment in $state waits for',
    ({ state, code }) => {
      const met = advance(inState[state], { type: 'problemMet', problem: problem(code, now, { retryAt: now + 1 }) });
      expect(outlookOf(met, now)).toEqual(outlookOf(inState[state], now));
    },
  );

  const askOnboarding: readonly ProblemCode[] = ['token_of_another_user', 'token_unreadable', 'token_wrong_kind'];
  test.each(problemCodes)('(%s) says who has to bring the token that an enrollment waits for', (code) => {
    const waitingForToken = after({ type: 'tokenNeeded', problem: problem(code, now) });
    const { who, what } = outlookOf(waitingForToken, now);
    expect([who, what]).toEqual(askOnboarding.includes(code) ? ['onboarding', 'token'] : ['user', 'sign_in']);
  });

  test.each(problemCodes)('(%s) does not hide that Auth0 is asked for a token by itself', (code) => {
    const refreshing = after({ type: 'tokenNeeded', problem: problem(code, now), refreshAt: now + 30_000 });
    expect(outlookOf(refreshing, now)).toMatchObject({ who: 'auth0', what: 'token_refresh' });
  });
});

describe('an enrollment that is blocked', () => {
  const blocks: readonly BlockedOn[] = ['phone_number', 'resend', 'auth0', 'operator', 'cooldown'];
  const states: Readonly<Record<Messages, Enrollment>> = {
    free: fresh(),
    'in the cool-down': after({ type: 'deliveryCounted', bucket: 'phone', at: now }),
    'none left': after({ type: 'deliveriesRefused', bucket: 'phone', at: now }),
  };
  const all = blocks.flatMap((blockedOn) =>
    problemCodes.flatMap((code) =>
      (['free', 'in the cool-down', 'none left'] as const).map((messages) => ({ blockedOn, code, messages })),
    ),
  );
  const needsOperator: Partial<Record<ProblemCode, What>> = {
    authenticator_limit: 'delete_authenticators',
    unexpected_answer: 'unexpected_answer',
  };
  function expectedOf(blockedOn: BlockedOn, code: ProblemCode, messages: Messages): readonly [Who, What] {
    switch (blockedOn) {
      case 'phone_number':
        return messages === 'none left' ? ['nobody', 'deliveries'] : ['user', 'phone_number'];
      case 'auth0':
        return ['auth0', 'answer'];
      case 'operator':
        return ['operator', code === 'texts_stopped' ? 'texts_stopped' : 'unexpected_answer'];
      case 'cooldown':
        return ['nobody', 'cooldown'];
      case 'resend': {
        const operator = needsOperator[code];
        if (operator !== undefined) return ['operator', operator];
        if (messages === 'none left' || code === 'number_limit_reached' || code === 'caller_limit_reached')
          return ['nobody', 'deliveries'];
        return messages === 'free' ? ['user', 'resend'] : ['nobody', 'cooldown'];
      }
    }
  }

  test.each(all)('on $blockedOn because of $code, messages: $messages', ({ blockedOn, code, messages }) => {
    const blocked = advance(states[messages], {
      type: 'associationBlocked',
      blockedOn,
      problem: problem(code, now, { retryAt: now + 30_000 }),
    });
    const { who, what, until } = outlookOf(blocked, now);
    expect([who, what]).toEqual(expectedOf(blockedOn, code, messages));
    expect(until !== undefined).toBe(who === 'nobody');
    const met = advance(blocked, { type: 'problemMet', problem: problem('token_of_another_user', now) });
    expect(outlookOf(met, now)).toEqual(outlookOf(blocked, now));
  });
});

describe('whatever people do and whatever goes wrong', () => {
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.constant((world: World) => void world.code(world.rightCode(), factorOf(world))) },
    {
      weight: 6,
      arbitrary: fc
        .constantFrom('000001', '000002', '000003', '000004', '000005', '000006')
        .map((code) => (world: World) => void world.code(code, factorOf(world))),
    },
    { weight: 3, arbitrary: fc.constant((world: World) => void world.resend()) },
    { weight: 1, arbitrary: fc.constant((world: World) => void world.changeNumber(otherNumber)) },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom(100, 600, 7_200)
        .map((life) => (world: World) => void world.token(tokenOf(own, world.now, life))),
    },
    {
      weight: 6,
      arbitrary: fc
        .oneof(fc.nat(60), fc.nat(900), fc.nat(9_000))
        .map((seconds) => (world: World) => void world.later(seconds)),
    },
  );
  const factorOf = ({ case: { enrollment } }: World): FactorName => currentFactor(enrollment) ?? 'sms';
  const trouble = fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Trouble>(
        'lostBefore',
        'lostAfter',
        'unavailable',
        'unexpectedBefore',
        'challengeExpired',
        'tooManyCodes',
        'tooManyTexts',
        'phoneNumberInvalid',
        'authenticatorLimit',
        'numberLimit',
        'callerLimit',
        'textsStopped',
        'denied',
      ),
    },
  );
  const story = fc.record({
    factors: fc.constantFrom<readonly FactorName[]>(['sms', 'otp'], ['otp', 'email'], ['voice', 'sms'], ['email']),
    levels: fc.record({
      attempts: fc.nat(5),
      phone: fc.integer({ min: 1, max: 10 }),
      email: fc.integer({ min: 1, max: 20 }),
    }),
    actions: fc.array(action, { maxLength: 25, size: 'max' }),
    troubles: fc.array(trouble, { maxLength: 40, size: 'max' }),
  });

  function lived(
    { factors, levels, actions, troubles }: typeof story extends fc.Arbitrary<infer T> ? T : never,
    look: (world: World) => void,
  ): void {
    const world = createWorld({ factors, inherited: left(levels) });
    const coming = [...troubles];
    world.trouble = () => coming.shift();
    world.observe = () => look(world);
    world.run();
    for (const act of actions) {
      act(world);
      look(world);
    }
  }

  test('the stories come to everything that can be waited for', () => {
    const seen = new Set<string>();
    fc.sample(story, { numRuns: 600, seed: 7 }).forEach((each) =>
      lived(each, (world) => seen.add(outlook(world).what)),
    );
    const rest = ['token', 'token_refresh', 'configuration', 'recovery_code'];
    expect(waitingForWhats.filter((what) => !seen.has(what) && !rest.includes(what))).toEqual([]);
  });

  test('what is waited for agrees with what is admitted, at every moment', () => {
    fc.assert(
      fc.property(story, (each) => lived(each, agrees)),
      { numRuns: 400 },
    );
  });
});

test.each(['no phone number', 'the phone number is invalid'] as const)('%s: another one is taken', (name) => {
  const world = situations[name]();
  expect(refusePhoneNumber(world.case, { phoneNumber: otherNumber }, world.now)).toBeUndefined();
});
