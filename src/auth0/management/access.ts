import type { Questions, Reading } from './reading';
import { managementTokenAnswer } from './answers';

export type ManagementCredentials =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'client'; readonly clientId: string; readonly clientSecret: string };

/** Management API scopes, read-only: all that `readTenant` asks with. The last one on unified-phone tenants only. */
export const managementScopes = [
  'read:clients',
  'read:guardian_factors',
  'read:mfa_policies',
  'read:phone_providers',
] as const;

/**
 * The token given, or one by client credentials. Its audience is the Management API of the domain that the MFA audience
 * names. Auth0 gives a client whatever of its scopes it asks for; asking for all of them would fail for one that has fewer.
 */
export async function managementToken(
  credentials: ManagementCredentials,
  mfaAudience: string,
  questions: Questions,
): Promise<Reading<string>> {
  if (credentials.type === 'token') return { type: 'read', value: credentials.token };
  const answer = await questions.read(
    {
      method: 'POST',
      path: '/oauth/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: credentials.clientId,
        client_secret: credentials.clientSecret,
        audience: new URL('/api/v2/', mfaAudience).href,
      }).toString(),
    },
    managementTokenAnswer,
  );
  if (answer.type === 'read') return { type: 'read', value: answer.value.access_token };
  // Without a grant for the Management API it is 403 here, and that is a matter of access too.
  return answer.type === 'closed' || answer.type === 'missing' ? { type: 'denied', status: 403 } : answer;
}
