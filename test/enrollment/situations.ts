import { hold } from '../../src/enrollment/case';
import { openEnrollment, type Inherited } from '../../src/enrollment/enrollment';
import { limits } from '../../src/enrollment/limits';
import type { EffectStep } from '../../src/enrollment/steps';
import { openCase } from '../../src/enrollment/token-choice';
import type { Authenticator, FactorName } from '../../src/factors';
import {
  createWorld,
  now,
  opaqueTokenOf,
  other,
  own,
  tokenOf,
  type Trouble,
  type World,
  type WorldOptions,
} from './world';

/** What an enrollment takes over that has used up all but so many attempts, texts and calls, or emails. */
export function left(levels: { attempts?: number; phone?: number; email?: number }): Inherited {
  const { attempts, deliveries } = openEnrollment({ factors: ['sms'] }, now);
  return {
    attempts: { ...attempts, level: levels.attempts ?? attempts.level },
    deliveries: {
      phone: { ...deliveries.phone, level: levels.phone ?? deliveries.phone.level },
      email: { ...deliveries.email, level: levels.email ?? deliveries.email.level },
    },
  };
}

/** The first `times` steps of this type go wrong like this. */
export function troubled(world: World, type: EffectStep['type'], trouble: Trouble, times = Infinity): World {
  let more = times;
  world.trouble = (step) => {
    if (step.type !== type || more === 0) return undefined;
    more -= 1;
    return trouble;
  };
  return world;
}

/** The enrollment as it is while Auth0 is asked for this: what a status says in the middle of a step. */
function during(world: World, type: EffectStep['type'], act: (world: World) => void): World {
  let found: World['case'] | undefined;
  world.trouble = (step) => {
    if (step.type === type) found ??= world.case;
    return undefined;
  };
  act(world);
  if (found === undefined) throw new Error(`no ${type} was made`);
  world.case = found;
  return world;
}

/** An enrollment that waits for its first code. Its user agreed on a page, and Auth0 has given a recovery code. */
export function recoveryCodeGiven(more: WorldOptions = {}): World {
  const options = { recoveryCode: 'acknowledge' } as const;
  const world = createWorld({ tokenless: true, options, ...more }).run();
  world.token(tokenOf(own, now), {}, { phoneNumberChanges: 0 });
  world.case = hold(world.case, { recoveryCode: 'RECOVERY' });
  return world;
}

/** A code of this kind that Auth0 says nothing is known of any more. */
function markExpired(world: World, factor: FactorName): World {
  troubled(world, 'confirm', 'challengeExpired', 1);
  world.code('000009', factor);
  return world;
}

const had = (factor: 'sms' | 'voice'): Authenticator => ({
  id: `${factor}|dev_had`,
  authenticatorType: 'oob',
  oobChannel: factor,
  active: true,
});
const begun = (options: WorldOptions = {}): World => createWorld(options).run();
/** Auth0 accepted the code, and its list does not show that; `trouble`: or does not come at all. */
function accepted(trouble?: Trouble): World {
  const world = begun({ factors: ['sms'] });
  const code = world.rightCode();
  world.trouble = ({ type }) => {
    if (type !== 'list' || world.state !== 'verifying') return undefined;
    world.tenant.accounts.set(own, []); // the list lags
    return trouble;
  };
  world.code(code);
  return world;
}

/** Enrollments in every state that they can be in for a while, each as people, systems and Auth0 lead there. */
export const situations = {
  // awaiting_token
  'no token': () => begun({ tokenless: true }),
  'the token has expired': () => begun().later(600),
  'Auth0 refuses the token': () => troubled(createWorld(), 'list', 'tokenRefused').run(),
  'the token is of the wrong kind': () => troubled(createWorld(), 'associate', 'tokenWrongKind').run(),
  'the token dies too soon': () => begun({ token: { accessToken: tokenOf(own, now, 100) } }),
  'the token is of another user': () => begun({ token: { accessToken: tokenOf(other) } }),
  'the user of the token cannot be read': () => begun({ token: { accessToken: opaqueTokenOf(own) } }),
  'the refresh token is refused': () => {
    const world = createWorld({ token: { accessToken: tokenOf(own, now, 5), refreshToken: 'unknown' } });
    return world.run();
  },
  'the refresh token waits for Auth0': () => {
    const world = troubled(createWorld({ tokenless: true }), 'refresh', 'unavailable');
    world.token(tokenOf(own, now, 5), { refreshToken: world.tenant.refreshTokenOf(own) });
    return world.run();
  },
  'the token has expired between two factors': () => {
    const world = begun();
    world.code(world.rightCode());
    return world.later(601);
  },

  // associating
  'Auth0 is asked for the list': () => during(createWorld(), 'list', (world) => world.run()),
  'Auth0 is asked for a text': () => during(createWorld(), 'associate', (world) => world.run()),
  'no phone number': () => {
    const world = createWorld();
    world.case = openCase({ userId: own, factors: ['sms'], token: { accessToken: tokenOf(own) } }, now, 0.5);
    return world.run();
  },
  'no phone number, and no text is left': () => {
    const world = createWorld();
    const token = { accessToken: tokenOf(own, now, 7200) };
    world.case = openCase({ userId: own, factors: ['sms'], token, inherited: left({ phone: 0 }) }, now, 0.5);
    return world.run();
  },
  'the phone number is invalid': () => troubled(createWorld(), 'associate', 'phoneNumberInvalid', 1).run(),
  'no text is left': () => begun({ inherited: left({ phone: 0 }) }),
  'no text is left, an hour later': () =>
    begun({ inherited: left({ phone: 0 }), token: { accessToken: tokenOf(own, now, 7200) } }).later(3600),
  'Auth0 sends no more texts': () => troubled(createWorld(), 'associate', 'tooManyTexts', 1).run(),
  'the number has had its texts of a day': () => troubled(createWorld(), 'associate', 'numberLimit', 1).run(),
  'the caller has had its texts of a day': () => troubled(createWorld(), 'associate', 'callerLimit', 1).run(),
  'the number has had its texts, a day later': () =>
    troubled(createWorld({ token: { accessToken: tokenOf(own, now, 100_000) } }), 'associate', 'numberLimit', 1)
      .run()
      .later(86_400),
  'an operator has stopped texts to the prefix': () => troubled(createWorld(), 'associate', 'textsStopped', 1).run(),
  'three answers got lost, the last one just now': () =>
    troubled(createWorld(), 'associate', 'lostAfter', 3).run().later(65),
  'three answers got lost': () => troubled(createWorld(), 'associate', 'lostAfter', 3).run().later(100),
  'three answers were strange': () => troubled(createWorld(), 'associate', 'unexpectedAfter', 3).run().later(100),
  'one answer got lost': () => troubled(createWorld(), 'associate', 'lostAfter', 1).run(),
  'Auth0 keeps no more authenticators': () => troubled(createWorld(), 'associate', 'authenticatorLimit', 1).run(),
  'Auth0 does not list what it accepted': () => accepted().later(100),
  'another text was asked for, and Auth0 does not answer': () => {
    const world = troubled(begun().later(31), 'associate', 'unavailable');
    world.resend();
    return world;
  },
  'another text was asked for, and Auth0 sends no more': () => {
    const world = troubled(begun().later(31), 'associate', 'tooManyTexts');
    world.resend();
    return world;
  },
  'Auth0 does not answer': () => troubled(createWorld(), 'associate', 'unavailable').run(),
  'Auth0 asks callers to slow down': () => troubled(createWorld(), 'list', 'throttled').run(),
  'what answers is not Auth0': () => troubled(createWorld(), 'list', 'unexpectedBefore').run(),
  'a call is out when Auth0 accepted the text': () => {
    const world = begun({ factors: ['sms', 'voice'] });
    world.code(world.rightCode());
    return world;
  },
  'another number was given within the cool-down': () => {
    const world = begun();
    world.changeNumber();
    return world;
  },

  // awaiting_code
  'a text is out': () => begun(),
  'a call is out': () => begun({ factors: ['voice'] }),
  'an email is out': () => begun({ factors: ['email'] }),
  'a QR code is shown': () => begun({ factors: ['otp'] }),
  'a code was wrong': () => {
    const world = begun();
    world.code('000001');
    return world;
  },
  'five codes were wrong': () => {
    const world = begun();
    for (const code of ['000001', '000002', '000003', '000004', '000005']) world.code(code);
    return world;
  },
  'Auth0 takes no more codes': () => {
    const world = troubled(begun(), 'confirm', 'tooManyCodes', 1);
    world.code('000001');
    return world;
  },
  'a text is out and its code has died': () => begun({ token: { accessToken: tokenOf(own, now, 3600) } }).later(301),
  'Auth0 says that the code has expired': () => markExpired(begun().later(31), 'sms'),
  'Auth0 says so within the cool-down': () => markExpired(begun(), 'sms'),
  'Auth0 says that somebody refused': () => {
    const world = troubled(begun().later(31), 'confirm', 'denied', 1);
    world.code('000001');
    return world;
  },
  'the answer to a code got lost': () => {
    const world = begun();
    world.trouble = ({ type }) => (type === 'confirm' ? 'lostBefore' : type === 'list' ? 'unavailable' : undefined);
    world.code('000001');
    return world;
  },
  'the answer to a code was strange': () => {
    const world = troubled(begun(), 'confirm', 'unexpectedBefore', 1);
    world.code('000001');
    return world;
  },
  'who gave the number sent its code': () => {
    const hand = { caller: 'onboarding' };
    const world = begun({ startedBy: hand });
    world.code(world.rightCode(), 'sms', undefined, hand);
    return world;
  },
  'a resend came too soon': () => {
    const world = begun();
    world.resend();
    return world;
  },
  'a token of another user came meanwhile': () => {
    const world = begun();
    world.token(tokenOf(other));
    return world;
  },
  'the user has nearly as many authenticators as Auth0 keeps': () =>
    begun({
      had: {
        [own]: Array.from({ length: limits.nearAuthenticatorLimit }, (_, index) => ({
          id: `totp|dev_${index}`,
          authenticatorType: 'otp',
          active: false,
        })),
      },
    }),
  'the token of a QR code has died and another one is at hand': () => {
    const world = begun({ factors: ['otp'] }).later(300);
    world.token(tokenOf(own, world.now, 3600));
    return world.later(301);
  },
  'a text is out to a user who has all but it': () =>
    begun({ factors: ['sms', 'voice'], had: { [own]: [had('voice')] } }),

  // confirming, verifying
  'Auth0 is asked about a code': () => during(begun(), 'confirm', (world) => world.code('000001')),
  'the factors are read back': () => accepted(),
  'the factors are read back, and Auth0 does not answer': () => accepted('unavailable'),
  'the factors are read back, and what answers is not Auth0': () => accepted('unexpectedBefore'),

  'the recovery code is to be saved': () => recoveryCodeGiven().finish(),

  // the outcomes
  completed: () => begun().finish(),
  partial: () => {
    const world = begun();
    world.code(world.rightCode());
    return world.later(limits.lifetimeSeconds);
  },
  expired: () => begun({ tokenless: true }).later(limits.lifetimeSeconds),
  'expired by wrong codes': () => {
    const world = begun({ factors: ['otp'], token: { accessToken: tokenOf(own, now, 86_400) } });
    for (let code = 0; code < limits.attemptsInAll; code += 1) {
      world.later(limits.attemptRefillSeconds);
      world.code(String(200_000 + code), 'otp');
    }
    return world;
  },
  cancelled: () => begun().cancel('changed their mind'),
  'failed: misconfigured': () => troubled(createWorld(), 'associate', 'fatal').run(),
  'failed: Auth0 was down until the end': () =>
    troubled(createWorld({ options: { lifetimeSeconds: 500 } }), 'list', 'unavailable')
      .run()
      .later(600),
} as const satisfies Readonly<Record<string, () => World>>;

export type Situation = keyof typeof situations;
export const situationNames = Object.keys(situations) as Situation[]; // Object.keys forgets the key type; the object is closed
