import type { OobAuthenticator, OobChannel } from './authenticator';
import { type Challenge, codeLife } from './challenge';
import { isoTime } from './clock';
import { takeOrRefuse } from './limits';
import { writeLog } from './logs';
import { alphabets } from './random';
import { refusals } from './refusals';
import type { Tenant } from './tenant';
import type { User } from './user';

/** Takes a unit of the channel's bucket, or throws before anything was made or sent. */
export function takeSending(tenant: Tenant, user: User, channel: OobChannel): void {
  const { switches } = tenant.state;
  switch (channel) {
    case 'sms':
    case 'voice':
      return takeOrRefuse(tenant, user, 'sms', refusals.tooManyTexts(switches));
    case 'email':
      return takeOrRefuse(tenant, user, 'email', refusals.tooManyOf(switches, 'emails'));
    case 'auth0':
      return takeOrRefuse(tenant, user, 'push', refusals.tooManyOf(switches, 'push notifications'));
  }
}

const sentLog = { sms: 'gd_send_sms', voice: 'gd_send_voice', email: 'gd_send_email', auth0: 'gd_send_pn' } as const;

/** Sends a code (or a push) to the first of `records` and remembers it; all of them share the answer. */
export function sendChallenge(
  tenant: Tenant,
  user: User,
  transaction: string,
  records: readonly [OobAuthenticator, ...{ readonly id: string }[]],
): Challenge {
  const [{ id, channel, destination }] = records;
  const now = tenant.clock.now();
  const code = channel === 'auth0' ? undefined : tenant.random.text(alphabets.digits, 6);
  const challenge: Challenge = {
    id: tenant.random.text(alphabets.hex, 24),
    userId: user.userId,
    transaction,
    authenticatorIds: records.map((record) => record.id),
    createdAt: now,
    answer:
      code === undefined
        ? { by: 'push', state: 'pending', polls: [] }
        : { by: 'code', code, expiresAt: now + codeLife, state: 'open' },
  };
  tenant.state.challenges.set(challenge.id, challenge);
  if (tenant.state.switches.deliverMessages) {
    tenant.state.inbox.push({
      channel: channel === 'auth0' ? 'push' : channel,
      to: channel === 'auth0' ? id : destination,
      ...(code !== undefined && { code }),
      userId: user.userId,
      at: isoTime(now),
    });
    writeLog(tenant, sentLog[channel], user.userId, `Sent by ${channel}`);
  } else {
    writeLog(tenant, 'gd_send_sms_failure', user.userId, 'The provider delivered nothing');
  }
  return challenge;
}

/** The sealed handle that the client gives back with the code. */
export const sealOobCode = (tenant: Tenant, challenge: Challenge): Promise<string> =>
  tenant.seals.seal({
    kind: 'oob_code',
    transaction: challenge.transaction,
    challengeId: challenge.id,
    expiresAt: challenge.createdAt + tenant.state.switches.oobCodeLifeSeconds * 1000,
  });
