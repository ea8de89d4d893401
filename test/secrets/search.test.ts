import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { search, type Wanted } from './search';
import { textOnly, wrappings } from './wrappings';

const samples: Readonly<Record<string, string>> = {
  'an access token': 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhdXRoMHwxIn0.c2lnbmF0dXJl',
  'a token as long as they get': `${'eyJhbGci'.repeat(200)}.${'c2lnbmF0'.repeat(200)}`,
  'an opaque token': 'Fe26.2*1*a/b+c==*9',
  'a refresh token': 'v1.Mjk-4_x~y',
  'a texted code': '271828',
  'a code with zeros in front': '000042',
  'a setup key': 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  'a phone number': '+14155550123',
  'a user id': 'auth0|65f1c0a1b2c3d4e5f6a7b8c9',
  'the part of a user id behind its connection': '65f1c0a1b2c3d4e5f6a7b8c9',
};
const place = (bytes: string | Uint8Array) => [{ name: 'place', bytes: Buffer.from(bytes) }];
const wanted = (...values: Wanted['values']): Wanted[] => [{ name: 'secret', values }];
const inNoise = (bytes: Buffer) =>
  Buffer.concat([randomBytes(200), Buffer.from(' '), bytes, Buffer.from(' '), randomBytes(200)]);

describe.each(Object.entries(samples))('%s', (_kind, sample) => {
  test.each(Object.entries(wrappings))('is found %s', (_form, wrap) => {
    expect(search(place(inNoise(wrap(Buffer.from(sample)))), wanted(sample))).not.toEqual([]);
  });
});

describe('bytes of a key', () => {
  const key = Buffer.from('00ff27"\\5c2541'.padEnd(32, '\u00e9'), 'latin1');
  test.each(Object.entries(wrappings).filter(([form]) => !textOnly.has(form)))('are found %s', (_form, wrap) => {
    expect(search(place(inNoise(wrap(key))), wanted(key))).not.toEqual([]);
  });
});

test('text beyond ASCII is found as UTF-8 and as JSON writes it', () => {
  for (const text of ['pässwörd-€', '"p\\u00e4ssw\\u00f6rd-\\u20ac"']) {
    expect(search(place(text), wanted('pässwörd-€'))).toHaveLength(1);
  }
});

test.each([
  ['in quotes', '{"code":"271828"}'],
  ['as a number', '{"code":271828,'],
  ['in a sentence', 'Your code is 271828.'],
  ['in a form', 'otp=271828&mfa_token=x'],
  ['behind a word', 'code271828'],
  ['behind a long name and a dash', 'the-code-that-was-sent-271828'],
  ['as a field of a protobuf message', '\x0a\x06271828B\x04'],
])('a code is found %s', (_how, text) => {
  expect(search(place(text), wanted('271828'))).toHaveLength(1);
});

test.each([
  ['in an id made of it', 'mfa-enrollment-auth0|65f1c0a1b2c3d4e5f6a7b8c9'],
  ['in a search attribute', '{"MfaOwner":"YXV0aDB8NjVmMWMwYTFiMmMzZDRlNWY2YTdiOGM5"}'],
  ['in the address of a call', '{"url":"/v1/enrollments?userId=auth0%7C65f1c0a1b2c3d4e5f6a7b8c9"}'],
  ['in the text of a failure', 'the user auth0|65f1c0a1b2c3d4e5f6a7b8c9 is blocked'],
])('a user id is found %s', (_how, text) => {
  expect(search(place(text), wanted('auth0|65f1c0a1b2c3d4e5f6a7b8c9'))).not.toEqual([]);
});

test.each([
  ['a longer number', '12718281 and 2718289'],
  ['the fraction of a time', '2026-11-24T09:30:00.271828Z'],
  ['a random id', 'run 3f0d2d5e-7a55-4d57-9d3c-3f4c271828aa'],
  ['a random id in base64url', 'enr_AbCd271828EfGhIjKlMnOpQr'],
  ['a longer number in base64', Buffer.from('"12718281"').toString('base64')],
])('the digits of a code in %s are no find', (_what, text) => {
  expect(search(place(text), wanted('271828'))).toEqual([]);
});

test('a number before the code in the same place does not hide it', () => {
  expect(search(place('12718281 271828'), wanted('271828'))).toHaveLength(1);
});

test('a find names secret, place and form, and does not repeat the secret', () => {
  const [find] = search(
    place(`key=${Buffer.from('token: hunter2hunter2').toString('base64')}`),
    wanted('hunter2hunter2'),
  );
  expect(find).toEqual({
    wanted: 'secret',
    place: 'place',
    form: 'base64',
    around: expect.stringContaining('token: •••'),
  });
});

test('each place and each value is looked through', () => {
  const places = [...place('nothing'), { name: 'other', bytes: Buffer.from('second-value') }];
  expect(search(places, wanted('first-value', 'second-value')).map((find) => find.place)).toEqual(['other']);
});

test('a value that everything holds by chance is refused', () => {
  expect(() => search(place('x'), wanted('12345'))).toThrow(RangeError);
});

test('random bytes and ordinary text hold nothing', () => {
  const text = 'The quick brown fox; {"state":"awaiting_code","deadline":"2026-11-27T09:00:00.000Z"} %20 \\n'.repeat(
    2_000,
  );
  const everything = Object.entries(samples).map(([name, value]) => ({ name, values: [value] }));
  expect(search([...place(randomBytes(2_000_000)), ...place(text)], everything)).toEqual([]);
});
