import { expect, test } from '@jest/globals';
import { defined } from '../../src/enrollment/defined';

test('members that are undefined are left out, and so they are not in the JSON either', () => {
  const of: { a?: number; b: number } = defined({ a: undefined, b: 1 });
  expect(Object.keys(of)).toEqual(['b']);
});

test.each([null, 0, false, '', Number.NaN, []])('%j stays: it is a value', (value) => {
  expect(defined({ value })).toEqual({ value });
});

test('what is given is not changed', () => {
  const given = Object.freeze({ a: undefined, b: { c: undefined } });
  expect(defined(given)).toEqual({ b: { c: undefined } });
  expect(Object.keys(defined(given).b)).toEqual(['c']);
});

test('nothing is made of nothing', () => {
  expect(defined({})).toEqual({});
});
