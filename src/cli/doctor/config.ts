import type { TenantConfig } from '../../auth0/management/tenant';
import type { ManagementCredentials } from '../../auth0/management/access';
import { readAuth0 } from '../../config/auth0';
import { readManagement, type ManagementConfig } from '../../config/management';
import { createConfigReader } from '../../config/reader';
import { baseUrl } from '../../config/variables';
import { defined } from '../../enrollment/defined';
import { usage } from '../failure';
import { readStack } from '../stack';
import type { Terminal } from '../terminal';
import type { Expected } from './checks';

export interface DoctorEnvironment {
  readonly env: NodeJS.ProcessEnv;
  /** It is that of a local stack. */
  readonly emulated?: boolean;
  /** What the person at the terminal should know then. */
  readonly notice?: string;
}

/**
 * The environment to check: the one we were given, or where it names no tenant at all, that of a running local stack, whose emulated
 * tenant lets its application read the settings.
 */
export function doctorEnvironment({ env, stackFile }: Pick<Terminal, 'env' | 'stackFile'>): DoctorEnvironment {
  const namesTenant = Object.entries(env).some(([name, value]) => name.startsWith('AUTH0_') && (value ?? '') !== '');
  const { api, emulator, clientId, clientSecret } = (namesTenant ? undefined : readStack(stackFile)) ?? {};
  if (emulator === undefined || clientId === undefined || clientSecret === undefined) return { env };
  return {
    env: {
      NODE_ENV: 'development', // AUTH0_BASE_URL is taken in development only
      AUTH0_DOMAIN: new URL(emulator).host,
      AUTH0_BASE_URL: emulator,
      AUTH0_CLIENT_ID: clientId,
      AUTH0_CLIENT_SECRET: clientSecret,
      AUTH0_MANAGEMENT_CLIENT_ID: clientId,
      AUTH0_MANAGEMENT_CLIENT_SECRET: clientSecret,
      PUBLIC_URL: api,
    },
    emulated: true,
    notice: `${emulator}, the emulated tenant (.run/stack.json). Set AUTH0_DOMAIN and the rest to check another one.`,
  };
}

/** The environment of the service itself, and the Management credentials. Throws Failure that names every fault. */
export function doctorConfig({ env, emulated = false }: Pick<DoctorEnvironment, 'env' | 'emulated'>): {
  readonly tenant: TenantConfig;
  readonly expected: Expected;
} {
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
      emulated,
    },
  };
}

const revealed = (config: ManagementConfig): ManagementCredentials =>
  config.type === 'token'
    ? { type: 'token', token: config.token.reveal() }
    : { type: 'client', clientId: config.clientId, clientSecret: config.clientSecret.reveal() };
