import { Pool } from 'undici';
import type { z } from 'zod';
import { auth0Origin } from '../domain';
import { createMfaClient } from '../mfa-client';
import { managementToken, type ManagementCredentials } from './access';
import * as answers from './answers';
import { probeClient, probeMfaApi, probeSignIn, type ClientProbe, type SignInProbe } from './probes';
import { createQuestions, type Questions, type Reading } from './reading';

export interface TenantConfig {
  readonly domain: string;
  /** Development and tests only. */
  readonly baseUrl?: string;
  readonly audience: string;
  readonly clientId: string;
  /** Absent: a public client. */
  readonly clientSecret?: string;
  /** One of the application's callbacks. */
  readonly redirectUri?: string;
  /** Absent: nothing is asked of the Management API. */
  readonly management?: ManagementCredentials;
}

/** Everything the doctor looks at. `undefined`: not asked, because what it takes was not given. */
export interface TenantFacts {
  readonly issuer: Reading<string>;
  readonly signingKeys: Reading<number>;
  /** Does the MFA API answer there, as far as one without a token can see? */
  readonly mfaApi: Reading<true>;
  readonly client: Reading<ClientProbe>;
  readonly signIn: Reading<SignInProbe> | undefined;
  readonly managementToken: Reading<unknown> | undefined;
  readonly application: Reading<answers.Application> | undefined;
  readonly factors: Reading<ReadonlySet<string>> | undefined;
  readonly messageTypes: Reading<readonly string[]> | undefined;
  /** `closed` on tenants with the unified phone experience. */
  readonly selectedProvider: Reading<string> | undefined;
  /** Asked only there. */
  readonly phoneProviders: Reading<readonly answers.PhoneProvider[]> | undefined;
  readonly policies: Reading<readonly string[]> | undefined;
}

/**
 * Reads what an enrollment needs of a tenant. Changes nothing; a look at the token endpoint with a code that nobody has
 * leaves one failed exchange in the tenant's log. Throws a TypeError when domain or base URL cannot be one.
 */
export async function readTenant(config: TenantConfig): Promise<TenantFacts> {
  const origin = auth0Origin(config);
  const pool = new Pool(origin, { connections: 2, connect: { timeout: 3_000 } });
  const managementOrigin = config.baseUrl === undefined ? `https://${canonicalHost(config)}` : origin;
  const managementPool = managementOrigin === origin ? pool : new Pool(managementOrigin, { connections: 2 });
  const tenant = createQuestions(origin, pool);
  const mfa = createMfaClient(config);
  try {
    const { token, ask } = await managementApi(config, createQuestions(managementOrigin, managementPool));
    const selectedProvider = await ask('guardian/factors/phone/selected-provider', answers.selectedProviderAnswer);
    return {
      issuer: await tenant.read({ path: '/.well-known/openid-configuration' }, answers.discoveryAnswer),
      signingKeys: await tenant.read({ path: '/.well-known/jwks.json' }, answers.keysAnswer),
      mfaApi: await probeMfaApi(mfa),
      client: await probeClient(mfa),
      signIn:
        config.redirectUri === undefined
          ? undefined
          : await probeSignIn({ ...config, redirectUri: config.redirectUri }, tenant),
      managementToken: token,
      application: await ask(`clients/${encodeURIComponent(config.clientId)}?${fields}`, answers.applicationAnswer),
      factors: await ask('guardian/factors', answers.factorsAnswer),
      messageTypes: await ask('guardian/factors/phone/message-types', answers.messageTypesAnswer),
      selectedProvider,
      phoneProviders:
        selectedProvider?.type === 'closed'
          ? await ask('branding/phone/providers', answers.phoneProvidersAnswer)
          : undefined,
      policies: await ask('guardian/policies', answers.policiesAnswer),
    };
  } finally {
    await Promise.all([pool.destroy(), managementPool.destroy(), mfa.close()]);
  }
}

const fields = new URLSearchParams({
  fields: 'is_first_party,grant_types,token_endpoint_auth_method,callbacks',
  include_fields: 'true',
}).toString();

/** The Management API is on the tenant's own domain, also where users see a custom one: the MFA audience names it. */
const canonicalHost = ({ audience }: TenantConfig): string => new URL(audience).host;

/** Asks the Management API; without credentials nothing is asked, without a token each answer is why there is none. */
async function managementApi(config: TenantConfig, questions: Questions) {
  const { management } = config;
  const token = management === undefined ? undefined : await managementToken(management, config.audience, questions);
  const ask = async <Value>(path: string, schema: z.ZodType<Value>): Promise<Reading<Value> | undefined> => {
    if (token?.type !== 'read') return token;
    return questions.read({ path: `/api/v2/${path}`, headers: { authorization: `Bearer ${token.value}` } }, schema);
  };
  return { token, ask };
}
