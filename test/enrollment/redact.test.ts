import { expect, test } from '@jest/globals';
import { redactFreeText } from '../../src/enrollment/redact';

test.each([
  ['call back on +1 415 555 0123', 'call back on …23'],
  ['call back on (415) 555-0123, please', 'call back on (…23, please'],
  ['+14155550123 is gone', '…23 is gone'],
  ['the code was 271828', 'the code was …'],
  ['the code was 271 828.', 'the code was ….'],
  ['key JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', 'key …'],
  ['token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhdXRoMHwxIn0.c2lnbmF0dXJlc2lnbmF0dXJl', 'token ….….…'],
])('"%s" is kept as "%s"', (text, kept) => {
  expect(redactFreeText(text)).toBe(kept);
});

test.each(['user asked', 'ticket ABC-123', 'see https://tickets.example.com/browse/MFA-42', 'floor 3, room 114'])(
  '"%s" stays as it is',
  (text) => {
    expect(redactFreeText(text)).toBe(text);
  },
);
