import { expect, test } from '@jest/globals';
import { detailsOf } from '../../src/enrollment/details';
import { advance } from '../../src/enrollment/enrollment';
import { problem } from '../../src/enrollment/problems';
import { enrollmentStates } from '../../src/enrollment/status';
import { nextAction } from '../../src/enrollment/view';
import { after, inState, now, otpChallenge, smsChallenge } from './samples';

const lines = (markdown: string) => markdown.split('\n').filter((line) => line !== '');

test.each(enrollmentStates)('a case in %s begins with where it is and what comes next', (state) => {
  const [title, next] = lines(detailsOf(inState[state], now));
  expect(title?.replaceAll('\\', '')).toMatch(new RegExp(`^### ${state}(: (text message|authenticator app))?$`));
  expect(next?.replaceAll('\\', '')).toBe(`**Next:** ${nextAction(inState[state], now)}`);
});

test('a case that waits for a code tells when the code dies, and what is left', () => {
  expect(lines(detailsOf(inState.awaiting_code, now)).slice(2)).toEqual([
    '- **Factors:** sms challenged, otp waiting',
    '- **Code dies:** 2026-03-01T12:05:00.000Z',
    '- **Codes that may still be wrong:** 5',
    '- **Texts left:** 10',
    '- **Phone number:** •••67',
    '- **Case ends:** 2026-03-01T13:00:00.000Z',
    '- **Started:** 2026-03-01T12:00:00.000Z',
  ]);
});

test('a case that waits for the app speaks of the setup key, not of texts', () => {
  const waiting = after(
    { type: 'associated', challenge: smsChallenge, at: now },
    { type: 'confirmStarted' },
    { type: 'codeAccepted', at: now },
    { type: 'associated', challenge: otpChallenge, at: now },
  );
  expect(detailsOf(waiting, now)).toContain('- **Setup key dies:** 2026-03-01T12:10:00.000Z');
  expect(detailsOf(waiting, now)).not.toMatch(/Texts left|Phone number/);
});

test('a case that is over tells when and why, and no longer what is left', () => {
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
