import { describe, expect, test } from '@jest/globals';
import {
  mostStoppedPrefixes,
  parsePrefix,
  parseStop,
  parseStopped,
  resume,
  stop,
  stoppedBy,
  type StoppedPrefix,
} from '../../src/enrollment/stopped-prefixes';

const now = Date.UTC(2026, 10, 24);
const stopped = (...prefixes: string[]): readonly StoppedPrefix[] =>
  prefixes.reduce<readonly StoppedPrefix[]>((all, prefix) => stop(all, { prefix, reason: 'fraud' }, now) ?? all, []);

describe('a prefix', () => {
  test.each([
    ['+88213', '+88213'],
    ['88213', '+88213'],
    ['+1', '+1'],
    ['+1234567', '+1234567'],
  ])('%s is one', (text, prefix) => {
    expect(parsePrefix(text)).toBe(prefix);
  });

  test.each(['', '+', '+0', '0049', '+12345678', '+1 900', 'all', '++1', '+1\n', 5, undefined])(
    '%j is none',
    (text) => {
      expect(parsePrefix(text)).toBeUndefined();
    },
  );
});

describe('stopped prefixes', () => {
  test('stop the numbers that begin so, and no others', () => {
    const list = stopped('+1900', '+882');
    expect(stoppedBy(list, '+19005550123')?.prefix).toBe('+1900');
    expect(stoppedBy(list, '+88213123456')?.prefix).toBe('+882');
    expect(stoppedBy(list, '+14155550123')).toBeUndefined();
    expect(stoppedBy(list, '+4919005550')).toBeUndefined();
  });

  test('a prefix stopped twice keeps its time and has the newer reason', () => {
    const list = stop(stopped('+882'), { prefix: '+882', reason: 'again' }, now + 5_000);
    expect(list).toEqual([{ prefix: '+882', reason: 'again', since: now }]);
  });

  test('lifting a stop lifts exactly that one', () => {
    expect(resume(stopped('+88', '+882'), '+88').map(({ prefix }) => prefix)).toEqual(['+882']);
    expect(resume(stopped('+882'), '+88')).toHaveLength(1);
  });

  test(`more than ${mostStoppedPrefixes} are not taken, but one of them may be stopped again`, () => {
    const full = stopped(...Array.from({ length: mostStoppedPrefixes }, (_, index) => `+${1000 + index}`));
    expect(full).toHaveLength(mostStoppedPrefixes);
    expect(stop(full, { prefix: '+5', reason: 'fraud' }, now)).toBeUndefined();
    expect(stop(full, { prefix: '+1000', reason: 'fraud' }, now)).toHaveLength(mostStoppedPrefixes);
  });

  test('survive being written down', () => {
    const list = stopped('+1900', '+882');
    expect(parseStopped(JSON.parse(JSON.stringify(list)))).toEqual(list);
  });

  test('what is not such a list is not read as an empty one', () => {
    for (const value of [undefined, {}, 'text', [{ prefix: '+1' }], [...stopped('+1'), null]]) {
      expect(parseStopped(value)).toBeUndefined();
    }
  });

  test('a reason keeps no number', () => {
    expect(parseStop({ prefix: '+882', reason: 'many texts to +882 13 123456' })?.reason).not.toContain('123456');
    expect(parseStop({ prefix: '+882', reason: '  ' })).toBeUndefined();
  });
});
