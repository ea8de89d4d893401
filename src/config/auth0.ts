import { defined } from '../enrollment/defined';
import type { OpaqueTokens } from '../enrollment/token-owner';
import type { Secret } from '../secret';
import type { ConfigReader } from './reader';
import { clientId, clientSecret, domain, expectedDomain, httpsOrigin, mfaAudience, opaqueTokens } from './variables';

export interface Auth0Config {
  /** Bare host, lower case. */
  readonly domain: string;
  /** The audience of a token that opens the MFA API. */
  readonly audience: string;
  readonly clientId: string;
  /** Absent: a public client. */
  readonly clientSecret?: Secret;
  /** Without a final slash; `https://<domain>` except in development and tests. */
  readonly baseUrl: string;
  /** Are tokens used whose user cannot be read? */
  readonly opaqueTokens: OpaqueTokens;
}

export function readAuth0(reader: ConfigReader): Auth0Config {
  const host = reader.required('AUTH0_DOMAIN', domain, expectedDomain);
  const secret = reader.optionalSecret('AUTH0_CLIENT_SECRET', clientSecret);
  const base = reader.optional('AUTH0_BASE_URL', httpsOrigin);
  if (reader.production && reader.isSet('AUTH0_BASE_URL')) {
    reader.fault('AUTH0_BASE_URL', 'nothing in production: tokens go to https://<AUTH0_DOMAIN> only');
  }
  return Object.freeze({
    domain: host,
    audience: reader.withDefault('AUTH0_AUDIENCE', mfaAudience, `https://${host}/mfa/`),
    clientId: reader.required('AUTH0_CLIENT_ID', clientId, "the application's client id"),
    ...defined({ clientSecret: secret }),
    baseUrl: base ?? `https://${host}`,
    opaqueTokens: reader.withDefault('AUTH0_OPAQUE_TOKENS', opaqueTokens, 'refuse'),
  });
}
