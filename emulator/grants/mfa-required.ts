import { OAuthError } from '../errors';
import { alphabets } from '../random';
import type { Tenant } from '../tenant';
import type { User } from '../user';

/** The refusal that starts MFA outside a browser: the password (or refresh token) was right, a factor is due. */
export async function mfaRequired(
  tenant: Tenant,
  signIn: {
    readonly user: User;
    readonly clientId: string;
    readonly issuer: string;
    readonly audience: string;
    readonly scope: readonly string[];
  },
): Promise<OAuthError> {
  const { switches } = tenant.state;
  const { user, clientId, issuer, audience, scope } = signIn;
  const mfaToken = await tenant.seals.seal({
    kind: 'mfa_token',
    transaction: tenant.random.text(alphabets.hex, 24),
    userId: user.userId,
    clientId,
    issuer,
    audience,
    scope: [...scope],
    expiresAt: tenant.clock.now() + switches.mfaTokenLifeSeconds * 1000,
  });
  return new OAuthError(switches.statusMfaRequired, 'mfa_required', 'Multifactor authentication required', {
    ...(!switches.actionsMfa && { mfa_token: mfaToken }),
    ...(switches.mfaRequirements && { mfa_requirements: requirements(tenant, user) }),
  });
}

/** What the user may answer with, or enrol when there is nothing yet. */
function requirements(tenant: Tenant, user: User): Record<string, unknown> {
  const { smsFactor, otpFactor, pushFactor, emailFactor } = tenant.state.switches;
  const types = user.authenticators
    .filter((one) => one.active)
    .map((one) => {
      if (one.kind !== 'oob') return one.kind;
      return { sms: 'phone', voice: 'phone', email: 'email', auth0: 'push-notification' }[one.channel];
    });
  if (types.length > 0) return { challenge: [...new Set(types)].map((type) => ({ type })) };
  const enroll = [smsFactor && 'phone', otpFactor && 'otp', pushFactor && 'push-notification', emailFactor && 'email'];
  return { enroll: enroll.filter((type) => type !== false).map((type) => ({ type })) };
}
