import type { TenantConfig } from '../../auth0/management/tenant';
import type { ManagementCredentials } from '../../auth0/management/access';
import { readAuth0 } from '../../config/auth0';
import { readManagement, type ManagementConfig } from '../../config/management';
import { createConfigReader } from '../../config/reader';
import { baseUrl } from '../../config/variables';
import { defined } from '../../enrollment/defined';
import { usage } from '../failure';
import type { Expected } from './checks';

/** The environment of the service itself, and the Management credentials. Throws Failure that names every fault. */
export function doctorConfig(env: NodeJS.ProcessEnv): { readonly tenant: TenantConfig; readonly expected: Expected } {
  const reader = createConfigReader(env);
  const { clientSecret, baseUrl: origin, opaqueTokens: _ofTheWorker, ...auth0 } = readAuth0(reader);
  const publicUrl = reader.optional('PUBLIC_URL', baseUrl);
  const management = readManagement(reader);
  if (reader.faults.length > 0) {
    throw usage(['This configuration cannot be used:', ...reader.faults.map((fault) => `  - ${fault}`)].join('\n'));
  }
  const callback = publicUrl === undefined ? undefined : `${publicUrl}/sign-in/callback`;
  return {
    tenant: {
      ...auth0,
      ...(reader.isSet('AUTH0_BASE_URL') ? { baseUrl: origin } : {}),
      ...defined({
        clientSecret: clientSecret?.reveal(),
        redirectUri: callback,
        management: management && revealed(management),
      }),
    },
    expected: {
      issuer: `${origin}/`,
      audience: auth0.audience,
      clientId: auth0.clientId,
      withSecret: clientSecret !== undefined,
      callback,
    },
  };
}

const revealed = (config: ManagementConfig): ManagementCredentials =>
  config.type === 'token'
    ? { type: 'token', token: config.token.reveal() }
    : { type: 'client', clientId: config.clientId, clientSecret: config.clientSecret.reveal() };
