import { describe, expect, test } from '@jest/globals';
import { createActivities } from '../../src/activities';
import { noObserver, type ActivityObserver } from '../../src/activities/observer';
import { noSendingLimits, type SendingReserved } from '../../src/activities/sending-limits';
import { createWebhookActivities, type WebhookAnswer } from '../../src/activities/webhooks';
import type { Auth0Verdict } from '../../src/auth0/errors';
import { eventsSince, nothingTold } from '../../src/enrollment/events';
import type { WebhookEndpoint } from '../../src/enrollment/webhook-endpoints';
import { inState, now } from '../enrollment/samples';
import { auth0That, calls, environment, refusal, runIn, tokenOf, userId } from './stage';

/** What an observer hears while this is done, whatever comes of it. */
async function heard(
  act: (activities: ReturnType<typeof createActivities>) => Promise<unknown>,
  auth0 = auth0That(refusal({ verdict: 'unexpected' })),
  reserved?: Extract<SendingReserved, { type: 'refused' }>,
): Promise<readonly unknown[]> {
  const told: unknown[] = [];
  const observer: ActivityObserver = {
    ...noObserver,
    delivery: (...what) => void told.push(what),
    renewal: (...what) => void told.push(what),
  };
  const sendingLimits =
    reserved === undefined ? noSendingLimits : { ...noSendingLimits, reserve: async () => reserved };
  const activities = createActivities({
    ...{ mfa: auth0.mfa, opaqueTokens: 'refuse', sendingLimits, observer },
    cancelRun: () => Promise.resolve(),
  });
  await runIn(environment(), () => act(activities)).catch(() => undefined);
  return told;
}

describe('of a text, it is counted', () => {
  const refusing = (verdict: Auth0Verdict) => auth0That(refusal({ verdict }));

  test('that Auth0 took it, by its channel', async () => {
    const willing = auth0That(refusal({ verdict: 'unexpected' }), {
      associate: () => Promise.resolve({ type: 'oob', oobCode: 'o' }),
    });
    expect(await heard(calls.associate, willing)).toEqual([['sms', 'sent']]);
    const own = { userId, accessToken: tokenOf(userId), knownIds: [] };
    expect(await heard((activities) => activities.associate({ ...own, factor: 'email' }), willing)).toEqual([
      ['email', 'sent'],
    ]);
  });

  test.each([
    ['number', 'number_limit'],
    ['caller', 'caller_limit'],
    ['stopped', 'stopped'],
  ] as const)('which limit kept it back: %s', async (why, result) => {
    expect(await heard(calls.associate, undefined, { type: 'refused', why })).toEqual([['sms', result]]);
  });

  test.each([
    ['too_many_texts', 'too_many_texts'],
    ['phone_number_invalid', 'phone_number_invalid'],
    ['authenticator_limit', 'authenticator_limit'],
    ['throttled', 'not_sent'],
    ['token_expired', 'not_sent'],
    ['ambiguous', 'unknown'],
    ['unexpected', 'unknown'],
  ] as const)('why Auth0 did not take it: %s', async (verdict, result) => {
    expect(await heard(calls.associate, refusing(verdict))).toEqual([['sms', result]]);
  });

  test('nothing, where none is sent', async () => {
    const own = { userId, accessToken: tokenOf(userId), knownIds: [] };
    expect(await heard((activities) => activities.associate({ ...own, factor: 'otp' }))).toEqual([]);
  });
});

describe('of a renewal, it is counted', () => {
  const token = (subject: string) => ({ accessToken: tokenOf(subject), expiresIn: 600, scope: [] });
  const giving = (subject: string) =>
    auth0That(refusal({ verdict: 'unexpected' }), { refresh: () => Promise.resolve(token(subject)) });

  test.each([
    ['refreshed', giving(userId)],
    ['foreign', giving('auth0|other')],
    ['refused', auth0That(refusal({ verdict: 'denied' }))],
    ['unexpected', auth0That(refusal({ verdict: 'unexpected' }))],
    ['fault', auth0That(refusal({ verdict: 'unreachable' }))],
  ] as const)('that it was %s', async (result, auth0) => {
    expect(await heard(calls.refreshToken, auth0)).toEqual([[result]]);
  });
});

const endpoint: WebhookEndpoint = {
  id: 'whk_AAAAAAAAAAAAAAAAAAAAAA',
  url: 'https://receiver.example.com/hooks',
  events: [],
  secrets: [{ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }],
  createdAt: 0,
};

test.each([
  ['delivered', { type: 'answer', status: 204 }],
  ['refused', { type: 'answer', status: 500 }],
  ['unreachable', { type: 'fault', message: 'The receiver did not answer.' }],
] as const)('an attempt to deliver an event is counted as %s', async (result, answer: WebhookAnswer) => {
  const told: string[] = [];
  const webhooks = createWebhookActivities({
    endpoints: () => Promise.resolve([endpoint]),
    send: () => Promise.resolve(answer),
    enrollmentId: () => 'enr_1',
    linkTo: () => Promise.reject(new Error('no link is made here')),
    observer: { webhookAttempt: (what) => void told.push(what) },
  });
  const { events } = eventsSince(nothingTold, inState.completed, { runId: 'r', now });
  const enrollment = { workflowId: 'w', firstRunId: 'r', keyId: 'k' };
  for (const event of events) {
    await runIn(environment(), () => webhooks.deliverWebhook({ webhookId: endpoint.id, event, enrollment })).catch(
      () => undefined,
    );
  }
  expect(new Set(told)).toEqual(new Set([result]));
});
