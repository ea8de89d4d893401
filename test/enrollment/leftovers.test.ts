import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isOursAlone, leftoversOf } from '../../src/enrollment/leftovers';
import type { Authenticator } from '../../src/factors';
import { createWorld, tokenOf, type World } from './world';

type Kind = 'sms' | 'voice' | 'totp' | 'push' | 'email' | 'recovery-code';

/** As `GET /mfa/authenticators` lists them: the id's prefix, the type and the channel of each kind. */
const shapes: Readonly<Record<Kind, Omit<Authenticator, 'id' | 'active'>>> = {
  sms: { authenticatorType: 'oob', oobChannel: 'sms' },
  voice: { authenticatorType: 'oob', oobChannel: 'voice' },
  totp: { authenticatorType: 'otp' },
  push: { authenticatorType: 'oob', oobChannel: 'auth0' },
  email: { authenticatorType: 'oob', oobChannel: 'email' },
  'recovery-code': { authenticatorType: 'recovery-code' },
};

const authenticator = (kind: Kind, suffix: string, active: boolean): Authenticator => ({
  id: `${kind}|dev_${suffix}`,
  ...shapes[kind],
  active,
});
const active = (kind: Kind, suffix: string) => authenticator(kind, suffix, true);
const inactive = (kind: Kind, suffix: string) => authenticator(kind, suffix, false);
const ids = (authenticators: readonly Authenticator[]) => authenticators.map(({ id }) => id);

describe('which authenticators an enrollment made and nobody confirmed', () => {
  test.each([
    ['one of each factor', [inactive('sms', 'A'), inactive('totp', 'B')], [], ['sms|dev_A', 'totp|dev_B']],
    ['two of one factor', [inactive('sms', 'A'), inactive('sms', 'B')], [], ['sms|dev_A', 'sms|dev_B']],
    ['beside an active one of the same factor', [active('sms', 'A'), inactive('sms', 'B')], [], ['sms|dev_B']],
    ['not one that is active', [active('sms', 'A')], [], []],
    ['not one that was there before', [inactive('sms', 'A')], [inactive('sms', 'A')], []],
    ['not the second listing of an active one', [active('sms', 'A'), inactive('sms', 'A')], [], []],
    ['not one of a kind that no factor makes', [inactive('push', 'A'), inactive('recovery-code', 'B')], [], []],
    ['not one of a factor that was not asked for', [inactive('email', 'A'), inactive('voice', 'B')], [], []],
    ['a text that shares no suffix with an email', [inactive('sms', 'A'), active('email', 'B')], [], ['sms|dev_A']],
    ['not one that shares the suffix of an active one', [inactive('sms', 'A'), active('email', 'A')], [], []],
    ['not a text beside a voice authenticator the user had', [inactive('sms', 'A'), active('voice', 'B')], [], []],
    [
      'not a text beside an unconfirmed voice authenticator the user had',
      [inactive('sms', 'A'), inactive('voice', 'B')],
      [inactive('voice', 'B')],
      [],
    ],
    ['not an app beside a push authenticator the user had', [inactive('totp', 'A'), active('push', 'B')], [], []],
    ['an app beside a voice authenticator', [inactive('totp', 'A'), active('voice', 'B')], [], ['totp|dev_A']],
    ['a text beside a push authenticator', [inactive('sms', 'A'), active('push', 'B')], [], ['sms|dev_A']],
    ['a text with the voice sibling it made', [inactive('sms', 'A'), inactive('voice', 'A')], [], ['sms|dev_A']],
  ])('%s', (_what, listed, opening, expected) => {
    expect(ids(leftoversOf(listed, opening, { sms: 2, otp: 2 }))).toEqual(expected);
  });

  test.each([
    ['none made', {}, []],
    ['one text made, two there', { sms: 1, otp: 1 }, ['totp|dev_C']],
    ['as many made as are there', { sms: 2, otp: 1 }, ['sms|dev_A', 'sms|dev_B', 'totp|dev_C']],
  ])('%s', (_what, made, expected) => {
    const listed = [inactive('sms', 'A'), inactive('sms', 'B'), inactive('totp', 'C')];
    expect(ids(leftoversOf(listed, [], made))).toEqual(expected);
  });
});

test('an unconfirmed authenticator the user had is not counted among what the enrollment made', () => {
  const old = inactive('sms', 'A');
  expect(ids(leftoversOf([old, inactive('sms', 'B')], [old], { sms: 1 }))).toEqual(['sms|dev_B']);
});

describe('a reading that does not show all that the user had active at the opening may be of another account', () => {
  const opening = [active('push', 'B'), inactive('sms', 'C')];
  test.each([
    ['what was active is gone', [], []],
    ['what was active is listed inactive', [inactive('push', 'B')], []],
    ['what was active is listed under another id', [active('push', 'D')], []],
    ['what was unconfirmed is gone', [active('push', 'B')], ['sms|dev_A']],
  ])('%s', (_what, still, leftovers) => {
    const reading = [inactive('sms', 'A'), ...still];
    expect(ids(leftoversOf(reading, opening, { sms: 1 }))).toEqual(leftovers);
    const made = { id: 'email|dev_E', factor: 'email' } as const;
    expect(isOursAlone(made, [active('email', 'E'), ...still], opening)).toBe(leftovers.length > 0);
  });
});

describe('can a factor that the enrollment made active be taken back alone', () => {
  test.each([
    ['a text', 'sms', [active('sms', 'A')], [], true],
    ['a text beside an app', 'sms', [active('sms', 'A'), active('totp', 'B')], [active('totp', 'B')], true],
    ['a text with the voice sibling that came with it', 'sms', [active('sms', 'A'), active('voice', 'A')], [], true],
    [
      'not a text that made active what was there before, unconfirmed',
      'sms',
      [active('sms', 'A')],
      [inactive('sms', 'A')],
      false,
    ],
    [
      'not a text whose voice sibling the user had',
      'sms',
      [active('sms', 'A'), active('voice', 'A')],
      [active('voice', 'A')],
      false,
    ],
    [
      'not a text beside another voice authenticator the user had',
      'sms',
      [active('sms', 'A'), active('voice', 'B')],
      [active('voice', 'B')],
      false,
    ],
    [
      'not a text beside a voice authenticator from elsewhere',
      'sms',
      [active('sms', 'A'), active('voice', 'B')],
      [],
      false,
    ],
    ['a text beside an unconfirmed voice authenticator', 'sms', [active('sms', 'A'), inactive('voice', 'B')], [], true],
    [
      'not an app beside a push authenticator the user had',
      'otp',
      [active('totp', 'A'), active('push', 'B')],
      [active('push', 'B')],
      false,
    ],
    [
      'a text that has nothing to do with a push authenticator',
      'sms',
      [active('sms', 'A'), active('push', 'B')],
      [active('push', 'B')],
      true,
    ],
    ['a call', 'voice', [active('voice', 'A')], [], true],
    ['a call with the text sibling that came with it', 'voice', [active('voice', 'A'), active('sms', 'A')], [], true],
    [
      'not a call beside a text authenticator the user had',
      'voice',
      [active('voice', 'A'), active('sms', 'B')],
      [active('sms', 'B')],
      false,
    ],
    [
      'an email beside all else the user had',
      'email',
      [active('email', 'A'), active('sms', 'B'), active('voice', 'B'), active('totp', 'C'), active('push', 'D')],
      [active('sms', 'B'), active('voice', 'B'), active('totp', 'C'), active('push', 'D')],
      true,
    ],
  ] as const)('%s', (_what, factor, listed, opening, alone) => {
    const [made] = listed;
    expect(isOursAlone({ id: made.id, factor }, listed, opening)).toBe(alone);
  });
});

/**
 * What Auth0's documentation says of a deletion, taken at its worst: besides the authenticator, whatever its id stands for
 * elsewhere in the list, its siblings of the same suffix, and everything of the paired kind.
 */
function afterDeleting(authenticators: readonly Authenticator[], id: string): readonly Authenticator[] {
  const [prefix = '', suffix = ''] = id.split('|');
  const paired: Readonly<Record<string, string>> = { sms: 'voice', voice: 'sms', push: 'totp', totp: 'push' };
  return authenticators.filter((other) => {
    const [otherPrefix = '', otherSuffix = ''] = other.id.split('|');
    return otherSuffix !== suffix && otherPrefix !== paired[prefix];
  });
}

describe('any list of authenticators', () => {
  const kinds = Object.keys(shapes) as Kind[]; // Object.keys forgets the key type; the object is closed
  const anyAuthenticator = fc
    .tuple(fc.constantFrom(...kinds), fc.constantFrom('A', 'B', 'C', 'D', 'E', 'F'), fc.boolean())
    .map(([kind, suffix, isActive]) => authenticator(kind, suffix, isActive));
  const anyAuthenticators = fc.array(anyAuthenticator, { maxLength: 7 });
  const anyMade = fc.record({ sms: fc.nat(3), otp: fc.nat(3), voice: fc.nat(2), email: fc.nat(2) });
  const situation = fc.record({
    opening: anyAuthenticators,
    made: anyMade,
    since: anyAuthenticators,
    lost: fc.oneof(fc.constant(0), fc.nat(3)),
  });
  /** What was there, less a few, and what came since. */
  const listedIn = ({ opening, since, lost }: { opening: Authenticator[]; since: Authenticator[]; lost: number }) => [
    ...opening.slice(lost),
    ...since,
  ];

  test('names something often enough for what follows to mean something', () => {
    const named = fc
      .sample(situation, { numRuns: 1000, seed: 7 })
      .filter((given) => leftoversOf(listedIn(given), given.opening, given.made).length > 0);
    expect(named.length).toBeGreaterThan(100);
  });

  test('names nothing, and nothing is taken back, where something that was active at the opening is not any more', () => {
    fc.assert(
      fc.property(situation, fc.constantFrom('sms' as const, 'otp' as const, 'voice' as const), (given, factor) => {
        const listed = listedIn(given);
        const isActive = ({ id }: Authenticator) => listed.some((each) => each.active && each.id === id);
        fc.pre(given.opening.some((had) => had.active && !isActive(had)));
        expect(leftoversOf(listed, given.opening, given.made)).toEqual([]);
        expect(isOursAlone({ id: `${factor}|dev_new`, factor }, listed, given.opening)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test('names nothing that is active or that the user had before', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const listed = listedIn(given);
        const spared = new Set([...ids(given.opening), ...ids(listed.filter((each) => each.active))]);
        for (const id of ids(leftoversOf(listed, given.opening, given.made))) expect(spared).not.toContain(id);
      }),
      { numRuns: 2000 },
    );
  });

  test('names no more of a factor than the enrollment made', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const named = ids(leftoversOf(listedIn(given), given.opening, given.made));
        const count = (prefix: string) => named.filter((id) => id.startsWith(`${prefix}|`)).length;
        expect(count('sms')).toBeLessThanOrEqual(given.made.sms);
        expect(count('totp')).toBeLessThanOrEqual(given.made.otp);
        expect(count('voice')).toBeLessThanOrEqual(given.made.voice);
        expect(count('email')).toBeLessThanOrEqual(given.made.email);
      }),
      { numRuns: 2000 },
    );
  });

  test('deleting what it names takes away nothing that is active or that the user had before', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const listed = listedIn(given);
        const before = new Set(ids(given.opening));
        const kept = listed.filter((each) => each.active || before.has(each.id));
        const left = ids(leftoversOf(listed, given.opening, given.made)).reduce(afterDeleting, listed);
        expect(left).toEqual(expect.arrayContaining(kept));
      }),
      { numRuns: 2000 },
    );
  });

  test('taking one back takes away nothing that the user had before, and nothing active that did not come with it', () => {
    const prefixes = { sms: 'sms', otp: 'totp', voice: 'voice', email: 'email' } as const;
    fc.assert(
      fc.property(situation, fc.constantFrom('sms', 'otp', 'voice', 'email'), (given, factor) => {
        const listed = listedIn(given);
        for (const made of listed.filter((each) => each.active && each.id.startsWith(`${prefixes[factor]}|`))) {
          if (!isOursAlone({ id: made.id, factor }, listed, given.opening)) continue;
          const before = new Set(ids(given.opening));
          const suffixOf = (id: string) => id.split('|')[1];
          const kept = listed.filter(
            ({ id, active: isActive }) => before.has(id) || (isActive && suffixOf(id) !== suffixOf(made.id)),
          );
          expect(afterDeleting(listed, made.id)).toEqual(expect.arrayContaining(kept));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what an enrollment has made', () => {
  const own = 'auth0|own';
  const ofFactor = (world: World) => world.tenant.account(own).filter(({ oobChannel }) => oobChannel === 'sms').length;
  const asked = (times: number): World => {
    const world = createWorld({ token: { accessToken: tokenOf(own, undefined, 3600) } }).run();
    for (let more = 0; more < times; more += 1) world.later(31).resend();
    return world;
  };

  test.each([0, 1, 2, 3, 4, 5])('is counted without what it has swept: %i resends', (times) => {
    const world = asked(times);
    expect(world.tenant.sent).toHaveLength(times + 1);
    expect(world.tenant.deleted.length).toBe(Math.max(0, times - 1)); // the one before the newest may still be answered
    expect(world.case.memory.made).toEqual({ sms: ofFactor(world) });
  });

  test('does not make it take another one for its own in the place of one that it has swept', () => {
    const world = asked(3);
    const elsewhere = inactive('sms', 'elsewhere');
    world.tenant.account(own).push(elsewhere);
    world.cancel();
    expect(world.state).toBe('cancelled');
    expect(world.tenant.account(own)).toContainEqual(elsewhere);
  });

  test('is all swept at its end where nobody else makes anything', () => {
    const world = asked(3).cancel();
    expect(world.tenant.account(own)).toEqual([]);
    expect(world.case.memory.made).toEqual({ sms: 0 });
  });
});
