import type { FastifyRequest } from 'fastify';
import type { OobAuthenticator, OtpAuthenticator } from '../authenticator';
import { authenticateClient } from '../client-authentication';
import { textField, words } from '../fields';
import { requireField } from '../grants/grant';
import { writeLog } from '../logs';
import { type MfaSession, readMfaToken } from '../mfa-session';
import { refusals } from '../refusals';
import { sealOobCode, sendChallenge, takeSending } from '../send-challenge';
import type { Tenant } from '../tenant';
import type { AddRoutes } from './route';

/** `POST /mfa/challenge`: asks for a factor that is already active. */
export const challengeRoute: AddRoutes = (app, tenant) => {
  app.post('/mfa/challenge', async (request) => {
    const session = await requireChallengeable(tenant, request);
    const { user, transaction } = session;
    const chosen = choose(tenant, session, request);
    writeLog(tenant, 'gd_start_auth', user.userId, chosen.id);
    if (chosen.kind === 'otp') return { challenge_type: 'otp' };
    takeSending(tenant, user, chosen.channel);
    const challenge = sendChallenge(tenant, user, transaction, [chosen]);
    return {
      challenge_type: 'oob',
      oob_code: await sealOobCode(tenant, challenge),
      ...(challenge.answer.by === 'code' && { binding_method: 'prompt' }),
    };
  });
};

async function requireChallengeable(tenant: Tenant, request: FastifyRequest): Promise<MfaSession> {
  const { switches } = tenant.state;
  const token = requireField(tenant, request, 'mfa_token');
  const application = await authenticateClient(tenant, request);
  const reading = await readMfaToken(tenant, request, token);
  if (reading.state === 'expired') throw refusals.expired(switches, 'mfa_token');
  if (reading.state === 'malformed') throw refusals.mfaTokenMalformed(switches);
  if (reading.session.via === 'access_token' && !switches.jwtAtChallenge) throw refusals.mfaTokenMalformed(switches);
  if (reading.session.clientId !== application.clientId) throw refusals.otherClient(switches);
  return reading.session;
}

/** The named authenticator, or the oldest of the first asked type that the user has. */
function choose(tenant: Tenant, { user }: MfaSession, { body }: FastifyRequest): OtpAuthenticator | OobAuthenticator {
  const { switches } = tenant.state;
  const usable = user.authenticators.filter((one) => one.kind !== 'recovery-code').filter((one) => one.active);
  if (usable.length === 0) throw refusals.notEnrolled(switches);
  const id = textField(body, 'authenticator_id');
  const candidates = id === undefined ? usable : usable.filter((one) => one.id === id);
  if (candidates.length === 0) throw refusals.authenticatorUnknown(switches);
  const asked = textField(body, 'challenge_type');
  const types = asked === undefined ? candidates.map((one) => one.kind) : words(asked);
  for (const type of types) {
    const found = candidates.find((one) => one.kind === type);
    if (found !== undefined) return found;
  }
  const supported = [...new Set(candidates.map((one) => one.kind))].join(' ');
  throw refusals.challengeTypeUnsupported(asked ?? '', supported);
}
