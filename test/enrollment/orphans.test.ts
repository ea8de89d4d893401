import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isOursAlone, orphansOf } from '../../src/enrollment/orphans';
import type { Authenticator } from '../../src/factors';

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
const ids = (records: readonly Authenticator[]) => records.map(({ id }) => id);

describe('which records a case made and nobody confirmed', () => {
  test.each([
    ['one of each factor', [inactive('sms', 'A'), inactive('totp', 'B')], [], ['sms|dev_A', 'totp|dev_B']],
    ['two of one factor', [inactive('sms', 'A'), inactive('sms', 'B')], [], ['sms|dev_A', 'sms|dev_B']],
    ['beside an active one of the same factor', [active('sms', 'A'), inactive('sms', 'B')], [], ['sms|dev_B']],
    ['not one that is active', [active('sms', 'A')], [], []],
    ['not one that was there before', [inactive('sms', 'A')], [inactive('sms', 'A')], []],
    ['not the second listing of an active one', [active('sms', 'A'), inactive('sms', 'A')], [], []],
    ['not one of a kind that no factor makes', [inactive('email', 'A'), inactive('recovery-code', 'B')], [], []],
    ['not a text beside a voice record the user had', [inactive('sms', 'A'), active('voice', 'B')], [], []],
    [
      'not a text beside an unconfirmed voice record the user had',
      [inactive('sms', 'A'), inactive('voice', 'B')],
      [inactive('voice', 'B')],
      [],
    ],
    ['not an app beside a push record the user had', [inactive('totp', 'A'), active('push', 'B')], [], []],
    ['an app beside a voice record', [inactive('totp', 'A'), active('voice', 'B')], [], ['totp|dev_A']],
    ['a text beside a push record', [inactive('sms', 'A'), active('push', 'B')], [], ['sms|dev_A']],
    ['a text with the voice sibling it made', [inactive('sms', 'A'), inactive('voice', 'A')], [], ['sms|dev_A']],
  ])('%s', (_what, listed, opening, expected) => {
    expect(ids(orphansOf(listed, opening, { sms: 2, otp: 2 }))).toEqual(expected);
  });

  test.each([
    ['none made', {}, []],
    ['one text made, two there', { sms: 1, otp: 1 }, ['totp|dev_C']],
    ['as many made as are there', { sms: 2, otp: 1 }, ['sms|dev_A', 'sms|dev_B', 'totp|dev_C']],
  ])('%s', (_what, made, expected) => {
    const listed = [inactive('sms', 'A'), inactive('sms', 'B'), inactive('totp', 'C')];
    expect(ids(orphansOf(listed, [], made))).toEqual(expected);
  });
});

test('an unconfirmed record the user had is not counted among what the case made', () => {
  const old = inactive('sms', 'A');
  expect(ids(orphansOf([old, inactive('sms', 'B')], [old], { sms: 1 }))).toEqual(['sms|dev_B']);
});

describe('can a factor that the case made active be taken back alone', () => {
  test.each([
    ['a text', 'sms', [active('sms', 'A')], [], true],
    ['a text beside an app', 'sms', [active('sms', 'A'), active('totp', 'B')], [active('totp', 'B')], true],
    ['a text with the voice sibling that came with it', 'sms', [active('sms', 'A'), active('voice', 'A')], [], true],
    [
      'a text that made an older unconfirmed record of its own id active',
      'sms',
      [active('sms', 'A')],
      [inactive('sms', 'A')],
      true,
    ],
    [
      'not a text whose voice sibling the user had',
      'sms',
      [active('sms', 'A'), active('voice', 'A')],
      [active('voice', 'A')],
      false,
    ],
    [
      'not a text beside another voice record the user had',
      'sms',
      [active('sms', 'A'), active('voice', 'B')],
      [active('voice', 'B')],
      false,
    ],
    ['not a text beside a voice record from elsewhere', 'sms', [active('sms', 'A'), active('voice', 'B')], [], false],
    ['a text beside an unconfirmed voice record', 'sms', [active('sms', 'A'), inactive('voice', 'B')], [], true],
    [
      'not an app beside a push record the user had',
      'otp',
      [active('totp', 'A'), active('push', 'B')],
      [active('push', 'B')],
      false,
    ],
    [
      'a text that has nothing to do with a push record',
      'sms',
      [active('sms', 'A'), active('push', 'B')],
      [active('push', 'B')],
      true,
    ],
  ] as const)('%s', (_what, factor, listed, opening, alone) => {
    const [made] = listed;
    expect(isOursAlone({ id: made.id, factor }, listed, opening)).toBe(alone);
  });
});

/**
 * What Auth0's documentation says of a deletion, taken at its worst: besides the record, whatever its id stands for
 * elsewhere in the list, its siblings of the same suffix, and everything of the paired kind.
 */
function afterDeleting(records: readonly Authenticator[], id: string): readonly Authenticator[] {
  const [prefix = '', suffix = ''] = id.split('|');
  const paired: Readonly<Record<string, string>> = { sms: 'voice', voice: 'sms', push: 'totp', totp: 'push' };
  return records.filter((other) => {
    const [otherPrefix = '', otherSuffix = ''] = other.id.split('|');
    return otherSuffix !== suffix && otherPrefix !== paired[prefix];
  });
}

describe('any list of records', () => {
  const kinds = Object.keys(shapes) as Kind[]; // Object.keys forgets the key type; the object is closed
  const anyRecord = fc
    .tuple(fc.constantFrom(...kinds), fc.constantFrom('A', 'B', 'C', 'D', 'E', 'F'), fc.boolean())
    .map(([kind, suffix, isActive]) => authenticator(kind, suffix, isActive));
  const anyRecords = fc.array(anyRecord, { maxLength: 7 });
  const anyMade = fc.record({ sms: fc.nat(3), otp: fc.nat(3) });
  const situation = fc.record({ opening: anyRecords, made: anyMade, since: anyRecords, lost: fc.nat(3) });
  /** What was there, less a few, and what came since. */
  const listedIn = ({ opening, since, lost }: { opening: Authenticator[]; since: Authenticator[]; lost: number }) => [
    ...opening.slice(lost),
    ...since,
  ];

  test('names nothing that is active or that the user had before', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const listed = listedIn(given);
        const spared = new Set([...ids(given.opening), ...ids(listed.filter((record) => record.active))]);
        for (const id of ids(orphansOf(listed, given.opening, given.made))) expect(spared).not.toContain(id);
      }),
      { numRuns: 2000 },
    );
  });

  test('names no more of a factor than the case made', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const named = ids(orphansOf(listedIn(given), given.opening, given.made));
        expect(named.filter((id) => id.startsWith('sms|')).length).toBeLessThanOrEqual(given.made.sms);
        expect(named.filter((id) => id.startsWith('totp|')).length).toBeLessThanOrEqual(given.made.otp);
      }),
      { numRuns: 2000 },
    );
  });

  test('deleting what it names takes away nothing that is active or that the user had before', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const listed = listedIn(given);
        const before = new Set(ids(given.opening));
        const kept = listed.filter((record) => record.active || before.has(record.id));
        const left = ids(orphansOf(listed, given.opening, given.made)).reduce(afterDeleting, listed);
        expect(left).toEqual(expect.arrayContaining(kept));
      }),
      { numRuns: 2000 },
    );
  });
});
