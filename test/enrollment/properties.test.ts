import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide } from '../../src/enrollment/decide';
import { isSettled } from '../../src/enrollment/enrollment';
import { limits } from '../../src/enrollment/limits';
import { factors, type Authenticator, type FactorName } from '../../src/factors';
import { createWorld, opaqueTokenOf, other, own, tokenOf, type Trouble, type World } from './world';

/** What people, systems and strangers do to an enrollment. */
type Action =
  | { readonly type: 'rightCode' }
  | { readonly type: 'earlierCode' }
  | { readonly type: 'wrongCode'; readonly code: string; readonly factor: 'sms' | 'otp' }
  | { readonly type: 'resend' }
  | { readonly type: 'changeNumber' }
  | { readonly type: 'ownToken'; readonly seconds: number; readonly refresh: 'none' | 'own' | 'other' }
  | { readonly type: 'otherToken' }
  | { readonly type: 'opaqueToken' }
  | { readonly type: 'later'; readonly seconds: number }
  | { readonly type: 'cancel' };

const anyAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 120, arbitrary: fc.constant<Action>({ type: 'rightCode' }) },
  { weight: 20, arbitrary: fc.constant<Action>({ type: 'earlierCode' }) },
  {
    weight: 60,
    arbitrary: fc.record({
      type: fc.constant('wrongCode' as const),
      code: fc.constantFrom('000001', '000002', '000003'),
      factor: fc.constantFrom('sms' as const, 'otp' as const),
    }),
  },
  { weight: 40, arbitrary: fc.constant<Action>({ type: 'resend' }) },
  { weight: 20, arbitrary: fc.constant<Action>({ type: 'changeNumber' }) },
  {
    weight: 60,
    arbitrary: fc.record({
      type: fc.constant('ownToken' as const),
      seconds: fc.constantFrom(5, 100, 600, 600),
      refresh: fc.constantFrom('none' as const, 'own' as const, 'other' as const),
    }),
  },
  { weight: 20, arbitrary: fc.constant<Action>({ type: 'otherToken' }) },
  { weight: 20, arbitrary: fc.constant<Action>({ type: 'opaqueToken' }) },
  {
    weight: 80,
    arbitrary: fc.record({
      type: fc.constant('later' as const),
      seconds: fc.oneof(fc.nat(60), fc.nat(900), fc.nat(9_000)),
    }),
  },
  { weight: 6, arbitrary: fc.constant<Action>({ type: 'cancel' }) },
);

const anyTrouble: fc.Arbitrary<Trouble | undefined> = fc.oneof(
  { weight: 160, arbitrary: fc.constant(undefined) },
  {
    weight: 80,
    arbitrary: fc.constantFrom<Trouble>(
      'lostBefore',
      'lostAfter',
      'unavailable',
      'throttled',
      'unexpectedBefore',
      'unexpectedAfter',
      'denied',
      'refusedDelete',
    ),
  },
  { weight: 1, arbitrary: fc.constant<Trouble>('fatal') },
);

const smsHad: Authenticator = { id: 'sms|dev_had', authenticatorType: 'oob', oobChannel: 'sms', active: true };
const otpHad: Authenticator = { id: 'totp|dev_had', authenticatorType: 'otp', active: true };
const leftover: Authenticator = { id: 'totp|dev_left', authenticatorType: 'otp', active: false };
const ofOther: readonly Authenticator[] = [
  { id: 'sms|dev_other', authenticatorType: 'oob', oobChannel: 'sms', active: true },
  { id: 'totp|dev_pending', authenticatorType: 'otp', active: false },
];

const anyStory = fc.record({
  plan: fc.constantFrom<readonly FactorName[]>(['sms', 'otp'], ['otp', 'sms'], ['sms', 'otp', 'email'], ['voice']),
  had: fc.subarray([smsHad, otpHad, leftover]),
  policy: fc.constantFrom('keep' as const, 'remove' as const),
  first: fc.constantFrom('none', 'own', 'short', 'other', 'opaque', 'otherRefresh', 'ownRefresh'),
  actions: fc.array(anyAction, { maxLength: 40, size: 'max' }),
  troubles: fc.array(anyTrouble, { maxLength: 60, size: 'max' }),
  localFirst: fc.boolean(),
  /** Which workflow tasks lose a try, of those that may. */
  lostTries: fc.array(
    fc.nat(9).map((one) => one === 0),
    { maxLength: 30, size: 'max' },
  ),
});
type Story = typeof anyStory extends fc.Arbitrary<infer T> ? T : never;

/** A world that has been through a story; `observe` sees it after every change. */
function lived(story: Story, observe: (world: World) => void = () => undefined): World {
  const world = createWorld({
    tokenless: true,
    factors: story.plan,
    had: { [own]: story.had, [other]: ofOther },
    options: { partialPolicy: story.policy, localFirst: story.localFirst },
  });
  const lostTries = [...story.lostTries];
  let lost = 0; // each may cost one of Auth0's attempts
  const isLost = () => lostTries.shift() === true && (lost += 1) <= 3;
  world.losesTry = isLost;
  world.losesAhead = isLost;
  const tokens: Record<string, () => void> = {
    own: () => void world.token(tokenOf(own, world.now)),
    short: () => void world.token(tokenOf(own, world.now, 100)),
    other: () => void world.token(tokenOf(other, world.now)),
    opaque: () => void world.token(opaqueTokenOf(other)),
    otherRefresh: () =>
      void world.token(tokenOf(own, world.now, 5), { refreshToken: world.tenant.refreshTokenOf(other) }),
    ownRefresh: () => void world.token(tokenOf(own, world.now, 5), { refreshToken: world.tenant.refreshTokenOf(own) }),
  };
  const troubles = [...story.troubles];
  world.trouble = () => troubles.shift();
  world.observe = () => observe(world);
  tokens[story.first]?.();
  world.run();
  for (const action of story.actions) act(world, action);
  return world;
}

function act(world: World, action: Action): void {
  const { held, enrollment } = world.case;
  const factor = 'challenge' in enrollment ? enrollment.challenge.factor : 'sms';
  switch (action.type) {
    case 'rightCode':
      return void world.code(world.rightCode(), factor);
    case 'earlierCode': {
      const secret = held.previous?.secret;
      return void world.code(secret?.type === 'oob' ? world.tenant.codeFor(secret.oobCode) : '000009', factor);
    }
    case 'wrongCode':
      return void world.code(action.code, action.factor);
    case 'resend':
      return void world.resend();
    case 'changeNumber':
      return void world.changeNumber();
    case 'ownToken': {
      const { refresh } = action;
      const owner = refresh === 'own' ? own : other;
      const more = refresh === 'none' ? {} : { refreshToken: world.tenant.refreshTokenOf(owner) };
      return void world.token(tokenOf(own, world.now, action.seconds), more);
    }
    case 'otherToken':
      return void world.token(tokenOf(other, world.now), { refreshToken: world.tenant.refreshTokenOf(other) });
    case 'opaqueToken':
      return void world.token(opaqueTokenOf(other));
    case 'later':
      return void world.later(action.seconds);
    case 'cancel':
      return void world.cancel('changed their mind');
  }
}

/** To the end, whatever it is: nothing goes wrong any more, and nobody does anything. */
const ended = (world: World): World => world.later(limits.lifetimeSeconds + 3600);

const runs = { numRuns: 1000 };
/** For a claim that costs much at every change. */
const fewStories = (claim: (story: Story) => void) => fc.assert(fc.property(anyStory, claim), { numRuns: 60 });
const everyStory = (claim: (story: Story) => void) => fc.assert(fc.property(anyStory, claim), runs);

test('the stories come to every state, every kind of block, and both ends of it', () => {
  const states = new Set<string>();
  fc.sample(anyStory, { numRuns: 2000, seed: 7 }).forEach((story) => {
    const note = ({ case: { enrollment } }: World) => {
      states.add(enrollment.state);
      if (enrollment.state === 'associating' && enrollment.blockedOn !== undefined) states.add(enrollment.blockedOn);
    };
    ended(lived(story, note));
  });
  expect([...states].sort()).toEqual(
    [
      'awaiting_token',
      'associating',
      'awaiting_code',
      'confirming',
      'verifying',
      'completed',
      'partial',
      'expired',
      'cancelled',
      'failed',
      'resend',
      'auth0',
      'operator',
      'cooldown',
    ].sort(),
  );
});

describe('whatever people do and whatever goes wrong', () => {
  test('no call is made with a token of another user, and another account stays as it was', () => {
    everyStory((story) => {
      const world = ended(lived(story));
      expect(world.tenant.calls.filter(({ userId, forUserId }) => userId !== own || forUserId !== own)).toEqual([]);
      expect(world.tenant.account(other)).toEqual(ofOther);
    });
  });

  test('nothing is deleted that was there before the enrollment', () => {
    everyStory((story) => {
      const world = ended(lived(story));
      const before = new Set(story.had.map(({ id }) => id));
      expect(world.tenant.deleted.filter(({ id }) => before.has(id))).toEqual([]);
    });
  });

  test('nothing that is active is deleted, but under the policy to take half an enrollment back', () => {
    everyStory((story) => {
      const { deleted } = ended(lived(story)).tenant;
      if (story.policy === 'keep') expect(deleted.filter(({ wasActive }) => wasActive)).toEqual([]);
    });
  });

  test('no more than 10 messages and one for every hour are sent, and never two within 30 seconds', () => {
    everyStory((story) => {
      const { sent } = ended(lived(story)).tenant;
      const phones = sent.filter(({ to }) => to !== 'mailbox');
      phones.forEach((from, first) =>
        phones.slice(first).forEach((to, more) => {
          expect(more + 1).toBeLessThanOrEqual(10 + Math.floor((to.at - from.at) / 3_600_000));
        }),
      );
      sent.slice(1).forEach(({ at }, index) => {
        expect(at - (sent[index]?.at ?? 0)).toBeGreaterThanOrEqual(limits.cooldownSeconds * 1000);
      });
    });
  });

  test('codes that Auth0 counts as wrong never empty its own bucket of 10, one back every 6 minutes', () => {
    everyStory((story) => {
      expect(ended(lived(story)).tenant.emptied).toBe(false);
    });
  });

  test('a factor is called confirmed only where Auth0 listed it active, and completed only with all of them', () => {
    everyStory((story) => {
      const world = lived(story, ({ case: { enrollment }, tenant }) => {
        for (const { factor, state } of enrollment.plan) {
          if (state !== 'confirmed') continue;
          expect(tenant.account(own).some((each) => each.active && factors[factor].matches(each))).toBe(true);
        }
      });
      const { state } = ended(world);
      const all = story.plan.every((factor) =>
        world.tenant.account(own).some((each) => each.active && factors[factor].matches(each)),
      );
      if (state === 'completed') expect(all).toBe(true);
    });
  });

  test('a try of a workflow task that is lost with its worker leaves no authenticator behind, and nobody is texted unasked', () => {
    const anyLosses = fc.record({
      plan: fc.constantFrom<readonly FactorName[]>(['sms', 'otp'], ['voice', 'otp'], ['otp', 'sms'], ['sms']),
      had: fc.subarray([smsHad, leftover]),
      lostTries: fc.array(fc.boolean(), { maxLength: 20, size: 'max' }),
      cancelledAfter: fc.nat(6),
      end: fc.constantFrom('completed', 'cancelled'),
    });
    fc.assert(
      fc.property(anyLosses, ({ plan, had, lostTries, cancelledAfter, end }) => {
        fc.pre(plan[0] !== 'voice' || !had.includes(smsHad)); // Auth0 deletes them together, so ours stays
        const world = createWorld({ factors: plan, had: { [own]: had }, options: { localFirst: true } });
        const losses = [...lostTries];
        world.losesTry = () => losses.shift() ?? false;
        world.losesAhead = () => losses.shift() ?? false;
        world.run();
        if (end === 'cancelled') {
          for (let turn = 0; turn < cancelledAfter; turn += 1) world.help(1);
          world.cancel();
        } else {
          world.help();
          expect(world.state).toBe('completed');
        }
        const left = world.tenant.account(own).filter(({ active }) => !active);
        expect(left).toEqual(had.filter(({ active }) => !active));
        expect(world.tenant.deleted.filter(({ wasActive }) => wasActive)).toEqual([]);
      }),
      runs,
    );
  });

  test('every command gets exactly one answer, at the latest when the enrollment is settled', () => {
    everyStory((story) => {
      const world = ended(lived(story));
      expect([world.answers.size, world.repeated]).toEqual([world.case.received, []]);
    });
  });

  test('every enrollment comes to an end at its deadline, and nothing moves it after that', () => {
    everyStory((story) => {
      const world = ended(lived(story));
      expect(isSettled(world.case.enrollment)).toBe(true);
      const { enrollment } = world.case;
      for (const action of story.actions) act(world, action);
      expect(world.case.enrollment).toBe(enrollment);
    });
  });

  test('a run that continues as new at any point goes on as if it had not', () => {
    fewStories((story) => {
      lived(story, (world) => {
        const carried = JSON.parse(JSON.stringify(world.case)) as typeof world.case; // what Temporal carries over
        if (world.case.memory.associating !== undefined) return; // never in the middle of a step
        if (world.case.task === undefined && world.case.enrollment.state === 'confirming') return;
        expect(decide(carried, world.now)).toEqual(decide(world.case, world.now));
      });
    });
  });

  test('what an enrollment waits for always lies ahead', () => {
    everyStory((story) => {
      lived(story, (world) => {
        if (world.step?.type === 'wait') expect(world.step.until).toBeGreaterThan(world.now - 1);
      });
    });
  });

  test('when nothing goes wrong any more and the user does what is asked, it is completed', () => {
    everyStory((story) => {
      const world = lived(story);
      world.trouble = () => undefined;
      world.later(400);
      world.help();
      const gaveUp = story.actions.some(({ type }) => type === 'cancel') || world.state === 'failed';
      const tooOld = world.now - world.case.enrollment.startedAt > limits.lifetimeSeconds * 1000;
      if (!gaveUp && !tooOld && world.case.enrollment.wrongCodes < limits.attemptsInAll) {
        expect(world.state).toBe('completed');
      }
    });
  });
});
