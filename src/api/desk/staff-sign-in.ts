import * as oidc from 'openid-client';
import { z } from 'zod';
import { IssuerError } from '../../access-tokens';
import type { DeskConfig } from '../../config/desk';
import { defined } from '../../enrollment/defined';
import type { Scope } from '../../scopes';

/** What belongs to one sign-in and stays with the browser that began it. */
export interface SignInSecrets {
  /** Comes back with the callback (RFC 6749, 10.12). */
  readonly state: string;
  /** RFC 7636. */
  readonly codeVerifier: string;
  /** Comes back in the ID token (OpenID Connect Core 1.0, 3.1.3.7). */
  readonly nonce: string;
}

/** The sign-in of staff at the issuer whose tokens the API takes: OAuth 2.0 code flow with PKCE, by `openid-client`. */
export interface StaffSignIn {
  /** Where the browser goes. `again`: whoever is signed in there has to sign in anew. Throws IssuerError. */
  begin(options: { readonly again: boolean }): Promise<{ readonly url: string; readonly secrets: SignInSecrets }>;
  /**
   * What the callback brings, `search` being the query of its address with the question mark; `refused` when it brings no tokens, as
   * when the sign-in was given up or came from another browser. Throws IssuerError, also when the issuer takes this application for
   * another one.
   */
  finish(search: string, secrets: SignInSecrets): Promise<StaffTokens | 'refused'>;
}

export interface StaffTokens {
  /** Not checked yet: that is for whoever takes it as a credential. */
  readonly accessToken: string;
  /** What the issuer calls whoever signed in, for their own eyes. */
  readonly name?: string;
}

const wanted = [
  'enrollments:read',
  'enrollments:code',
  'enrollments:manage',
  'enrollments:link',
] as const satisfies readonly Scope[];

/** Seconds that the issuer has for an answer. */
const timeout = 5;

/** The issuer's discovery document is read when it is first needed, and again when it could not be read. */
export function createStaffSignIn(config: DeskConfig, publicUrl: string): StaffSignIn {
  const redirectUri = `${publicUrl}/desk/callback`;
  let known: Promise<oidc.Configuration> | undefined;
  const configuration = async (): Promise<oidc.Configuration> => {
    known ??= discover(config);
    try {
      return await known;
    } catch (cause) {
      known = undefined;
      throw new IssuerError('the discovery document of the token issuer cannot be read', { cause });
    }
  };

  return {
    async begin({ again }) {
      const codeVerifier = oidc.randomPKCECodeVerifier();
      const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
      const url = oidc.buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        audience: config.audience, // Auth0's own parameter; others ignore it (RFC 6749, 3.1)
        scope: ['openid', 'email', 'profile', ...wanted].join(' '),
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        ...(again ? { prompt: 'login' } : {}),
      });
      return { url: url.href, secrets: { state, codeVerifier, nonce } };
    },
    async finish(search, { state, codeVerifier, nonce }) {
      if (new URLSearchParams(search).get('state') !== state) return 'refused';
      const issuer = await configuration();
      try {
        const tokens = await oidc.authorizationCodeGrant(issuer, new URL(`${redirectUri}${search}`), {
          pkceCodeVerifier: codeVerifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        });
        return { accessToken: tokens.access_token, ...defined({ name: nameOf(tokens.claims()) }) };
      } catch (cause) {
        if (isRefusal(cause)) return 'refused';
        throw new IssuerError('the authorization code could not be exchanged', { cause });
      }
    },
  };
}

function discover({ issuer, clientId, clientSecret }: DeskConfig): Promise<oidc.Configuration> {
  const server = new URL(issuer);
  return oidc.discovery(
    server,
    clientId,
    undefined,
    clientSecret === undefined ? oidc.None() : oidc.ClientSecretPost(clientSecret.reveal()),
    // The configuration lets plain http through on a loopback host only.
    { timeout, ...(server.protocol === 'http:' ? { execute: [oidc.allowInsecureRequests] } : {}) },
  );
}

/** Did the issuer say no to this one sign-in: at `/authorize`, or because the code is used up or not of this browser? */
const isRefusal = (error: unknown): boolean =>
  error instanceof oidc.AuthorizationResponseError ||
  (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant');

const shown = z.object({ email: z.string().optional(), name: z.string().optional() });

function nameOf(claims: unknown): string | undefined {
  const { email, name } = shown.safeParse(claims).data ?? {};
  return (email ?? name)?.slice(0, 100);
}
