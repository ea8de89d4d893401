import { z } from 'zod';
import { campaignLimits, campaignStates } from '../enrollment/campaign';
import { pageLimits } from '../enrollment/campaign-page';
import { ownUserStates } from '../enrollment/campaign-users';
import type { CodeResult } from '../enrollment/commands';
import { eventTypes } from '../enrollment/events';
import { problemCodes } from '../enrollment/problems';
import { enrollmentStates, noticeTypes, outcomes, waitingForWhats, waitingForWhos } from '../enrollment/status';
import { messageNames } from '../enrollment/timeline';
import { answeredBy, defaultPlan, factorNames, factors } from '../factors';
import { apiProblemCodes } from '../problems';
import { code, phoneNumber, userId } from './atoms';

/** What comes over HTTP and what goes out: the one source of validation, types and the OpenAPI file. */

const factor = z
  .enum(factorNames, { error: `one of ${factorNames.join(', ')}` })
  .describe(factorNames.map((name) => `\`${name}\`: ${factors[name].title}.`).join(' '));
const state = z.enum(enrollmentStates, { error: `one of ${enrollmentStates.join(', ')}` });
const time = z.iso.datetime().meta({ description: 'ISO 8601, UTC.', examples: ['2026-11-24T09:30:00.000Z'] });
const seconds = z.number().int().min(0);

/** Only the members named: a misspelled one is an error, not silence. The message never repeats what was sent. */
const members = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys' ? `only these members: ${Object.keys(shape).join(', ')}` : 'a JSON object',
  });

const tokenShape = {
  accessToken: z
    .string({ error: 'an access token for the audience https://<domain>/mfa/' })
    .regex(/^[\x21-\x7e]{1,8192}$/, '1 to 8192 printable characters without spaces')
    .meta({ description: "Opens Auth0's MFA API for the user. Never logged, kept encrypted.", writeOnly: true }),
  expiresIn: z
    .int({ error: 'whole seconds from 1 to 86400' })
    .min(1, 'at least 1 second')
    .max(86_400, 'at most 86400 seconds')
    .exactOptional()
    .describe('Seconds of life left. 600 when absent: what Auth0 gives this audience.'),
  refreshToken: z
    .string({ error: 'a refresh token' })
    .regex(/^[\x21-\x7e]{1,8192}$/, '1 to 8192 printable characters without spaces')
    .exactOptional()
    .meta({ writeOnly: true }),
};

export const token = members(tokenShape).meta({ id: 'Token' });

export const reason = z
  .string({ error: '1 to 200 characters' })
  .max(200, '1 to 200 characters')
  .regex(/\S/, '1 to 200 characters')
  .trim()
  .describe('Why. Needed for every call with `enrollments:manage`, here or as `X-Reason`; goes to the audit log.');

const plan = z
  .array(factor, { error: `an array out of ${factorNames.join(', ')}` })
  .min(1, 'at least one factor')
  .refine((names) => new Set(names).size === names.length, 'each factor once')
  .default([...defaultPlan])
  .meta({ description: 'In the order in which the user goes through them.', uniqueItems: true });

export const startBody = members({
  userId,
  phoneNumber: phoneNumber.exactOptional(),
  factors: plan,
  token: token
    .exactOptional()
    .describe('Without one the enrollment waits, and the answer has a sign-in link for the user.'),
}).meta({ id: 'StartEnrollment' });

/** Factors whose code is sent to the user, as against computed by an app. */
export const sentFactors = factorNames.filter((name) => answeredBy(name) === 'oob');

export const bindingCodeBody = members({
  code,
  factor: z
    .enum(sentFactors, { error: `one of ${sentFactors.join(', ')}` })
    .default('sms')
    .describe('The factor whose code was sent.'),
  challengeId: challengeId().exactOptional(),
}).meta({ id: 'BindingCode' });

export const otpBody = members({ code, challengeId: challengeId().exactOptional() }).meta({ id: 'Otp' });

export const resendBody = optionalBody(members({ reason: reason.exactOptional() }).meta({ id: 'Resend' }));

export const phoneNumberBody = members({ phoneNumber, reason: reason.exactOptional() }).meta({ id: 'PhoneNumber' });

export const cancelBody = optionalBody(members({ reason: reason.exactOptional() }).meta({ id: 'Cancel' }));

export const stopBody = optionalBody(members({ reason: reason.exactOptional() }).meta({ id: 'StopTexts' }));

export const resumeBody = optionalBody(members({ reason: reason.exactOptional() }).meta({ id: 'ResumeTexts' }));

/** Read by the route itself, whose refusal says what was expected. */
export const prefixParams = z.object({
  prefix: z.string().meta({
    description: 'A plus sign, which may be left out, and 1 to 7 digits.',
    pattern: String.raw`^\+?[1-9][0-9]{0,6}$`,
    examples: ['+88213'],
  }),
});

export const emptyBody = optionalBody(members({}).meta({ id: 'Empty' }));

export const enrollmentParams = z.object({
  id: z
    .string()
    .regex(/^enr_[A-Za-z0-9_-]{1,100}$/)
    .describe('Opaque; names one run. Comes with the answer to the start.'),
});

const personName = '1 to 100 printable ASCII characters, words separated by single spaces';
/** `X-Acting-Person`. */
export const actingPerson = z
  .string({ error: personName })
  .max(100, personName)
  .regex(/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/, personName);

export const postHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, '1 to 200 printable characters without spaces')
    .exactOptional()
    .describe(
      'A repeated call of the same caller with the same key and body has no second effect: it reaches the enrollment once and gets the first answer, as long as Temporal keeps the enrollment.',
    ),
  'x-acting-person': actingPerson
    .exactOptional()
    .describe(
      'The person who acts, in 1 to 100 printable ASCII characters: the same name each time. Only from API keys with `namesPersons`; an access token says itself who acts. Calls with `enrollments:manage` need a person, unless the installation is in development.',
    ),
});

export const startHeaders = postHeaders.extend({
  'idempotency-key': postHeaders.shape['idempotency-key'].describe(
    'Until 24 hours after the enrollment has ended, a repeated start of the same caller for the same user with the same key and body finds the enrollment that the first one has started (200). With another body for the same user it is turned down (409 `idempotency_key_reused`). For another user the key is a new one.',
  ),
});

/** A link changes nothing by itself: only what it may be used for matters. */
export const linkHeaders = postHeaders.extend({
  'idempotency-key': postHeaders.shape['idempotency-key'].describe(
    'A repeated call with the same key makes the same single-use link with a new life: once one of them was used, none works.',
  ),
});

export const manageHeaders = postHeaders.extend({
  'x-reason': reason.exactOptional(),
});

export const cancelHeaders = manageHeaders.extend({
  'idempotency-key': postHeaders.shape['idempotency-key'].describe(
    'Taken like everywhere. A repeated cancellation has no second effect with or without it.',
  ),
});

const expectedIdPrefix = 'the beginning of an id: enr_ and 4 characters or more';

export const listQuery = members({
  userId: userId.exactOptional().describe('All enrollments of this user.'),
  idPrefix: z
    .string({ error: expectedIdPrefix })
    .regex(/^enr_[A-Za-z0-9_-]{4,64}$/, expectedIdPrefix)
    .exactOptional()
    .meta({
      description: 'Only enrollments whose id begins so: for people who read an id aloud, or type it.',
      examples: ['enr_NNsi-2hB'],
    }),
  state: state.exactOptional(),
  factor: factor.exactOptional(),
  waitingFor: z
    .enum(waitingForWhos, { error: `one of ${waitingForWhos.join(', ')}` })
    .exactOptional()
    .describe('Who has to act.'),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{1,4096}$/, 'the nextCursor of an earlier page')
    .exactOptional()
    .describe('`nextCursor` of the page before.'),
  limit: z.coerce
    .number({ error: 'a whole number from 1 to 100' })
    .int('a whole number from 1 to 100')
    .min(1, 'a whole number from 1 to 100')
    .max(100, 'a whole number from 1 to 100')
    .default(20),
});

/** JSON Schema for what has this member. A linter asks for each required member to be described at the same place. */
const has = (member: string) => ({ required: [member], properties: { [member]: {} } });

/** One of the two, which the route itself checks: its refusal says so in one sentence. */
export const findBody = members({
  userId: userId.exactOptional().describe('All enrollments of this user.'),
  phoneNumber: phoneNumber
    .exactOptional()
    .describe('All enrollments whose codes go to this number, or went there last. Never in an address, never logged.'),
  cursor: listQuery.shape.cursor,
  limit: z
    .int({ error: 'a whole number from 1 to 100' })
    .min(1, 'a whole number from 1 to 100')
    .max(100, 'a whole number from 1 to 100')
    .default(20),
}).meta({
  id: 'Find',
  if: has('userId'),
  then: { not: has('phoneNumber') },
  else: has('phoneNumber'),
});

export const challengeQuery = members({
  qrSvg: z
    .enum(['true', 'false'], { error: 'true or false' })
    .default('true')
    .describe('`false` leaves the drawn QR code out, for a client that draws `barcodeUri` itself.'),
});

const factorState = z.enum(['waiting', 'challenged', 'accepted', 'confirmed', 'removed']);
const waitingFor = z.object({ who: z.enum(waitingForWhos), what: z.enum(waitingForWhats) });

const enrollmentShape = {
  id: z.string(),
  version: z.literal(1),
  state,
  factor: factor.exactOptional().describe('The factor under way.'),
  factors: z
    .array(
      z.object({
        factor,
        state: factorState.describe(
          '`confirmed`: Auth0 lists it active. `accepted`: Auth0 took the code, not read back yet.',
        ),
        active: z.boolean().describe('Auth0 listed it active when it was last read.'),
        alreadyActive: z.literal(true).exactOptional().describe('The user had it before the enrollment began.'),
        authenticatorId: z.string().exactOptional(),
      }),
    )
    .readonly(),
  challenge: z
    .object({
      challengeId: z.string(),
      factor,
      type: z.enum(['oob', 'otp']),
      issuedAt: time,
      expiresAt: time,
      phoneNumber: z.string().exactOptional().describe('Last digits only.'),
    })
    .exactOptional()
    .describe('What the user must answer now.'),
  attemptsLeft: z.number().int().min(0),
  nextAttemptAt: time.exactOptional(),
  textsLeft: z
    .number()
    .int()
    .min(0)
    .describe('Messages that Auth0 may still send for the factor under way; text messages where it sends nothing.'),
  nextTextAt: time.exactOptional(),
  deadlines: z.object({ enrollment: time, challenge: time.exactOptional(), token: time.exactOptional() }),
  phoneNumber: z
    .string()
    .exactOptional()
    .describe('Last digits only: the number that was verified, once one is; before, the one that codes are sent to.'),
  phoneNumberChanges: z
    .number()
    .int()
    .min(0)
    .describe('How often the phone number was changed since the start: names the number that somebody was shown.'),
  consentedAt: time
    .exactOptional()
    .describe(
      'When the user agreed to the factors and to the current phone number. Absent after a change of the number.',
    ),
  recoveryCodeDue: z
    .literal(true)
    .exactOptional()
    .describe(
      'Every factor is active, and the enrollment waits until somebody says that the user has saved the recovery code.',
    ),
  notices: z
    .array(z.object({ type: z.enum(noticeTypes), at: time, factor: factor.exactOptional() }))
    .readonly()
    .describe('What the user should hear of, oldest first: the newest 20.'),
  lastProblem: z
    .object({ code: z.enum(problemCodes), message: z.string(), at: time, retryAt: time.exactOptional() })
    .exactOptional(),
  waitingFor: waitingFor.describe('Who has to act, and what is awaited: for programs.'),
  nextAction: z.string().describe('One sentence for the person who helps: what has to happen next.'),
  startedAt: time,
  endedAt: time.exactOptional(),
};

export const enrollment = z.object(enrollmentShape).meta({ id: 'Enrollment' });

export const startedEnrollment = z
  .object({
    ...enrollmentShape,
    signInUrl: z
      .url()
      .exactOptional()
      .describe('In `awaiting_token`: where the user signs in to open the MFA API. Single use, short-lived.'),
  })
  .meta({ id: 'StartedEnrollment' });

export const pending = z
  .object({
    result: z.literal('pending'),
    enrollment: z.string().describe('Where to look: the path of the enrollment.'),
  })
  .meta({ id: 'Pending', description: 'The answer takes longer than this call may wait. The work goes on.' });

export const codeResults = [
  'confirmed',
  'already_confirmed',
  'rejected',
  'rate_limited',
  'expired',
  'token_needed',
  'unavailable',
] as const satisfies readonly CodeResult[];

export const codeResult = z
  .object({
    result: z
      .enum(codeResults)
      .describe(
        '`confirmed`: Auth0 accepted the code. `already_confirmed`: that factor was done before; nothing was checked.',
      ),
    attemptsLeft: z.number().int().min(0),
    retryAfter: seconds.exactOptional().describe('Seconds; also sent as `Retry-After`.'),
    status: enrollment,
  })
  .meta({ id: 'CodeResult' });

export const enrollmentPage = z
  .object({
    enrollments: z
      .array(
        z.object({
          id: z.string(),
          state,
          factor: factor.exactOptional(),
          deadline: time.exactOptional(),
          waitingFor: waitingFor.exactOptional().describe('Of an open one, where it can be read.'),
          startedAt: time,
          endedAt: time.exactOptional(),
        }),
      )
      .readonly(),
    nextCursor: z.string().exactOptional().describe('Absent on the last page.'),
  })
  .meta({ id: 'EnrollmentPage' });

const recoveryCode = z.string().exactOptional().describe('Shown while it is due. The user writes it down.');
export const challengeSecrets = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('none'), recoveryCode }),
    z.object({
      type: z.literal('oob'),
      factor,
      challengeId: z.string(),
      phoneNumber: z.string().exactOptional().describe('Last digits only.'),
      recoveryCode,
    }),
    z.object({
      type: z.literal('otp'),
      factor,
      challengeId: z.string(),
      setupKey: z.string().describe('Base32: for an app that cannot scan.'),
      barcodeUri: z.string().describe('`otpauth://totp/…`: what the QR code shows.'),
      qrSvg: z.string().exactOptional().describe('The QR code as an SVG document; absent with `qrSvg=false`.'),
      recoveryCode,
    }),
  ])
  .meta({ id: 'Challenge' });

/** What a stream is made of, one after the other (WHATWG HTML, 9.2). OpenAPI 3.1 has no word for it: the schema is that of one event. */
const event = <Name extends string>(name: Name, description: string, schema: 'Enrollment' | 'Problem') =>
  z.object({
    id: z.string().describe('Counts the events of this stream.'),
    event: z.literal(name),
    data: z.string().meta({
      description,
      contentMediaType: 'application/json',
      contentSchema: { $ref: `#/components/schemas/${schema}` },
    }),
  });

/** Its type says nothing, since what the route sends is a stream of many. */
export const streamEvent: z.ZodType = z
  .discriminatedUnion('event', [
    event('enrollment', 'The enrollment, as JSON.', 'Enrollment'),
    event('problem', 'Why the stream ends before the enrollment has, as JSON.', 'Problem'),
  ])
  .meta({
    id: 'StreamEvent',
    description: 'One server-sent event. Comments, which keep the connection open, are none.',
  });

const changes = [
  z.object({ at: time, what: z.literal('started'), factors: z.array(factor).readonly() }),
  z.object({ at: time, what: z.literal('state'), state, factor: factor.exactOptional() }),
  z.object({ at: time, what: z.literal('challenge'), factor, challengeId: z.string() }),
  z.object({ at: time, what: z.literal('wrong_codes'), count: z.number().int() }),
  z.object({ at: time, what: z.literal('factor'), factor, state: factorState }),
  z.object({
    at: time,
    what: z.literal('phone_number_changed'),
    phoneNumber: z.string().exactOptional().describe('Last digits only.'),
  }),
  z.object({ at: time, what: z.enum(['consent', 'token_replaced', 'recovery_code_due']) }),
  z.object({ at: time, what: z.literal('problem'), code: z.enum(problemCodes), message: z.string() }),
  z.object({ at: time, what: z.literal('ended'), state: z.enum(outcomes) }),
  z.object({ at: time, what: z.literal('message'), name: z.enum(messageNames) }),
] as const;

export const timeline = z
  .object({
    entries: z
      .array(z.discriminatedUnion('what', changes))
      .readonly()
      .describe('Oldest first: the newest 500. `message`: a signal or an update by its name.'),
    truncated: z.literal(true).exactOptional().describe('There was more before the first entry.'),
  })
  .meta({ id: 'Timeline' });

export const link = z
  .object({ url: z.url().describe('For the user alone. Works once.'), expiresAt: time })
  .meta({ id: 'Link' });

export const stoppedPrefixList = z
  .object({
    stoppedPrefixes: z.array(z.object({ prefix: z.string(), reason: z.string(), since: time })),
  })
  .meta({ id: 'StoppedPrefixes' });

const eventType = z.enum(eventTypes, { error: `one of ${eventTypes.join(', ')}` });

export const webhookParams = z.object({
  webhookId: z
    .string()
    .regex(/^whk_[A-Za-z0-9_-]{22}$/, 'the id of a webhook, such as whk_ and 22 characters')
    .describe('Comes with the answer to the call that has added it.'),
});

export const webhookBody = members({
  url: z
    .string({ error: 'an https address' })
    .max(2000, 'an https address of up to 2000 characters')
    .describe('https, on the public internet; the installation may allow other addresses, or only some hosts.'),
  events: z
    .array(eventType, { error: `an array out of ${eventTypes.join(', ')}` })
    .max(eventTypes.length, 'each event once')
    .default([])
    .describe(
      'What is sent there; when it is empty or absent, all events but `enrollment.link_created`, which has to be named.',
    ),
}).meta({ id: 'AddWebhook' });

const webhookShape = {
  id: z.string(),
  url: z.string(),
  events: z.array(eventType).readonly().describe('Empty: all but `enrollment.link_created`.'),
  createdAt: time,
  secretUntil: time.exactOptional().describe('Up to then requests are signed with the secret that was replaced, too.'),
};

export const webhookList = z.object({ webhooks: z.array(z.object(webhookShape)) }).meta({ id: 'Webhooks' });

export const webhookWithSecret = z
  .object({
    ...webhookShape,
    secret: z
      .string()
      .describe('`whsec_…`: what requests are signed with (Standard Webhooks). Shown now, and never again.'),
  })
  .meta({ id: 'WebhookWithSecret' });

export const deliveryList = z
  .object({
    deliveries: z.array(
      z.object({
        eventId: z.string().describe('`webhook-id` of the request.'),
        type: eventType,
        enrollmentId: z.string(),
        at: time.describe('When it happened.'),
        state: z
          .enum(['retrying', 'dead'])
          .describe('`retrying`: tried again for a day. `dead`: given up until somebody has it sent again.'),
        failure: z.string().describe('What came of the last attempt that is told of.'),
        since: time,
      }),
    ),
  })
  .meta({ id: 'Deliveries' });

export const redeliverBody = optionalBody(
  members({
    eventId: z
      .string({ error: 'the eventId of a delivery' })
      .regex(/^evt_[\w-]{1,100}$/, 'the eventId of a delivery')
      .exactOptional()
      .describe('Absent: every event that was given up.'),
  }).meta({ id: 'Redeliver' }),
);

export const redelivered = z
  .object({ redelivered: z.number().int().min(0).describe('Events that are sent again.') })
  .meta({ id: 'Redelivered' });

export const problem = z
  .object({
    type: z.string().meta({ examples: ['urn:mfa-enrollment:problem:enrollment_settled'] }),
    title: z.string(),
    status: z.number().int(),
    code: z.enum(apiProblemCodes),
    instance: z.string(),
    detail: z.string().exactOptional(),
    attemptsLeft: z.number().int().min(0).exactOptional(),
    retryAfter: seconds.exactOptional(),
    factor: factor.exactOptional(),
    errors: z.array(z.object({ field: z.string(), expected: z.string() })).exactOptional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457.' });

function challengeId() {
  return z
    .string({ error: 'the challengeId of the enrollment' })
    .regex(/^[\x21-\x7e]{1,100}$/, 'the challengeId of the enrollment')
    .describe(
      'Which challenge the code answers. If this is not the current challenge, the code is refused without using an attempt.',
    );
}

/** A call that needs no body may come without one. */
function optionalBody<Schema extends z.ZodObject>(schema: Schema) {
  return schema.nullish();
}

const wholeNumber = (least: number, most: number) => {
  const expected = `a whole number from ${least} to ${most}`;
  return z.int({ error: expected }).min(least, expected).max(most, expected);
};
const hour = 3600;
const day = 24 * hour;

/** A user of a campaign. */
export const campaignUser = members({ userId, phoneNumber: phoneNumber.exactOptional() }).meta({ id: 'CampaignUser' });

const campaignUsers = z
  .array(campaignUser, { error: `an array of 1 to ${pageLimits.users} users` })
  .min(1, 'at least one user')
  .max(pageLimits.users, `at most ${pageLimits.users} users`)
  .refine((users) => new Set(users.map((each) => each.userId)).size === users.length, 'each user once');

const campaignShape = {
  perMinute: wholeNumber(1, campaignLimits.perMinute).describe('Users that are started in a minute, at most.'),
  maxOpen: wholeNumber(1, campaignLimits.users).describe('Enrollments under way at once, at most.'),
  remindAfterSeconds: z
    .array(wholeNumber(1, 30 * day), { error: 'an array of seconds, ascending' })
    .max(10, 'at most 10 reminders')
    .refine((times) => times.every((time, index) => index === 0 || time > (times[index - 1] ?? 0)), 'ascending seconds')
    .describe('Seconds after the first link; each sends another link to those who have not finished.'),
  finishWithinSeconds: wholeNumber(60, 30 * day).describe('The life of each enrollment, from its start.'),
  linkSeconds: wholeNumber(10 * 60, 3 * day).describe('The life of each link, from when it is handed over.'),
  checkEverySeconds: wholeNumber(1, hour).describe('How often the enrollments under way are looked at.'),
};

export const campaignSettings = members({
  factors: plan,
  perMinute: campaignShape.perMinute.default(60),
  maxOpen: campaignShape.maxOpen.default(campaignLimits.users),
  remindAfterSeconds: campaignShape.remindAfterSeconds.default([day, 3 * day]),
  finishWithinSeconds: campaignShape.finishWithinSeconds.default(7 * day),
  linkSeconds: campaignShape.linkSeconds.default(day),
  checkEverySeconds: campaignShape.checkEverySeconds.default(300),
});

export const campaignBody = members({
  ...campaignSettings.shape,
  users: campaignUsers.exactOptional().describe('All of its users: the campaign begins at once.'),
}).meta({ id: 'CreateCampaign' });

export const campaignUsersBody = members({ users: campaignUsers }).meta({ id: 'AddCampaignUsers' });

export const campaignStartBody = optionalBody(
  members({
    users: wholeNumber(1, campaignLimits.users).exactOptional().describe('How many users the campaign has to have.'),
  }).meta({ id: 'StartCampaign' }),
);

export const campaignParams = z.object({
  campaignId: z
    .string()
    .regex(/^cmp_[A-Za-z0-9_-]{22}$/, 'the id of a campaign, such as cmp_ and 22 characters')
    .describe('Comes with the answer to the call that has made it.'),
});

export const campaignsQuery = members({ cursor: listQuery.shape.cursor, limit: listQuery.shape.limit });

export const campaignReportQuery = members({
  cursor: z
    .string({ error: 'the nextCursor of the page before' })
    .regex(/^(?:0|[1-9]\d{0,2})$/, 'the nextCursor of the page before')
    .transform(Number)
    .exactOptional()
    .describe('`nextCursor` of the page before.'),
});

const campaignUserState = z
  .enum([...ownUserStates, ...enrollmentStates])
  .describe(
    '`waiting`: not started yet. `refused`: could not be started; `why` says which problem. `lost`: not kept by Temporal any more. Else the state of the enrollment.',
  );

export const campaign = z
  .object({
    id: z.string(),
    state: z
      .enum(campaignStates)
      .describe(
        '`collecting`: takes users. `running`, `paused`. `cancelled`: nobody is started or reminded any more. `finished`: every user has come to an end.',
      ),
    users: z.number().int().min(0),
    counts: z
      .object(
        Object.fromEntries(
          [...ownUserStates, ...enrollmentStates].map((name) => [name, z.number().int().min(0).exactOptional()]),
        ),
      )
      .describe('How many users are in each state; states without users are absent.'),
    rate: z.number().describe('Users that are started in a minute, as things are: `perMinute`, or what is allowed.'),
    factors: z.array(factor),
    ...campaignShape,
    createdAt: time,
    startedAt: time.exactOptional(),
    endedAt: time.exactOptional(),
  })
  .meta({ id: 'Campaign' });

export const campaignPage = z
  .object({
    campaigns: z.array(campaign).readonly(),
    nextCursor: z.string().exactOptional().describe('Absent on the last page.'),
  })
  .meta({ id: 'CampaignPage' });

export const campaignReport = z
  .object({
    users: z
      .array(
        z.object({
          userId: z.string(),
          state: campaignUserState,
          enrollmentId: z.string().exactOptional(),
          links: z.number().int().min(0).describe('Links that were handed over.'),
          why: z.string().exactOptional().describe('With `refused`: the code of the problem.'),
        }),
      )
      .readonly(),
    nextCursor: z.string().exactOptional(),
  })
  .meta({ id: 'CampaignReport' });
