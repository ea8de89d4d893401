import { describe, expect, test } from '@jest/globals';
import { keyOf } from '../../src/api/enroll/model';
import { mayChangeNumber, stepOf } from '../../src/api/enroll/step';
import { enrollmentStates, waitingForWhats } from '../../src/enrollment/status';
import { problemCodes } from '../../src/enrollment/problems';
import { viewNames, views, type ViewName } from '../page/views';
import { awaitingCode } from './support';

const steps: Readonly<Record<ViewName, object>> = {
  'sign-in-first': { type: 'sign_in', reason: 'first' },
  'sign-in-again': { type: 'sign_in', reason: 'again' },
  'sign-in-refused': { type: 'sign_in', reason: 'refused' },
  number: { type: 'number', factor: 'sms' },
  'number-unreachable': { type: 'number', factor: 'sms' },
  'number-changed': { type: 'number_changed', phoneNumber: '••••••••••99' },
  preparing: { type: 'preparing' },
  code: { type: 'code', factor: 'sms', rejected: false, attemptsLeft: 5, next: { type: 'at' } },
  'code-resend': { type: 'code', next: { type: 'now' } },
  'code-wrong': { type: 'code', rejected: true, attemptsLeft: 3 },
  'code-next-on-its-way': { type: 'code', next: { type: 'by_itself' } },
  'wait-attempts': { type: 'wait', reason: 'attempts' },
  'wait-cooldown': { type: 'wait', reason: 'cooldown' },
  'wait-deliveries': { type: 'wait', reason: 'deliveries' },
  'wait-number-limit': { type: 'wait', reason: 'deliveries' },
  'resend-code': { type: 'resend', factor: 'sms' },
  'resend-app': { type: 'resend', factor: 'otp' },
  app: { type: 'app', challengeId: 'c-otp', rejected: false },
  'app-wrong': { type: 'app', rejected: true, attemptsLeft: 1 },
  checking: { type: 'checking' },
  'read-back': { type: 'read_back' },
  'recovery-code': { type: 'recovery_code' },
  'trouble-auth0': { type: 'trouble', reason: 'auth0' },
  'trouble-operator': { type: 'trouble', reason: 'operator' },
  'trouble-texts-stopped': { type: 'trouble', reason: 'texts_stopped' },
  'trouble-authenticators': { type: 'trouble', reason: 'delete_authenticators' },
  completed: { type: 'over', outcome: 'completed' },
  partial: { type: 'over', outcome: 'partial' },
  expired: { type: 'over', outcome: 'expired' },
  cancelled: { type: 'over', outcome: 'cancelled' },
  failed: { type: 'over', outcome: 'failed' },
};

test.each(viewNames)('%s', (name) => {
  expect(stepOf(views[name]())).toMatchObject(steps[name]);
});

describe('whatever an enrollment waits for, there is a step', () => {
  const situations = enrollmentStates.flatMap((state) =>
    waitingForWhats.flatMap((what) =>
      [undefined, ...problemCodes].map((code) => ({
        ...awaitingCode,
        state,
        waitingFor: { who: 'user' as const, what },
        ...(code === undefined ? {} : { lastProblem: { code, message: '', at: awaitingCode.startedAt } }),
      })),
    ),
  );

  test('with and without a challenge, a factor and a number', () => {
    for (const view of situations) {
      const { challenge: _challenge, factor: _factor, phoneNumber: _phoneNumber, ...bare } = view;
      for (const each of [view, bare]) expect(stepOf(each).type).toMatch(/^[a-z_0-9]+$/);
    }
  });

  test('an outcome is always shown as the outcome', () => {
    for (const state of ['completed', 'partial', 'expired', 'cancelled', 'failed'] as const) {
      for (const what of waitingForWhats) {
        expect(stepOf({ ...awaitingCode, state, waitingFor: { who: 'nobody', what } })).toEqual({
          type: 'over',
          outcome: state,
        });
      }
    }
  });
});

test('a wrong code of an earlier challenge is not said of the newest one', () => {
  const view = views['code-wrong']();
  const before = { ...view.lastProblem, at: new Date(Date.parse(view.challenge.issuedAt) - 1).toISOString() };
  expect(stepOf({ ...view, lastProblem: before })).toMatchObject({ type: 'code', rejected: false });
});

test('a number that somebody else has set is asked about before anything else, but not over a code that is checked', () => {
  const changed = views['number-changed']();
  expect(stepOf({ ...changed, waitingFor: { who: 'user', what: 'resend' } }).type).toBe('number_changed');
  expect(stepOf({ ...changed, state: 'confirming', waitingFor: { who: 'auth0', what: 'code_check' } }).type).toBe(
    'checking',
  );
  // Of the app, a number says nothing.
  expect(stepOf({ ...views.app(), phoneNumberChanges: 1 }).type).toBe('app');
});

test('another number can be given while a code is awaited for one, and not once it is confirmed or over', () => {
  const may = viewNames.filter((name) => mayChangeNumber(views[name]()));
  expect(may).toEqual(
    expect.arrayContaining(['code', 'number', 'resend-code', 'wait-deliveries', 'trouble-texts-stopped']),
  );
  for (const name of ['app', 'checking', 'completed', 'sign-in-first', 'recovery-code'])
    expect(may).not.toContain(name);
});

describe('the key of what is shown', () => {
  test('differs between all of them, and is the same for the same', () => {
    const keys = viewNames.map((name) => keyOf(views[name]()));
    expect(new Set(keys).size).toBe(viewNames.length);
    expect(keyOf(awaitingCode)).toBe(keyOf({ ...awaitingCode }));
  });

  test('does not follow what the page does not show', () => {
    expect(keyOf({ ...awaitingCode, nextAction: 'something else', textsLeft: 3 })).toBe(keyOf(awaitingCode));
  });
});
