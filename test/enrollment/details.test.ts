import { expect, test } from '@jest/globals';
import { detailsOf } from '../../src/enrollment/details';
import { advance } from '../../src/enrollment/enrollment';
import { problem } from '../../src/enrollment/problems';
import { enrollmentStates } from '../../src/enrollment/status';
import { outlookOf } from '../../src/enrollment/outlook';
import { after, inState, masked, now, otpChallenge, smsChallenge } from './samples';

const lines = (markdown: string) => markdown.split('\n').filter((line) => line !== '');

test.each(enrollmentStates)('an enrollment in %s begins with where it is and what comes next', (state) => {
  const [title, next] = lines(detailsOf(inState[state], now));
  expect(title?.replaceAll('\\', '')).toMatch(new RegExp(`^### ${state}(: (text message|authenticator app))?$`));
  expect(next?.replaceAll('\\', '')).toBe(`**Next:** ${outlookOf(inState[state], now).action}`);
});

test('an enrollment that waits for a code tells when the code expires, and what is left', () => {
  expect(lines(detailsOf(inState.awaiting_code, now)).slice(2)).toEqual([
    '- **Factors:** sms challenged, otp waiting',
    '- **Code expires:** 2026-03-01T12:05:00.000Z',
    '- **Attempts left:** 5',
    '- **Messages left:** 10',
    `- **Phone number:** ${masked}`,
    '- **Enrollment ends:** 2026-03-01T13:00:00.000Z',
    '- **Started:** 2026-03-01T12:00:00.000Z',
  ]);
});

test('an enrollment that has just sent a message says when the next one may go out', () => {
  const sent = advance(inState.awaiting_code, { type: 'deliveryCounted', bucket: 'phone', at: now });
  expect(lines(detailsOf(sent, now))).toContain(
    '- **Messages left:** 9, the next one not before 2026-03-01T12:00:30.000Z',
  );
  expect(lines(detailsOf(sent, now + 30_000))).toContain('- **Messages left:** 9');
});

test('an enrollment by email says what is left of emails, and shows no phone number', () => {
  const mail = { ...smsChallenge, factor: 'email' } as const;
  const details = detailsOf(after({ type: 'associated', challenge: mail, at: now }), now);
  expect(details).toContain('- **Messages left:** 20');
  expect(details).not.toContain('Phone number');
});

test('an enrollment that waits for the app speaks of the setup key, not of messages', () => {
  const waiting = after(
    { type: 'associated', challenge: smsChallenge, at: now },
    { type: 'confirmStarted' },
    { type: 'codeAccepted', at: now },
    { type: 'associated', challenge: otpChallenge, at: now },
  );
  expect(detailsOf(waiting, now)).toContain('- **Setup key expires:** 2026-03-01T12:10:00.000Z');
  expect(detailsOf(waiting, now)).not.toMatch(/Messages left|Phone number/);
});

test('an enrollment that has ended tells when and why, and no longer what is left', () => {
  const ended = advance(inState.awaiting_code, {
    type: 'settled',
    outcome: 'cancelled',
    at: now + 60_000,
    problem: problem('cancelled', now, { message: 'The enrollment was cancelled: asked' }),
  });
  expect(lines(detailsOf(ended, now)).slice(2)).toEqual([
    '- **Factors:** sms challenged, otp waiting',
    '- **Last problem:** cancelled at 2026-03-01T12:00:00.000Z. The enrollment was cancelled: asked',
    '- **Ended:** 2026-03-01T12:01:00.000Z',
    '- **Started:** 2026-03-01T12:00:00.000Z',
  ]);
});

test.each(['a | b', 'x](https://evil.example)', '![p](https://evil.example/p)', '<img src=x>', 'a\n# b\n- c', '`x`'])(
  'what a person wrote stays text: %j',
  (message) => {
    const ended = advance(inState.awaiting_code, {
      type: 'settled',
      outcome: 'cancelled',
      at: now,
      problem: problem('cancelled', now, { message }),
    });
    const details = detailsOf(ended, now);
    expect(lines(details)).toHaveLength(6);
    expect(details.split('cancelled at ')[1]).not.toMatch(/(?<!\\)[|[\]<>`!#]/);
  },
);
