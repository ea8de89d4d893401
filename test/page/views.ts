import type { ChallengeSecrets } from '../../src/enrollment/status';
import type { EnrollmentView } from '../../src/temporal/enrollments/runs';
import { awaitingCode } from '../api/support';

/** Milliseconds from now, as the views have it. */
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

const { challenge: _challenge, ...rest } = awaitingCode;
const confirmed = (...names: readonly string[]): EnrollmentView['factors'] =>
  awaitingCode.factors.map((one) =>
    names.includes(one.factor) ? { ...one, state: 'confirmed', active: true } : { ...one, state: 'waiting' },
  );
const base = (): EnrollmentView => ({
  ...rest,
  consentedAt: inMs(-60_000),
  deadlines: { enrollment: inMs(3 * 86_400_000) },
});
const code = () => ({
  ...base(),
  challenge: { ...challengeOf('sms', 'oob'), phoneNumber: '••••••••••23' },
});
const challengeOf = (factor: 'sms' | 'otp', type: 'oob' | 'otp'): NonNullable<EnrollmentView['challenge']> => ({
  ...{ challengeId: `c-${factor}`, factor, type, issuedAt: inMs(-20_000), expiresAt: inMs(280_000) },
});
const blocked = (
  waitingFor: EnrollmentView['waitingFor'],
  problem?: NonNullable<EnrollmentView['lastProblem']>['code'],
  more: Partial<EnrollmentView> = {},
): EnrollmentView => ({
  ...base(),
  state: 'associating',
  waitingFor,
  ...(problem === undefined ? {} : { lastProblem: { code: problem, message: problem, at: inMs(-1000) } }),
  ...more,
});
const over = (state: EnrollmentView['state'], ...active: readonly string[]): EnrollmentView => {
  const { factor: _factor, ...settled } = base();
  return { ...settled, state, factors: confirmed(...active), waitingFor: { who: 'nobody', what: 'nothing' } };
};
const unnumbered = (view: EnrollmentView): EnrollmentView => {
  const { phoneNumber: _phoneNumber, ...others } = view;
  return others;
};
const lastFactorDone = (view: EnrollmentView): EnrollmentView => {
  const { factor: _factor, ...others } = view;
  return { ...others, factors: confirmed('sms', 'otp') };
};

export const appSecrets: ChallengeSecrets = {
  ...{ type: 'otp', factor: 'otp', challengeId: 'c-otp', setupKey: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' },
  barcodeUri:
    'otpauth://totp/Example%20Corp:ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example%20Corp&algorithm=SHA1&digits=6&period=30',
};
export const recoverySecrets: ChallengeSecrets = { type: 'none', recoveryCode: 'EAXP7VUZ4QMB3W2HTKRN6D5Y' };

/** An enrollment in every state that the page knows, by what the page shows then. Times count from when it is called. */
export const views = {
  'sign-in-first': () => {
    const { consentedAt: _consent, ...view } = base();
    return { ...view, state: 'awaiting_token', waitingFor: { who: 'user', what: 'sign_in' } };
  },
  'sign-in-again': () => ({
    ...blocked({ who: 'user', what: 'sign_in' }, 'token_expired'),
    state: 'awaiting_token',
    factors: confirmed('sms'),
    factor: 'otp',
  }),
  'sign-in-refused': () => ({
    ...blocked({ who: 'onboarding', what: 'token' }, 'token_wrong_kind'),
    state: 'awaiting_token',
  }),
  number: () => unnumbered(blocked({ who: 'user', what: 'phone_number' }, 'phone_number_needed')),
  'number-unreachable': () => blocked({ who: 'user', what: 'phone_number' }, 'phone_number_invalid'),
  'number-changed': () => {
    const { consentedAt: _consent, ...view } = code();
    return { ...view, phoneNumberChanges: 1, phoneNumber: '••••••••••99' };
  },
  preparing: () => blocked({ who: 'auth0', what: 'challenge' }),
  code: () => ({ ...code(), nextTextAt: inMs(25_000) }),
  'code-resend': () => code(),
  'code-wrong': () => ({
    ...code(),
    attemptsLeft: 3,
    lastProblem: { code: 'code_rejected', message: 'x', at: inMs(-1000) },
  }),
  'code-next-on-its-way': () => ({
    ...code(),
    state: 'associating',
    waitingFor: { who: 'nobody', what: 'cooldown' },
    nextTextAt: inMs(12_000),
  }),
  'wait-attempts': () => ({
    ...code(),
    attemptsLeft: 0,
    nextAttemptAt: inMs(350_000),
    waitingFor: { who: 'nobody', what: 'attempts' },
    lastProblem: { code: 'code_rejected', message: 'x', at: inMs(-1000) },
  }),
  'wait-cooldown': () => blocked({ who: 'nobody', what: 'cooldown' }, 'cooldown', { nextTextAt: inMs(12_000) }),
  'wait-deliveries': () =>
    blocked({ who: 'nobody', what: 'deliveries' }, 'too_many_texts', { nextTextAt: inMs(3_500_000), textsLeft: 0 }),
  'wait-number-limit': () =>
    blocked({ who: 'nobody', what: 'deliveries' }, 'number_limit_reached', { nextTextAt: inMs(40_000_000) }),
  'resend-code': () => blocked({ who: 'user', what: 'resend' }, 'code_expired'),
  'resend-app': () =>
    blocked({ who: 'user', what: 'resend' }, 'not_listed', { factor: 'otp', factors: confirmed('sms') }),
  app: () => ({
    ...base(),
    factor: 'otp',
    factors: confirmed('sms'),
    challenge: challengeOf('otp', 'otp'),
    waitingFor: { who: 'user', what: 'otp' },
  }),
  'app-wrong': () => ({
    ...base(),
    factor: 'otp',
    factors: confirmed('sms'),
    challenge: challengeOf('otp', 'otp'),
    waitingFor: { who: 'user', what: 'otp' },
    attemptsLeft: 1,
    lastProblem: { code: 'code_rejected', message: 'x', at: inMs(-1000) },
  }),
  checking: () => ({ ...code(), state: 'confirming', waitingFor: { who: 'auth0', what: 'code_check' } }),
  'read-back': () => lastFactorDone({ ...base(), state: 'verifying', waitingFor: { who: 'auth0', what: 'read_back' } }),
  'recovery-code': () =>
    lastFactorDone({
      ...base(),
      state: 'verifying',
      recoveryCodeDue: true,
      waitingFor: { who: 'user', what: 'recovery_code' },
    }),
  'trouble-auth0': () => blocked({ who: 'auth0', what: 'answer' }, 'auth0_unavailable'),
  'trouble-operator': () => blocked({ who: 'operator', what: 'unexpected_answer' }, 'unexpected_answer'),
  'trouble-texts-stopped': () => blocked({ who: 'operator', what: 'texts_stopped' }, 'texts_stopped'),
  'trouble-authenticators': () => blocked({ who: 'operator', what: 'delete_authenticators' }, 'authenticator_limit'),
  completed: () => over('completed', 'sms', 'otp'),
  partial: () => over('partial', 'sms'),
  expired: () => over('expired'),
  cancelled: () => over('cancelled'),
  failed: () => over('failed'),
} as const satisfies Record<string, () => EnrollmentView>;

export type ViewName = keyof typeof views;
export const viewNames = Object.keys(views) as ViewName[]; // Object.keys forgets the key type; the object is closed
