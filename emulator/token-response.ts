import { permissionsAt } from './api';
import { mfaAudiences } from './place';
import { alphabets } from './random';
import { refusals } from './refusals';
import type { RefreshToken } from './sign-in';
import type { Tenant } from './tenant';
import type { User } from './user';

/** What the tokens are for. */
export interface Grant {
  readonly user: User;
  readonly clientId: string;
  readonly issuer: string;
  readonly audience: string;
  readonly scope: readonly string[];
  readonly nonce?: string | undefined;
  /** Of the browser session behind it. */
  readonly sid?: string | undefined;
  /** Epoch milliseconds: when the user signed in, for an application that asked to be told. */
  readonly authenticatedAt?: number | undefined;
  readonly authMethods?: readonly string[];
  /** Overrides the audience's own life. */
  readonly lifeSeconds?: number | undefined;
  /** False: no refresh token whatever the scope says, e.g. on a refresh, which does not rotate. */
  readonly mayRefresh?: boolean;
}

/** Seconds. The MFA audience has a fixed life, other APIs the dashboard's default. */
const mfaLife = 600;
const defaultLife = 86_400;

export const mfaScopes = ['enroll', 'read:authenticators', 'remove:authenticators'] as const;
const identityScopes = ['openid', 'profile', 'email', 'offline_access'];

/**
 * The audience that a request names, in the spelling that goes into tokens; without one, the user-info endpoint's.
 * @throws OAuthError "Service not found" for one that the tenant has no API for.
 */
export function requireAudience(tenant: Tenant, issuer: string, audience: string | undefined): string {
  const userinfo = `${issuer}userinfo`;
  if (audience === undefined || audience === userinfo) return userinfo;
  if (tenant.state.apis.has(audience) || mfaAudiences(tenant.place).includes(audience)) return audience;
  if (tenant.state.switches.unslashedAudience && mfaAudiences(tenant.place).includes(`${audience}/`))
    return `${audience}/`;
  throw refusals.serviceNotFound(audience);
}

export const isMfaAudience = (tenant: Tenant, audience: string): boolean =>
  mfaAudiences(tenant.place).includes(audience);

/** What the user's roles let them do at the audience; undefined for one that is no API of the tenant's own. */
function permissionsOf({ state }: Tenant, user: User, audience: string): readonly string[] | undefined {
  const api = state.apis.get(audience);
  const roles = (user.roles ?? []).flatMap((name) => state.roles.get(name) ?? []);
  return api && permissionsAt(api, roles);
}

/**
 * Scopes that the audience has no use for are dropped; none asked means all of the MFA API's. At an API with role-based access
 * control the scope is what was asked for and the user may do.
 */
function grantedScope(tenant: Tenant, user: User, audience: string, asked: readonly string[]): readonly string[] {
  const api = tenant.state.apis.get(audience);
  if (api !== undefined) {
    const may = api.enforcePolicies ? (permissionsOf(tenant, user, audience) ?? []) : api.permissions;
    return asked.filter((scope) => identityScopes.includes(scope) || may.includes(scope));
  }
  if (!isMfaAudience(tenant, audience)) return asked;
  if (asked.length === 0) return mfaScopes;
  const known: readonly string[] = [...mfaScopes, ...identityScopes];
  return asked.filter(
    (scope) => known.includes(scope) && (scope !== 'offline_access' || tenant.state.switches.offlineAccess),
  );
}

/** The 200 body of the token endpoint, and the id of the access token in it. */
export async function issueTokens(
  tenant: Tenant,
  grant: Grant,
): Promise<{ readonly jti: string; readonly body: Record<string, unknown> & { readonly access_token: string } }> {
  const { user, clientId, issuer, audience, nonce, sid, authenticatedAt, authMethods } = grant;
  const scope = grantedScope(tenant, user, audience, grant.scope);
  const api = tenant.state.apis.get(audience);
  const usualLife = isMfaAudience(tenant, audience) ? mfaLife : defaultLife;
  const lifeSeconds = grant.lifeSeconds ?? api?.tokenLifeSeconds ?? usualLife;
  const permissions = api?.tokenDialect === 'access_token_authz' ? permissionsOf(tenant, user, audience) : undefined;
  const subject = user.userId;
  const access = await tenant.tokens.mintAccessToken({
    ...{ issuer, subject, audience, clientId, scope, permissions, lifeSeconds },
  });
  const hasIdToken =
    scope.includes('openid') && (tenant.state.switches.idTokenWithMfaAudience || !isMfaAudience(tenant, audience));
  const idToken = hasIdToken
    ? await tenant.tokens.mintIdToken({
        issuer,
        subject,
        clientId,
        email: user.email,
        nonce,
        sid,
        authenticatedAt,
        ...(authMethods && { authMethods }),
      })
    : undefined;
  const refreshToken =
    scope.includes('offline_access') && grant.mayRefresh !== false
      ? addRefreshToken(tenant, { userId: subject, clientId, audience, scope, sid })
      : undefined;
  return {
    jti: access.jti,
    body: {
      access_token: access.token,
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
      ...(idToken !== undefined && { id_token: idToken }),
      scope: scope.join(' '),
      expires_in: lifeSeconds,
      token_type: 'Bearer',
    },
  };
}

function addRefreshToken(tenant: Tenant, content: RefreshToken): string {
  const token = `v1.${tenant.random.text(alphabets.alphanumeric, 54)}`;
  tenant.state.refreshTokens.set(token, content);
  return token;
}
