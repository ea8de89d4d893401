import { describe, expect, test } from '@jest/globals';
import { detailsOf } from '../../src/enrollment/details';
import { advance, type Enrollment } from '../../src/enrollment/enrollment';
import { problem } from '../../src/enrollment/problems';
import { enrollmentStates } from '../../src/enrollment/status';
import { outlookOf } from '../../src/enrollment/outlook';
import { waitingAt } from '../../src/enrollment/waiting';
import { after, fresh, inState, masked, now, otpChallenge, smsChallenge } from './samples';

const lines = (markdown: string) => markdown.split('\n').filter((line) => line !== '');
/** As a run shows it that has waited for the same since `now`. */
const shownAt = (enrollment: Enrollment, at: number, continues = false) =>
  detailsOf(enrollment, at, waitingAt(undefined, enrollment, now, continues));
const ended = ['completed', 'partial', 'expired', 'cancelled'];

test.each(enrollmentStates)(
  'an enrollment in %s begins with where it is, who must act, and what comes next',
  (state) => {
    const [title, ...rest] = lines(shownAt(inState[state], now));
    const waiting = ended.includes(state) ? undefined : rest.shift();
    const [next] = rest;
    const { who, what } = outlookOf(inState[state], now);
    expect(waiting?.replaceAll('\\', '')).toEqual(
      ended.includes(state)
        ? undefined
        : expect.stringMatching(
            new RegExp(`^\\*\\*Waiting for:\\*\\* .*${who}.* \\(${what}\\) since 2026-03-01T12:00:00.000Z$`, 'i'),
          ),
    );
    expect(title?.replaceAll('\\', '')).toMatch(new RegExp(`^### ${state}(: (text message|authenticator app))?$`));
    expect(next?.replaceAll('\\', '')).toBe(`**Next:** ${outlookOf(inState[state], now).action}`);
  },
);

test('an enrollment that waits for a code tells when the code expires, and what is left', () => {
  expect(lines(shownAt(inState.awaiting_code, now)).slice(3)).toEqual([
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
  expect(lines(shownAt(sent, now))).toContain(
    '- **Messages left:** 9, the next one not before 2026-03-01T12:00:30.000Z',
  );
  expect(lines(shownAt(sent, now + 30_000))).toContain('- **Messages left:** 9');
});

test('an enrollment by email says what is left of emails, and shows no phone number', () => {
  const mail = { ...smsChallenge, factor: 'email' } as const;
  const details = shownAt(after({ type: 'associated', challenge: mail, at: now }), now);
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
  expect(shownAt(waiting, now)).toContain('- **Setup key expires:** 2026-03-01T12:10:00.000Z');
  expect(shownAt(waiting, now)).not.toMatch(/Messages left|Phone number/);
});

test('an enrollment that has ended tells when and why, and no longer what is left', () => {
  const over = advance(inState.awaiting_code, {
    type: 'settled',
    outcome: 'cancelled',
    at: now + 60_000,
    problem: problem('cancelled', now, { message: 'The enrollment was cancelled: asked' }),
  });
  expect(lines(shownAt(over, now)).slice(2)).toEqual([
    '- **Factors:** sms challenged, otp waiting',
    '- **Last problem:** cancelled at 2026-03-01T12:00:00.000Z. The enrollment was cancelled: asked',
    '- **Runbook:** docs/runbook.md\\#cancelled',
    '- **Ended:** 2026-03-01T12:01:00.000Z',
    '- **Started:** 2026-03-01T12:00:00.000Z',
  ]);
});

test.each(['a | b', 'x](https://evil.example)', '![p](https://evil.example/p)', '<img src=x>', 'a\n# b\n- c', '`x`'])(
  'what a person wrote stays text: %j',
  (message) => {
    const over = advance(inState.awaiting_code, {
      type: 'settled',
      outcome: 'cancelled',
      at: now,
      problem: problem('cancelled', now, { message }),
    });
    const details = shownAt(over, now);
    expect(lines(details)).toHaveLength(7);
    expect(details.split('cancelled at ')[1]?.split('- **Runbook:**')[0]).not.toMatch(/(?<!\\)[|[\]<>`!#]/);
  },
);

describe('since when an enrollment waits', () => {
  const first = waitingAt(undefined, inState.awaiting_code, now, false);

  test('stays as it is while the same is awaited of the same', () => {
    const wrong = advance(advance(inState.awaiting_code, { type: 'confirmStarted' }), {
      type: 'codeRejected',
      at: now + 20_000,
      problem: problem('code_rejected', now + 20_000),
    });
    expect(waitingAt(first, wrong, now + 20_000, false)).toBe(first);
  });

  test('begins anew when somebody else has to act, or something else is awaited', () => {
    const blocked = (blockedOn: 'auth0' | 'resend', at: number) =>
      advance(fresh(), { type: 'associationBlocked', blockedOn, problem: problem('auth0_unavailable', at) });
    const onAuth0 = waitingAt(first, blocked('auth0', now + 1_000), now + 1_000, false);
    expect(onAuth0).toEqual({ who: 'auth0', what: 'answer', since: now + 1_000 });
    const onUser = waitingAt(onAuth0, blocked('resend', now + 2_000), now + 2_000, false);
    expect(onUser).toEqual({ who: 'user', what: 'resend', since: now + 2_000 });
  });

  test('is told as a bound by a run that continues another one, until something changes', () => {
    expect(lines(shownAt(inState.awaiting_code, now + 5_000, true))[1]).toMatch(
      /since 2026-03-01T12:00:00.000Z or earlier$/,
    );
    const known = waitingAt(undefined, inState.awaiting_code, now, true);
    expect(waitingAt(known, inState.verifying, now + 1_000, true)).not.toHaveProperty('orEarlier');
  });
});
