import type { z } from 'zod';
import { ApiProblem, problemBody, type ApiProblemCode, type ProblemMembers } from '../problems';
import { expectedE164 } from './phone-number';
import type * as schemas from './schemas';

// What `/docs` shows beside the schemas: one user's enrollment from its start to its end, and each problem as it is really answered.
// test/api/examples.test.ts holds every one of them against the schema that it stands beside.

type Enrollment = z.output<typeof schemas.enrollment>;

/** One example; `summary` is its name in the list to choose from. */
export interface Example {
  readonly summary: string;
  readonly value: unknown;
}

/** Of one operation, under its `operationId`. */
export interface OperationExamples {
  readonly request?: Readonly<Record<string, Example>>;
  /** By status. */
  readonly answers?: Readonly<Record<number, Readonly<Record<string, Example>>>>;
}

const id = 'enr_NNsi-2hB0Qk6wFz1uT9xYgGZ8f0KcXSkm2bVqR4pD7eLhWn3JtA5oUy8sMiE1vCB';
const userId = 'auth0|507f1f77bcf86cd799439020';
const phoneNumber = '•'.repeat(10) + '23';
const accessToken = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhdXRoMHw1MDdmMWY3N2JjZjg2Y2Q3OTk0MzkwMjAifQ.c2lnbmF0dXJl';
/** The call, as X-Request-Id has it. */
const exampleCall = '5f0d7a52-9c1e-4b36-8a47-d2e93b60f418';
const expired = new ApiProblem('unauthorized', {
  detail: 'The credential that opened this stream has expired. Open another one with a new credential.',
});
const at = (time: string) => `2026-11-24T${time}.000Z`;
const deadline = '2026-11-27T09:00:00.000Z';

const textSent: Enrollment = {
  id,
  version: 1,
  state: 'awaiting_code',
  factor: 'sms',
  factors: [
    { factor: 'sms', state: 'challenged', active: false },
    { factor: 'otp', state: 'waiting', active: false },
  ],
  challenge: {
    challengeId: '2f1c8a4e-5b7d-4c39-9d21-6a0e3f8b7c15',
    factor: 'sms',
    type: 'oob',
    issuedAt: at('09:00:01'),
    expiresAt: at('09:05:01'),
    phoneNumber,
  },
  attemptsLeft: 5,
  textsLeft: 9,
  nextTextAt: at('09:00:31'),
  deadlines: { enrollment: deadline, challenge: at('09:05:01'), token: at('09:10:00') },
  phoneNumber,
  phoneNumberChanges: 0,
  notices: [],
  waitingFor: { who: 'user', what: 'binding_code' },
  nextAction: 'The user enters the code from the text message.',
  startedAt: at('09:00:00'),
};

/** As a list shows it. */
const listed = {
  id,
  state: 'awaiting_code',
  factor: 'sms',
  deadline,
  waitingFor: textSent.waitingFor,
  startedAt: textSent.startedAt,
} as const;

const { challenge: _sent, nextTextAt: _next, ...afterText } = textSent;

const appDue: Enrollment = {
  ...afterText,
  factor: 'otp',
  factors: [
    { factor: 'sms', state: 'accepted', active: false },
    { factor: 'otp', state: 'challenged', active: false },
  ],
  challenge: {
    challengeId: '8d0b6f3a-1c42-4e95-b7a8-25d9e6c40f31',
    factor: 'otp',
    type: 'otp',
    issuedAt: at('09:01:10'),
    expiresAt: at('09:11:09'),
  },
  deadlines: { enrollment: deadline, challenge: at('09:11:09'), token: at('09:11:09') },
  waitingFor: { who: 'user', what: 'otp' },
  nextAction: 'The user scans the QR code and enters the code of the authenticator app.',
};

const { factor: _factor, ...withoutFactor } = afterText;

const completed: Enrollment = {
  ...withoutFactor,
  state: 'completed',
  factors: [
    { factor: 'sms', state: 'confirmed', active: true, authenticatorId: 'sms|dev_NU1Ofuw3Cw0XCt5x' },
    { factor: 'otp', state: 'confirmed', active: true, authenticatorId: 'totp|dev_6NWz8awwC8brh2dN' },
  ],
  deadlines: { enrollment: deadline },
  notices: [
    { type: 'factor_confirmed', at: at('09:02:05'), factor: 'sms' },
    { type: 'factor_confirmed', at: at('09:02:05'), factor: 'otp' },
  ],
  waitingFor: { who: 'nobody', what: 'nothing' },
  nextAction: 'Nothing: every factor is active.',
  endedAt: at('09:02:05'),
};

const signInDue: Enrollment = {
  ...withoutFactor,
  state: 'awaiting_token',
  factor: 'sms',
  factors: [
    { factor: 'sms', state: 'waiting', active: false },
    { factor: 'otp', state: 'waiting', active: false },
  ],
  textsLeft: 10,
  deadlines: { enrollment: deadline },
  waitingFor: { who: 'user', what: 'sign_in' },
  nextAction: 'The user signs in with the link.',
};

const cancelled: Enrollment = {
  ...withoutFactor,
  state: 'cancelled',
  deadlines: { enrollment: deadline },
  lastProblem: {
    code: 'cancelled',
    message: 'The enrollment was cancelled: asked by the user',
    at: at('09:03:00'),
  },
  waitingFor: { who: 'nobody', what: 'nothing' },
  nextAction: 'Start a new enrollment when the user is ready.',
  endedAt: at('09:03:00'),
};

const sentAgain = {
  challengeId: 'c4a97e02-63f8-4d1b-8e50-f7b21d9a3c66',
  factor: 'sms',
  type: 'oob',
  issuedAt: at('09:02:00'),
  expiresAt: at('09:07:00'),
  phoneNumber,
} as const;

const resent: Enrollment = {
  ...textSent,
  challenge: sentAgain,
  textsLeft: 8,
  nextTextAt: at('09:02:30'),
  deadlines: { ...textSent.deadlines, challenge: at('09:07:00') },
};

const otherNumber = '•'.repeat(10) + '99';
const renumbered: Enrollment = {
  ...resent,
  challenge: { ...sentAgain, phoneNumber: otherNumber },
  phoneNumber: otherNumber,
  phoneNumberChanges: 1,
  notices: [{ type: 'phone_number_changed', at: at('09:02:00') }],
};

const path = `/v1/enrollments/${id}`;
const signInUrl = 'https://mfa.example.com/sign-in/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJlbnJfTk5zaSJ9.c2lnbmF0dXJl';
const setupKey = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'; // the key of RFC 6238's test vectors

const codeAnswers = {
  200: {
    confirmed: {
      summary: 'The code is right',
      value: { result: 'confirmed', attemptsLeft: 5, status: appDue },
    },
    rejected: {
      summary: 'The code is wrong',
      value: { result: 'rejected', attemptsLeft: 4, status: { ...textSent, attemptsLeft: 4 } },
    },
    already_confirmed: {
      summary: 'The factor was done before',
      value: { result: 'already_confirmed', attemptsLeft: 5, status: appDue },
    },
    rate_limited: {
      summary: 'Too many wrong codes',
      value: { result: 'rate_limited', attemptsLeft: 0, retryAfter: 360, status: { ...textSent, attemptsLeft: 0 } },
    },
  },
  202: { pending: { summary: 'No answer in time', value: { result: 'pending', enrollment: path } } },
} as const;

/** Under the `operationId` of each operation. */
export const operationExamples: Readonly<Record<string, OperationExamples>> = {
  startEnrollment: {
    request: {
      with_token: {
        summary: 'With the token of the user’s sign-in',
        value: { userId, phoneNumber: '+14155550123', factors: ['sms', 'otp'], token: { accessToken, expiresIn: 600 } },
      },
      without_token: {
        summary: 'Without a token: the user gets a sign-in link',
        value: { userId, phoneNumber: '+14155550123' },
      },
    },
    answers: {
      200: { joined: { summary: 'Started before by the same request', value: textSent } },
      201: {
        text_sent: { summary: 'A text message is on its way', value: textSent },
        sign_in: { summary: 'The user signs in first', value: { ...signInDue, signInUrl } },
      },
    },
  },
  findEnrollments: {
    request: {
      user: { summary: 'Of a user', value: { userId } },
      number: { summary: 'Of a phone number', value: { phoneNumber: '+14155550123' } },
    },
    answers: { 200: { found: { summary: 'One is open', value: { enrollments: [listed] } } } },
  },
  getTimeline: {
    answers: {
      200: {
        story: {
          summary: 'A wrong code, then the right one',
          value: {
            entries: [
              { at: at('09:00:00'), what: 'started', factors: ['sms', 'otp'] },
              { at: at('09:00:01'), what: 'challenge', factor: 'sms', challengeId: textSent.challenge?.challengeId },
              { at: at('09:00:01'), what: 'state', state: 'awaiting_code', factor: 'sms' },
              { at: at('09:00:40'), what: 'message', name: 'confirmCode' },
              { at: at('09:00:40'), what: 'wrong_codes', count: 1 },
              { at: at('09:01:10'), what: 'message', name: 'confirmCode' },
              { at: at('09:01:10'), what: 'factor', factor: 'sms', state: 'accepted' },
            ],
          },
        },
      },
    },
  },
  acknowledgeRecoveryCode: {
    request: { none: { summary: 'Nothing more to say', value: {} } },
    answers: { 200: { completed: { summary: 'That was all that was left', value: completed } } },
  },
  listEnrollments: {
    answers: {
      200: {
        page: {
          summary: 'A page with another one behind it',
          value: {
            enrollments: [listed],
            nextCursor: 'Ci--HhpVpZXcpUEc-8eLqQ.eyJTdGFydFRpbWUiOiIyMDI2LTExLTI0VDA5OjAwOjAwWiJ9',
          },
        },
        empty: { summary: 'None', value: { enrollments: [] } },
      },
    },
  },
  getEnrollment: {
    answers: {
      200: {
        awaiting_code: { summary: 'Waits for the code of a text message', value: textSent },
        awaiting_token: { summary: 'Waits for the user to sign in', value: signInDue },
        completed: { summary: 'Both factors are active', value: completed },
      },
    },
  },
  getChallenge: {
    answers: {
      200: {
        otp: {
          summary: 'An authenticator app',
          value: {
            type: 'otp',
            factor: 'otp',
            challengeId: appDue.challenge?.challengeId,
            setupKey,
            barcodeUri: `otpauth://totp/Example:user@example.com?secret=${setupKey}&issuer=Example`,
            qrSvg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 45 45">…</svg>',
          },
        },
        sms: {
          summary: 'A text message; the recovery code is due',
          value: {
            type: 'oob',
            factor: 'sms',
            challengeId: textSent.challenge?.challengeId,
            phoneNumber,
            recoveryCode: 'YPB5ABHJ2QZQZ3LCKNBA5XQ4',
          },
        },
        none: { summary: 'Nothing to answer now', value: { type: 'none' } },
      },
    },
  },
  watchEnrollment: {
    answers: {
      200: {
        first: {
          summary: 'The first event, at once',
          value: { id: '1', event: 'enrollment', data: JSON.stringify(textSent) },
        },
        next: {
          summary: 'The next one, after a change',
          value: { id: '2', event: 'enrollment', data: JSON.stringify(appDue) },
        },
        problem: {
          summary: 'The last one, when the credential has expired',
          value: { id: '3', event: 'problem', data: JSON.stringify(problemBody(expired, exampleCall)) },
        },
      },
    },
  },
  submitBindingCode: {
    request: {
      text: { summary: 'From a text message', value: { code: '123456' } },
      exact: {
        summary: 'For one challenge alone',
        value: { code: '123456', factor: 'sms', challengeId: textSent.challenge?.challengeId },
      },
    },
    answers: codeAnswers,
  },
  submitOtp: {
    request: { app: { summary: 'From the app', value: { code: '123456' } } },
    answers: {
      ...codeAnswers,
      200: {
        ...codeAnswers[200],
        confirmed: {
          summary: 'The code is right',
          value: { result: 'confirmed', attemptsLeft: 5, status: completed },
        },
      },
    },
  },
  resend: {
    request: { why: { summary: 'With the reason', value: { reason: 'the text did not come' } } },
    answers: { 200: { sent: { summary: 'Another text message is on its way', value: resent } } },
  },
  changePhoneNumber: {
    request: { number: { summary: 'A new phone', value: { phoneNumber: '+14155550199', reason: 'new phone' } } },
    answers: { 200: { sent: { summary: 'A code goes to the new number', value: renumbered } } },
  },
  cancel: {
    request: { why: { summary: 'With the reason', value: { reason: 'asked by the user' } } },
    answers: {
      200: { cancelled: { summary: 'Ended', value: cancelled } },
      202: { asked: { summary: 'Asked for, not ended yet', value: textSent } },
    },
  },
  renewToken: {
    request: { token: { summary: 'A new token', value: { accessToken, expiresIn: 600 } } },
    answers: { 200: { goes_on: { summary: 'It goes on', value: textSent } } },
  },
  createLink: {
    answers: { 201: { link: { summary: 'A link', value: { url: signInUrl, expiresAt: at('09:10:00') } } } },
  },
  ...stopExamples(),
  ...webhookExamples(),
  ...campaignExamples(),
};

function campaignExamples(): Readonly<Record<string, OperationExamples>> {
  const users = [
    { userId: 'auth0|507f1f77bcf86cd799439020', phoneNumber: '+14155550123' },
    { userId: 'auth0|507f1f77bcf86cd799439021' },
  ];
  const settings = { factors: ['otp'], perMinute: 60, remindAfterSeconds: [86_400, 259_200] };
  const collecting = {
    id: 'cmp_0fTq2nWcUO3VtTQBm2v1Bw',
    ...{ state: 'collecting', users: 0, counts: {}, rate: 60, ...settings },
    ...{ maxOpen: 100_000, finishWithinSeconds: 604_800, linkSeconds: 86_400, checkEverySeconds: 300 },
    createdAt: at('08:00:00'),
  };
  const waiting = { ...collecting, users: 10_000, counts: { waiting: 10_000 } };
  const running = {
    ...waiting,
    ...{ state: 'running', counts: { waiting: 6_400, awaiting_token: 2_100, completed: 1_490, refused: 10 } },
    startedAt: at('08:05:00'),
  };
  const one = (summary: string, value: object) => ({ 200: { one: { summary, value } } });
  const nothing = { nothing: { summary: 'Nothing to say', value: {} } };
  return {
    createCampaign: {
      request: {
        collecting: { summary: 'Users follow in pages', value: settings },
        at_once: { summary: 'A few users, at once', value: { ...settings, users } },
      },
      answers: { 201: { made: { summary: 'It takes users', value: collecting } } },
    },
    addCampaignUsers: {
      request: { users: { summary: 'Two users', value: { users } } },
      answers: one('They are added', waiting),
    },
    listCampaigns: { answers: one('One that runs', { campaigns: [running] }) },
    getCampaign: { answers: one('It runs', running) },
    getCampaignReport: {
      answers: one('One page', {
        users: [
          { userId: 'auth0|507f1f77bcf86cd799439020', state: 'completed', enrollmentId: id, links: 2 },
          { userId: 'auth0|507f1f77bcf86cd799439021', state: 'refused', links: 0, why: 'enrollment_conflict' },
        ],
        nextCursor: '1',
      }),
    },
    startCampaign: {
      request: { counted: { summary: 'Exactly these many', value: { users: 10_000 } } },
      answers: one('It runs', { ...running, counts: { waiting: 10_000 } }),
    },
    pauseCampaign: { request: nothing, answers: one('It is paused', { ...running, state: 'paused' }) },
    resumeCampaign: { request: nothing, answers: one('It runs', running) },
    cancelCampaign: {
      request: nothing,
      answers: one('It is over', { ...running, state: 'cancelled', endedAt: at('09:00:00') }),
    },
  };
}

function webhookExamples(): Readonly<Record<string, OperationExamples>> {
  const webhook = {
    id: 'whk_8nT2kQ4vB7xZ1mC5wR9yLg',
    url: 'https://hooks.example.com/mfa',
    events: ['enrollment.completed', 'enrollment.failed'],
    createdAt: at('08:00:00'),
  };
  const secret = 'whsec_UGxlYXNlIHVzZSBhIHNlY3JldCBvZiB5b3Vy';
  const delivery = {
    eventId: 'evt_3f0d2d5e-7a55-4d57-9d3c-3f4c56b1f2aa_4',
    type: 'enrollment.completed',
    enrollmentId: id,
    at: at('09:02:05'),
    state: 'dead',
    failure: 'The receiver answered with status 500.',
    since: '2026-11-25T09:02:05.000Z',
  };
  return {
    listWebhooks: { answers: { 200: { one: { summary: 'One webhook', value: { webhooks: [webhook] } } } } },
    addWebhook: {
      request: {
        outcomes: { summary: 'Two outcomes', value: { url: webhook.url, events: webhook.events } },
        all: { summary: 'Every event', value: { url: webhook.url } },
      },
      answers: { 201: { added: { summary: 'Added, with its secret', value: { ...webhook, secret } } } },
    },
    removeWebhook: { answers: { 200: { none: { summary: 'None is left', value: { webhooks: [] } } } } },
    rotateWebhookSecret: {
      request: { nothing: { summary: 'Nothing to say', value: {} } },
      answers: {
        200: {
          rotated: {
            summary: 'Another secret; both sign for a day',
            value: { ...webhook, secretUntil: '2026-11-25T09:00:00.000Z', secret },
          },
        },
      },
    },
    listDeliveries: { answers: { 200: { dead: { summary: 'One was given up', value: { deliveries: [delivery] } } } } },
    redeliver: {
      request: {
        one: { summary: 'One event', value: { eventId: delivery.eventId } },
        all: { summary: 'All that were given up', value: {} },
      },
      answers: { 202: { sent: { summary: 'One is sent again', value: { redelivered: 1 } } } },
    },
  };
}

function stopExamples(): Readonly<Record<string, OperationExamples>> {
  const stopped = { prefix: '+88213', reason: 'toll fraud', since: at('08:00:00') };
  const list = { 200: { stopped: { summary: 'One prefix is stopped', value: { stoppedPrefixes: [stopped] } } } };
  return {
    listStoppedPrefixes: { answers: list },
    stopTexts: { request: { why: { summary: 'With the reason', value: { reason: 'toll fraud' } } }, answers: list },
    resumeTexts: {
      request: { why: { summary: 'With the reason', value: { reason: 'the carrier has blocked it' } } },
      answers: { 200: { none: { summary: 'No prefix is stopped', value: { stoppedPrefixes: [] } } } },
    },
  };
}

/** What each problem says beside its code, as it is answered. */
const problemMembers: Readonly<Record<ApiProblemCode, ProblemMembers>> = {
  invalid_request: invalid('x-acting-person', '1 to 100 printable ASCII characters, words separated by single spaces'),
  reason_needed: {
    detail: 'Send the member "reason" or the header X-Reason: why you do this for the user, in 1 to 200 characters.',
    errors: [{ field: 'reason', expected: 'why you do this for the user, in 1 to 200 characters' }],
  },
  unauthorized: { detail: 'Send an API key or an access token as "Authorization: Bearer …".' },
  forbidden: { detail: 'The caller needs the scope enrollments:manage.' },
  second_person_needed: {
    detail:
      'The code comes from the caller or the person that has set the phone number. Another person has to send it.',
  },
  person_needed: { detail: 'Name the person who acts in X-Acting-Person.' },
  not_found: {},
  enrollment_not_found: {},
  webhook_not_found: {},
  campaign_not_found: {},
  campaign_conflict: { detail: 'The campaign is in a state in which this cannot be done. GET it to see which.' },
  no_link_receiver: { detail: 'Add a webhook that names enrollment.link_created in its events.' },
  method_not_allowed: {},
  enrollment_conflict: {
    detail: 'Another enrollment of this user is under way. Cancel it first, or send the same body to join it.',
  },
  idempotency_key_reused: {},
  wrong_step: { detail: 'No code for otp is awaited now.', factor: 'otp' },
  stale_challenge: { detail: 'This challenge was replaced by a newer one.', attemptsLeft: 5 },
  number_changed: { detail: 'The phone number was changed after it was shown to the user.' },
  not_resendable: { detail: 'Nothing is sent for an authenticator app: the QR code stays valid.', factor: 'otp' },
  limit_reached: { detail: 'There are 20 webhooks already. Remove one first.' },
  enrollment_settled: { detail: 'The enrollment has ended: completed.' },
  body_too_large: { detail: 'At most 16 KiB; 128 KiB with users of a campaign.' },
  unsupported_media_type: { detail: 'Send Content-Type: application/json.' },
  rate_limited: {
    detail: 'Too many wrong codes. One more attempt comes back every 6 minutes.',
    attemptsLeft: 0,
    retryAfter: 360,
    factor: 'sms',
  },
  resend_too_soon: { detail: 'A code was sent a moment ago.', retryAfter: 24, factor: 'sms' },
  too_many_texts: { detail: 'Nothing more is sent to this user for now.', retryAfter: 3600, factor: 'sms' },
  too_many_requests: { retryAfter: 42 },
  internal: {},
  busy: { detail: 'Too many requests for this enrollment wait. Try again in a moment.', retryAfter: 5 },
  unavailable: { detail: 'Temporal or its workers did not answer in time. Try again.', retryAfter: 5 },
};

/** Of an operation that takes something of its own, what is wrong there most often. */
const invalidRequests: Readonly<Record<string, ProblemMembers>> = {
  startEnrollment: invalid('phoneNumber', expectedE164),
  listEnrollments: invalid('limit', 'a whole number from 1 to 100'),
  findEnrollments: invalid('phoneNumber', expectedE164),
  submitBindingCode: invalid('code', 'six digits, such as 123456'),
  submitOtp: invalid('code', 'six digits, such as 123456'),
  changePhoneNumber: invalid('phoneNumber', expectedE164),
  renewToken: invalid('accessToken', '1 to 8192 printable characters without spaces'),
  stopTexts: invalid('prefix', 'a plus sign and 1 to 7 digits, such as +88213'),
  addWebhook: invalid('url', 'an https address of up to 2000 characters, without user and fragment'),
  listCampaigns: invalid('limit', 'a whole number from 1 to 100'),
  createCampaign: invalid('users.3.phoneNumber', expectedE164),
  addCampaignUsers: invalid('users.3.phoneNumber', expectedE164),
  startCampaign: invalid('users', 'a whole number from 1 to 100000'),
  redeliver: invalid('eventId', 'the eventId of a delivery'),
  resumeTexts: invalid('prefix', 'a plus sign and 1 to 7 digits, such as +88213'),
};

function invalid(field: string, expected: string): ProblemMembers {
  return { detail: `${field}: expected ${expected}.`, errors: [{ field, expected }] };
}

/** A problem as the API answers it to this operation. */
export function problemExample(code: ApiProblemCode, operationId: string): Example {
  const members = code === 'invalid_request' ? invalidRequests[operationId] : undefined;
  const value = problemBody(new ApiProblem(code, members ?? problemMembers[code]), exampleCall);
  return { summary: value.title, value };
}
