import type { JWK } from 'jose';
import { z } from 'zod';

export const mfaGrant = {
  oob: 'http://auth0.com/oauth/grant-type/mfa-oob',
  otp: 'http://auth0.com/oauth/grant-type/mfa-otp',
  recoveryCode: 'http://auth0.com/oauth/grant-type/mfa-recovery-code',
} as const;

export const passwordRealmGrant = 'http://auth0.com/oauth/grant-type/password-realm';

export const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'password',
  passwordRealmGrant,
  ...Object.values(mfaGrant),
] as const;

export const tokenEndpointAuthMethods = [
  'none',
  'client_secret_post',
  'client_secret_basic',
  'private_key_jwt',
] as const;
export type TokenEndpointAuthMethod = (typeof tokenEndpointAuthMethods)[number];

/** An Auth0 application (OAuth client). */
export interface Application {
  readonly clientId: string;
  readonly clientSecret: string;
  tokenEndpointAuthMethod: TokenEndpointAuthMethod;
  grantTypes: readonly string[];
  /** Empty: any redirect_uri is taken. */
  callbacks: readonly string[];
  /** A third-party application gets no MFA grant, whatever its list says. */
  isFirstParty: boolean;
  /** Public keys for private_key_jwt. */
  publicKeys: readonly JWK[];
  /** `jti` of assertions already used. */
  readonly usedAssertions: Set<string>;
}

const jwk = z.looseObject({ kty: z.string() });

/** What the control side may change on an application. */
export const applicationPatch = z
  .strictObject({
    tokenEndpointAuthMethod: z.enum(tokenEndpointAuthMethods),
    grantTypes: z.array(z.string().min(1)),
    callbacks: z.array(z.url()),
    isFirstParty: z.boolean(),
    publicKeys: z.array(jwk),
  })
  .partial();

export function changeApplication(application: Application, patch: z.infer<typeof applicationPatch>): Application {
  application.tokenEndpointAuthMethod = patch.tokenEndpointAuthMethod ?? application.tokenEndpointAuthMethod;
  application.grantTypes = patch.grantTypes ?? application.grantTypes;
  application.callbacks = patch.callbacks ?? application.callbacks;
  application.isFirstParty = patch.isFirstParty ?? application.isFirstParty;
  application.publicKeys = patch.publicKeys ?? application.publicKeys;
  return application;
}

const mfaGrants: readonly string[] = Object.values(mfaGrant);

/** May it use this grant? MFA grants are for first-party applications only. */
export const mayUse = ({ grantTypes, isFirstParty }: Application, grantType: string): boolean =>
  grantTypes.includes(grantType) && (isFirstParty || !mfaGrants.includes(grantType));

export function createApplication(
  clientId: string,
  clientSecret: string,
  tokenEndpointAuthMethod: TokenEndpointAuthMethod = 'client_secret_post',
): Application {
  return {
    clientId,
    clientSecret,
    tokenEndpointAuthMethod,
    grantTypes: grantTypes,
    callbacks: [],
    isFirstParty: true,
    publicKeys: [],
    usedAssertions: new Set(),
  };
}
