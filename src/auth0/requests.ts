import type { AssociateRequest } from '../factors';
import type { Proof } from '../enrollment/steps';

/** What we ask of Auth0. One endpoint can serve several: `POST /oauth/token` serves four. */
export type Auth0Call = 'associate' | 'confirm_oob' | 'confirm_otp' | 'list' | 'delete' | 'refresh' | 'exchange';

/** For errors: method and path, without what was filled in. */
export const endpoints = {
  associate: 'POST /mfa/associate',
  confirm_oob: 'POST /oauth/token',
  confirm_otp: 'POST /oauth/token',
  list: 'GET /mfa/authenticators',
  delete: 'DELETE /mfa/authenticators/{id}',
  refresh: 'POST /oauth/token',
  exchange: 'POST /oauth/token',
} as const satisfies Readonly<Record<Auth0Call, string>>;

export interface Auth0Request {
  readonly call: Auth0Call;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A confidential client sends its secret in the body (`client_secret_post`); a public one has none. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret?: string;
}

/** Bearer only: Auth0's pages disagree on whether client credentials belong here, and every SDK works without. */
export const associateRequest = (token: string, request: AssociateRequest): Auth0Request => ({
  call: 'associate',
  method: 'POST',
  path: '/mfa/associate',
  headers: { ...bearer(token), 'content-type': 'application/json' },
  body: JSON.stringify({
    authenticator_types: request.authenticatorTypes,
    oob_channels: request.oobChannels,
    phone_number: request.phoneNumber,
  }),
});

/** The token must be the one that associate was called with: Auth0 ties the oob code to it. */
export const confirmRequest = (client: ClientCredentials, token: string, proof: Proof): Auth0Request =>
  proof.type === 'oob'
    ? tokenRequest('confirm_oob', client, {
        grant_type: 'http://auth0.com/oauth/grant-type/mfa-oob',
        mfa_token: token,
        oob_code: proof.oobCode,
        binding_code: proof.bindingCode,
      })
    : tokenRequest('confirm_otp', client, {
        grant_type: 'http://auth0.com/oauth/grant-type/mfa-otp',
        mfa_token: token,
        otp: proof.otp,
      });

export const listRequest = (token: string): Auth0Request => ({
  call: 'list',
  method: 'GET',
  path: '/mfa/authenticators',
  headers: bearer(token),
});

export const deleteRequest = (token: string, id: string): Auth0Request => ({
  call: 'delete',
  method: 'DELETE',
  path: `/mfa/authenticators/${encodeURIComponent(id)}`,
  headers: bearer(token),
});

/** No audience: the first grant fixed it. */
export const refreshRequest = (client: ClientCredentials, refreshToken: string): Auth0Request =>
  tokenRequest('refresh', client, { grant_type: 'refresh_token', refresh_token: refreshToken });

export const exchangeRequest = (
  client: ClientCredentials,
  request: { code: string; codeVerifier: string; redirectUri: string },
): Auth0Request =>
  tokenRequest('exchange', client, {
    grant_type: 'authorization_code',
    code: request.code,
    code_verifier: request.codeVerifier,
    redirect_uri: request.redirectUri,
  });

const tokenRequest = (
  call: Auth0Call,
  { clientId, clientSecret }: ClientCredentials,
  grant: Record<string, string>,
): Auth0Request => ({
  call,
  method: 'POST',
  path: '/oauth/token',
  headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({
    ...grant,
    client_id: clientId,
    ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
  }).toString(),
});

const bearer = (token: string) => ({ accept: 'application/json', authorization: `Bearer ${token}` });
