import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isSameHand, parseActor } from '../../src/enrollment/actor';

describe('an actor as it comes with a message', () => {
  test.each([
    ['a caller', { caller: 'abc-_9' }, { caller: 'abc-_9' }],
    ['a caller and a person', { caller: 'a', person: 'b' }, { caller: 'a', person: 'b' }],
    ['more than that', { caller: 'a', name: 'Ada' }, { caller: 'a' }],
    ['the account holder', { caller: 'a', accountHolder: true }, { caller: 'a', accountHolder: true }],
    ['somebody who is said not to be the account holder', { caller: 'a', accountHolder: false }, undefined],
    ['no caller', { person: 'b' }, undefined],
    ['an empty caller', { caller: '' }, undefined],
    ['a caller of 65 characters', { caller: 'a'.repeat(65) }, undefined],
    ['a name, which is no hash', { caller: 'Ada Lovelace' }, undefined],
    ['a person that is no hash', { caller: 'a', person: 'ada@example.com' }, undefined],
    ['a person that is no text', { caller: 'a', person: 7 }, undefined],
    ['a text', 'a', undefined],
    ['nothing', null, undefined],
  ])('of %s', (_name, value, actor) => {
    expect(parseActor(value)).toEqual(actor);
  });

  test('is read without an error, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(typeof (parseActor(value)?.caller ?? '')).toBe('string');
      }),
    );
  });
});

test.each([
  ['the same caller', { caller: 'a' }, { caller: 'a' }, true],
  ['one caller for two people', { caller: 'a', person: 'p' }, { caller: 'a', person: 'q' }, true],
  ['one person behind two callers', { caller: 'a', person: 'p' }, { caller: 'b', person: 'p' }, true],
  ['two people of two callers', { caller: 'a', person: 'p' }, { caller: 'b', person: 'q' }, false],
  ['two callers, one of whose people is known', { caller: 'a', person: 'p' }, { caller: 'b' }, false],
  ['two callers', { caller: 'a' }, { caller: 'b' }, false],
  [
    'the account holder',
    { caller: 'a', accountHolder: true } as const,
    { caller: 'b', accountHolder: true } as const,
    true,
  ],
  [
    'the account holder and a caller of that name',
    { caller: 'a', accountHolder: true } as const,
    { caller: 'a' },
    false,
  ],
])('%s: the same hand or not', (_name, one, other, same) => {
  expect([isSameHand(one, other), isSameHand(other, one)]).toEqual([same, same]);
});
