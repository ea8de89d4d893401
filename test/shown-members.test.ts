import { describe, expect, test } from '@jest/globals';
import { openCase } from '../src/enrollment/token-choice';
import type { EnrollmentInput } from '../src/enrollment/commands';
import { detailsOf } from '../src/enrollment/details';
import { problem, problemCodes } from '../src/enrollment/problems';
import type { ChallengeSecrets, EnrollmentStatus } from '../src/enrollment/status';
import type * as steps from '../src/enrollment/steps';
import { waitingAt } from '../src/enrollment/waiting';
import { factorNames } from '../src/factors';
import { awaitingCode } from './api/support';
import { shown, shownInLogs, shownInPayloads, shownMembers, shownText } from '../src/shown-members';

const accessToken = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhdXRoMHwxIn0.c2lnbmF0dXJl';
const refreshToken = 'v1.M2YwZDJkNWU3YTU1NGQ1NzlkM2M';
const oobCode = 'Fe26.2**Zm9vYmFyYmF6cXV4';
const bindingCode = '123456';
const setupKey = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const barcodeUri = `otpauth://totp/Example:user?secret=${setupKey}&issuer=Example`;
const recoveryCode = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
const claim = 'q3Vb0ZtXxk2yT1uE8wJw5Q';
const secrets = [accessToken, refreshToken, oobCode, bindingCode, '654321', setupKey, barcodeUri, recoveryCode, claim];
const phoneNumber = '+14155550123';
const masked = '••••••••••23';

const userId = 'auth0|507f1f77bcf86cd799439020';
const authenticator = { id: 'sms|dev_klnv5yshzzoosSUm', authenticatorType: 'oob', oobChannel: 'sms', active: false };
const token = { accessToken, expiresIn: 86_400, refreshToken };
const tokenSet: steps.TokenSet = { ...token, scope: ['enroll', 'read:authenticators'] };
const now = Date.parse('2026-11-24T09:00:00.000Z');
const input: EnrollmentInput = {
  userId,
  factors: ['sms', 'otp'],
  phoneNumber,
  token,
  options: { lifetimeSeconds: 259_200, partialPolicy: 'remove', opaqueTokens: 'accept', messagesPerRun: 100_000 },
  startedBy: { caller: 'kQ3Vb0ZtXxk2yT1uE8wJw5', person: 'Zr8wJw5kQ3Vb0ZtXxk2yT1' },
};
const opened = openCase(input, now, 0.5);
const met = { ...opened.enrollment, lastProblem: problem('code_rejected', now, { retryAt: now + 360_000 }) };
const { code, message } = problem('code_rejected', now);
const { id: _id, ...view } = awaitingCode;
const at = '2026-11-24T09:00:00.000Z';
const status: EnrollmentStatus = {
  ...view,
  phoneNumberChanges: 2,
  consentedAt: at,
  notices: [
    { type: 'phone_number_changed', at },
    { type: 'factor_confirmed', at, factor: 'sms' },
  ],
  lastProblem: { code, message, at },
};

/** A sample of each member of a union, by the word that tells them apart. */
type OfEach<Union extends { readonly kind: string }> = {
  readonly [Kind in Union['kind']]: Extract<Union, { readonly kind: Kind }>;
};

const refused = { kind: 'token_refused', problem: 'token_of_another_user' } as const;
const unexpected = { kind: 'unexpected' } as const;
const inputs = {
  list: { userId, accessToken } satisfies steps.ListInput,
  associate: {
    userId,
    accessToken,
    factor: 'sms',
    phoneNumber,
    knownIds: [authenticator.id],
  } satisfies steps.AssociateInput,
  'confirm by text': {
    userId,
    accessToken,
    factor: 'sms',
    proof: { type: 'oob', oobCode, bindingCode },
    activeIds: [authenticator.id],
  } satisfies steps.ConfirmInput,
  'confirm by app': {
    userId,
    accessToken,
    factor: 'otp',
    proof: { type: 'otp', otp: '654321' },
    activeIds: [],
  } satisfies steps.ConfirmInput,
  delete: { userId, accessToken, id: authenticator.id } satisfies steps.DeleteInput,
  refresh: { userId, refreshToken } satisfies steps.RefreshInput,
};
const outcomes = {
  list: {
    listed: { kind: 'listed', authenticators: [authenticator] },
    token_refused: refused,
    unexpected,
  } satisfies OfEach<steps.ListOutcome>,
  associate: {
    associated: { kind: 'associated', challenge: { type: 'oob', oobCode, recoveryCode } },
    phone_number_invalid: { kind: 'phone_number_invalid' },
    too_many_texts: { kind: 'too_many_texts' },
    authenticator_limit: { kind: 'authenticator_limit' },
    not_sent: { kind: 'not_sent', why: 'number', retryAt: now },
    token_refused: refused,
    unexpected,
  } satisfies OfEach<steps.AssociateOutcome>,
  'associate of an app': { kind: 'associated', challenge: { type: 'otp', setupKey, barcodeUri } },
  confirm: {
    accepted: { kind: 'accepted', token: tokenSet },
    code_rejected: { kind: 'code_rejected' },
    challenge_expired: { kind: 'challenge_expired' },
    too_many_codes: { kind: 'too_many_codes' },
    denied: { kind: 'denied' },
    token_refused: refused,
    unexpected,
  } satisfies OfEach<steps.ConfirmOutcome>,
  delete: {
    deleted: { kind: 'deleted' },
    not_allowed: { kind: 'not_allowed' },
    token_refused: refused,
  } satisfies OfEach<steps.DeleteOutcome>,
  refresh: {
    refreshed: { kind: 'refreshed', token: tokenSet },
    refused: { kind: 'refused' },
    foreign: { kind: 'foreign', problem: 'token_unreadable' },
    unexpected,
  } satisfies OfEach<steps.RefreshOutcome>,
};
const challenges: readonly ChallengeSecrets[] = [
  { type: 'none', recoveryCode },
  { type: 'oob', factor: 'sms', challengeId: 'c-1', phoneNumber: masked, recoveryCode },
  { type: 'otp', factor: 'otp', challengeId: 'c-2', setupKey, barcodeUri, recoveryCode },
];
const challenge = {
  challengeId: 'c-2',
  token: { accessToken, expiresAt: now },
  secret: { type: 'oob', oobCode },
  expiresAt: now,
};
const messages = {
  'the input of a start': input,
  'the case of a run that goes on': {
    ...opened,
    held: { ...opened.held, challenge, recoveryCode, refused: { code: bindingCode, challengeId: 'c-2', until: now } },
    task: { type: 'code', commandId: 3, command: { type: 'code', answers: 'oob', code: bindingCode }, candidates: [] },
  },
  'the memo': {
    version: 2,
    enrollment: met,
    tokenExpiresAt: now + 600_000,
    firstRunId: '3f0d2d5e-7a55-4d57-9d3c-3f4c56b1f2aa',
  },
  status,
  'what confirmCode takes': { factor: 'sms', code: bindingCode, challengeId: 'c-1' },
  'what confirmCode answers': { result: 'rejected', attemptsLeft: 4, retryAfter: 360, status },
  'what changePhoneNumber takes': { phoneNumber, by: input.startedBy },
  'what renewToken takes': { ...token, claim, shown: { phoneNumberChanges: 2 } },
  'what renewToken answers': { ...status, claim },
  'a signal with a code': { code: bindingCode, challengeId: 'c-1', by: input.startedBy },
  'a signal to cancel': { reason: 'lost the phone' },
  'the details of a refusal': { attemptsLeft: 0, retryAfter: 359, factor: 'sms' },
  'a failure': {
    message: 'Auth0 answered 403.',
    stack_trace: 'Auth0Error: 403\n    at confirm (/app/dist/src/auth0/mfa.js:12:3)',
  },
  'what a run says of itself': {
    definition: {
      type: 'mfaEnrollment',
      queryDefinitions: [{ name: 'status', description: 'Where the enrollment is; holds no secret' }],
      signalDefinitions: [{ name: 'submitOtp', description: 'A string of six digits, or {code}' }],
    },
    currentDetails: detailsOf(met, now, waitingAt(undefined, met, now, false)),
  },
  ...Object.fromEntries(challenges.map((each) => [`the challenge of type ${each.type}`, each])),
};

/** `value` with every secret redacted and every whole number masked: what must be left when nothing else is hidden. */
function withoutSecrets(value: unknown): unknown {
  const replaced = JSON.stringify(value, (_name, member: unknown) => {
    if (member === phoneNumber) return masked;
    return secrets.some((secret) => secret === member) ? '[redacted]' : member;
  });
  return JSON.parse(replaced);
}
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test.each(Object.entries({ ...inputs, ...outcomes, ...messages }))(
  '%s is shown without its secrets, and all the rest of it is',
  (_name, value) => {
    const seen = shown(asJson(value), shownInPayloads);
    for (const secret of secrets) expect(JSON.stringify(seen)).not.toContain(secret);
    expect(seen).toEqual(withoutSecrets(value));
  },
);

test.each(problemCodes)('the code of the problem %s is shown', (code) => {
  expect(shown({ lastProblem: problem(code, now) }, shownInPayloads)).toEqual({ lastProblem: problem(code, now) });
});

test.each(['123456', '123 456', '000-000', 'happy', 'QQQQ', accessToken])('under "code", %j is not shown', (code) => {
  expect(shown({ code }, shownInPayloads)).toEqual({ code: '[redacted]' });
});

describe('a member that nobody has allowed', () => {
  test.each<[string, unknown, unknown]>([
    ['text', { newSecret: 'x' }, { newSecret: '[redacted]' }],
    ['text in a list', { newSecrets: ['x', ['y']] }, { newSecrets: ['[redacted]', ['[redacted]']] }],
    ['text deep inside', { a: { b: { c: 'x' } } }, { a: { b: { c: '[redacted]' } } }],
    ['a number that may be a code', { newCode: 123_456 }, { newCode: '[redacted]' }],
    ['a number that may be a phone number', { newNumber: 14_155_550_123 }, { newNumber: '[redacted]' }],
    ['the name of something every object has', { constructor: 'x' }, { constructor: '[redacted]' }],
    ['a name that is a code', { '123456': true }, { '[redacted]': true }],
  ])('%s is redacted', (_name, value, expected) => {
    expect(shown(value, shownInPayloads)).toEqual(expected);
  });

  test.each<[string, unknown]>([
    ['a small number', { newCount: 42 }],
    ['a time in epoch ms', { newMoment: now }],
    ['a length of time', { newPauseMs: 360_000, newLifeSeconds: 259_200 }],
    ['a boolean', { isNew: true }],
    ['null', { nothing: null }],
    ['a time in ISO 8601', { newDeadline: '2026-11-24T09:00:00.000Z' }],
  ])('%s is shown', (_name, value) => {
    expect(shown(value, shownInPayloads)).toEqual(value);
  });
});

test.each<[name: string, value: unknown]>([
  ['state', '123456'],
  ['factor', accessToken],
  ['id', '123456'],
  ['challengeId', '123-456'],
  ['userId', accessToken],
  ['phoneNumber', '415 555 0123'],
  ['knownIds', ['123456']],
])('a member that is allowed does not show a value of another kind: %s of %j', (name, value) => {
  expect(JSON.stringify(shown({ [name]: value }, shownInPayloads))).toMatch(/^\{"\w+":\[?"\[redacted\]"\]?\}$/);
});

describe('a text that stands alone', () => {
  test.each([
    'text message → authenticator app',
    'Waiting for a code: authenticator app',
    'Ask Auth0 about a code: text message',
    'The tenant allows 10 texts, then one an hour.',
    'Temporal at 127.0.0.1:7233 cannot be reached',
    'Started 2026-11-24T09:00:00.000Z, on 2026-11-24',
    'a-workflow-task-that-failed and WorkflowExecutionUpdateAccepted',
    masked,
  ])('is shown: %s', (text) => {
    expect(shown(text, shownInPayloads)).toBe(text);
  });

  test.each([opened.enrollment, met].map((each) => detailsOf(each, now, waitingAt(undefined, each, now, true))))(
    'is shown when it is a case’s details: %s',
    (text) => {
      expect(shown(text, shownInPayloads)).toBe(text);
    },
  );

  test.each([...secrets, phoneNumber, '415-555-0123', '(415) 555 0123', '123 456', accessToken.slice(0, 40)])(
    'is redacted when it is nothing else than %s',
    (text) => {
      expect(shown(text, shownInPayloads)).not.toContain(text);
      expect(shown(text, shownInPayloads)).toContain('[redacted]');
    },
  );

  test.each([accessToken, refreshToken, bindingCode, setupKey, barcodeUri, recoveryCode, phoneNumber])(
    'loses %s out of its midst, and keeps the rest',
    (secret) => {
      expect(shownText(`before ${secret} after`)).toMatch(/^before \S*\[redacted\] after$/);
    },
  );

  test('is read in a time that grows with its length alone', () => {
    const began = performance.now();
    shownText(`${'aB'.repeat(200_000)}1 ${'1 '.repeat(200_000)} ${'ey-'.repeat(200_000)}`);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

test('data without an end is cut off', () => {
  const circle: { state: string; inner?: unknown } = { state: 'failed' };
  circle.inner = circle;
  expect(JSON.stringify(shown(circle, shownInPayloads))).toContain('[redacted]');
});

test('an instance of some class shows nothing of itself, a date its moment', () => {
  const seen = shownMembers(
    {
      state: new (class {
        state = 'failed';
      })(),
      at: new Date(now),
      list: new Map(),
    },
    shownInLogs,
  );
  expect(seen).toEqual({ state: '[redacted]', at: '[redacted]', list: '[redacted]' });
});

test.each(factorNames)('the factor %s is named in logs and payloads', (factor) => {
  for (const members of [shownInLogs, shownInPayloads]) expect(shown({ factor }, members)).toEqual({ factor });
});

test.each(['userId', 'phoneNumber'])('%s of a user is in no log', (name) => {
  expect(shownMembers({ [name]: name === 'userId' ? userId : phoneNumber }, shownInLogs)).toEqual({
    [name]: '[redacted]',
  });
});
