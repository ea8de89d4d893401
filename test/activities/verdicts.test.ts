import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import type { Auth0Verdict } from '../../src/auth0/errors';
import {
  activitiesOf,
  activityNames,
  auth0That,
  calls,
  environment,
  refusal,
  runIn,
  secrets,
  type ActivityName,
} from './stage';

const fault = (type: string, nonRetryable: boolean) => ({ type, nonRetryable });
/** The activity should have made a value of it; the enrollment waits and reads instead of failing. */
const unforeseen = fault('Auth0Ambiguous', true);
const unexpected = { kind: 'unexpected' };

/** What each verdict is to every activity that does not name it below. */
const usual: Readonly<Record<Auth0Verdict, object>> = {
  unreachable: fault('Auth0Unreachable', false),
  throttled: fault('Auth0RateLimited', false),
  ambiguous: fault('Auth0Ambiguous', true),
  configuration: fault('Auth0Configuration', true),
  malformed_request: fault('Auth0MalformedRequest', true),
  token_expired: { kind: 'token_refused', problem: 'token_refused' },
  token_wrong_kind: { kind: 'token_refused', problem: 'token_wrong_kind' },
  unexpected,
  denied: unexpected,
  pending: unexpected,
  code_rejected: unforeseen,
  challenge_expired: unforeseen,
  too_many_codes: unforeseen,
  too_many_texts: unforeseen,
  phone_number_invalid: unforeseen,
  authenticator_limit: unforeseen,
  not_found: unforeseen,
};
const verdicts = Object.keys(usual) as Auth0Verdict[]; // Object.keys forgets the key type; the object is closed

const notAllowed = { kind: 'not_allowed' };

const own: Readonly<Record<ActivityName, Partial<Record<Auth0Verdict, object>>>> = {
  listAuthenticators: {},
  associate: {
    phone_number_invalid: { kind: 'phone_number_invalid' },
    too_many_texts: { kind: 'too_many_texts' },
    authenticator_limit: { kind: 'authenticator_limit' },
  },
  confirm: {
    code_rejected: { kind: 'code_rejected' },
    challenge_expired: { kind: 'challenge_expired' },
    too_many_codes: { kind: 'too_many_codes' },
    denied: { kind: 'denied' },
  },
  // Whatever Auth0 says no with, the authenticator stays and the enrollment goes on.
  deleteAuthenticator: {
    ambiguous: fault('Auth0Ambiguous', false),
    not_found: { kind: 'deleted' },
    configuration: notAllowed,
    malformed_request: notAllowed,
    unexpected: notAllowed,
    denied: notAllowed,
    pending: notAllowed,
    code_rejected: notAllowed,
    challenge_expired: notAllowed,
    too_many_codes: notAllowed,
    too_many_texts: notAllowed,
    phone_number_invalid: notAllowed,
    authenticator_limit: notAllowed,
  },
  refreshToken: {
    token_expired: { kind: 'refused' },
    token_wrong_kind: { kind: 'refused' },
    configuration: { kind: 'refused' },
    denied: { kind: 'refused' },
  },
};

const rows = activityNames.flatMap((name) =>
  verdicts.map((verdict) => ({ name, verdict, becomes: own[name][verdict] ?? usual[verdict] })),
);
const refused = rows.filter(({ becomes }) => 'kind' in becomes);
const failed = rows.filter(({ becomes }) => 'type' in becomes);

/** Does the workflow close an enrollment as failed on this? */
const isEnding = (becomes: object): boolean =>
  'type' in becomes && ['Auth0Configuration', 'Auth0MalformedRequest'].some((type) => type === becomes.type);

/** The failure of a call that Auth0 refuses in this way. */
async function failureAt(name: ActivityName, error: ReturnType<typeof refusal>): Promise<ApplicationFailure> {
  const { mfa } = auth0That(error);
  const failure: unknown = await runIn<object>(environment(), () => calls[name](activitiesOf(mfa))).catch(
    (thrown: unknown) => thrown,
  );
  if (!(failure instanceof ApplicationFailure)) throw new Error('expected an ApplicationFailure');
  return failure;
}

describe('a refusal is a value', () => {
  test.each(refused)('$name, on $verdict, answers $becomes', async ({ name, verdict, becomes }) => {
    const { mfa } = auth0That(refusal({ verdict }));
    expect(await runIn<object>(environment(), () => calls[name](activitiesOf(mfa)))).toEqual(becomes);
  });
});

describe('a fault is a failure', () => {
  test.each(failed)('$name, on $verdict, fails with $becomes', async ({ name, verdict, becomes }) => {
    expect(await failureAt(name, refusal({ verdict }))).toMatchObject(becomes);
  });

  test.each(activityNames)('%s waits as long as Auth0 asks', async (name) => {
    const failure = await failureAt(name, refusal({ verdict: 'throttled', retryAfterMs: 30_000 }));
    expect(failure.nextRetryDelay).toBe(30_000);
  });

  test("where Auth0 says no time, Temporal's own policy stands", async () => {
    expect((await failureAt('confirm', refusal({ verdict: 'throttled' }))).nextRetryDelay).toBeUndefined();
  });

  test('its details say where and how Auth0 answered, its message what to change', async () => {
    const error = refusal({
      verdict: 'configuration',
      status: 403,
      error: 'unauthorized_client',
      remedy: 'Tick MFA.',
    });
    expect(await failureAt('confirm', error)).toMatchObject({
      message: 'The Auth0 tenant or application is not set up for this call. Tick MFA.',
      details: [{ endpoint: 'POST /of/the/test', status: 403, error: 'unauthorized_client' }],
    });
  });

  test.each(failed)('of $name, on $verdict, holds nothing secret', async ({ name, verdict }) => {
    const cause = new Error(`bytes of the request: ${JSON.stringify(secrets)}`);
    const failure = await failureAt(name, refusal({ verdict, cause }));
    const shown = inspect(failure, { depth: Infinity, showHidden: true, compact: true });
    for (const secret of Object.values(secrets)) expect(shown).not.toContain(secret);
  });

  test('Auth0 says of a wait how long, for the workflow too, which sees no retry delay of Temporal', async () => {
    const { details } = await failureAt(
      'confirm',
      refusal({ verdict: 'throttled', status: 429, retryAfterMs: 30_000 }),
    );
    expect(details).toEqual([{ endpoint: 'POST /of/the/test', status: 429, retryAfterMs: 30_000 }]);
  });

  test.each(activityNames)('of %s ends no enrollment but where the tenant or our own request is wrong', (name) => {
    const ending = failed.filter((row) => row.name === name && isEnding(row.becomes)).map(({ verdict }) => verdict);
    const none = name === 'deleteAuthenticator' || name === 'refreshToken';
    expect(ending).toEqual([
      ...(none ? [] : ['configuration']),
      ...(name === 'deleteAuthenticator' ? [] : ['malformed_request']),
    ]);
  });

  test('what is no word of Auth0 goes up as it is', async () => {
    const bug = new TypeError('our own');
    const { mfa } = auth0That(refusal({ verdict: 'pending' }), { refresh: () => Promise.reject(bug) });
    await expect(runIn(environment(), () => calls.refreshToken(activitiesOf(mfa)))).rejects.toBe(bug);
  });
});
