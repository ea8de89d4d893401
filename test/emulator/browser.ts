import { newPkce, type Tenant } from './tenant';

export const redirectUri = 'https://app.example.com/callback';

/** A browser in front of the login page: follows redirects by hand and keeps the session cookie. */
export function openBrowser(tenant: Tenant) {
  let cookie: string | undefined;
  const headers = (): Record<string, string> => (cookie === undefined ? {} : { cookie });
  const pkce = newPkce();

  const stateOf = (location: string): string => new URL(location, tenant.publicUrl).searchParams.get('state') ?? '';

  const browser = {
    pkce,
    /** `GET /authorize`; answers where it redirects. */
    async authorize(more: Record<string, string> = {}): Promise<string> {
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: tenant.clientId,
        redirect_uri: redirectUri,
        audience: `${tenant.publicUrl}/mfa/`,
        scope: 'enroll read:authenticators remove:authenticators',
        state: 'state-1',
        code_challenge: pkce.challenge,
        code_challenge_method: 'S256',
        ...more,
      });
      const answer = await tenant.get(`/authorize?${query.toString()}`, headers());
      return answer.headers.get('location') ?? `${answer.status} ${answer.text}`;
    },
    /** Sends the login form that `location` showed; answers where it redirects. */
    async login(location: string, email: string, password = 'correct horse'): Promise<string> {
      const answer = await tenant.form('/u/login', { state: stateOf(location), username: email, password });
      cookie = answer.headers.get('set-cookie')?.split(';', 1)[0] ?? cookie;
      return answer.headers.get('location') ?? `${answer.status} ${answer.text}`;
    },
    open: (location: string) => tenant.get(location, headers()),
    async answerChallenge(location: string, code: string): Promise<string> {
      const answer = await tenant.form('/u/mfa-challenge', { state: stateOf(location), code });
      return answer.headers.get('location') ?? `${answer.status} ${answer.text}`;
    },
    exchange: (location: string, more: Record<string, string> = {}) =>
      tenant.form('/oauth/token', {
        grant_type: 'authorization_code',
        ...tenant.client,
        code: new URL(location).searchParams.get('code') ?? '',
        redirect_uri: redirectUri,
        code_verifier: pkce.verifier,
        ...more,
      }),
  };
  return browser;
}
