import { defined } from '../enrollment/defined';
import { isLoopback } from './addresses';
import { readBrand, type BrandConfig } from './brand';
import { readDesk, type DeskConfig } from './desk';
import { readJwt, type JwtConfig } from './jwt';
import { readPhoneCountries } from './phone-countries';
import type { ConfigReader } from './reader';
import {
  apiKeys,
  baseUrl,
  callsPerMinute,
  expectedBaseUrl,
  host,
  partialPolicy,
  port,
  startLinks,
  trustedProxies,
  webAddress,
  type ApiKey,
  type PartialPolicy,
} from './variables';

export interface ApiServerConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Where users and callers reach the API; without a final slash. */
  readonly publicUrl: string;
  readonly keys: readonly ApiKey[];
  /** What becomes of factors that did get active when a case ends without all of them. */
  readonly partialPolicy: PartialPolicy;
  /** Of one caller. */
  readonly callsPerMinute: number;
  readonly jwt?: JwtConfig;
  /** How staff sign in to the support desk; absent: there is none. */
  readonly desk?: DeskConfig;
  /** Where operators find Temporal's web interface, without a final slash. */
  readonly temporalUiUrl?: string;
  /** Proxies whose word about the caller's address is believed. */
  readonly trustedProxies: readonly string[];
  /** Where health and metrics answer; nowhere without a port. */
  readonly healthHost: string;
  readonly healthPort?: number;
  /** The countries whose numbers are taken (ISO 3166-1 alpha-2); absent: all. */
  readonly phoneCountries?: readonly string[];
  /** Shown on the start page, in development: addresses by name. */
  readonly startLinks?: Readonly<Record<string, string>>;
  /** How the pages for users look. */
  readonly brand: BrandConfig;
}

export function readApi(reader: ConfigReader): ApiServerConfig {
  const listenHost = reader.withDefault('API_HOST', host, '127.0.0.1');
  const listenPort = reader.withDefault('API_PORT', port, 3000);
  const keys = reader.optionalSecret('API_KEYS', apiKeys)?.reveal() ?? [];
  const jwt = readJwt(reader, 'API_JWT');
  const desk = readDesk(reader, jwt);
  const temporalUiUrl = reader.optional('TEMPORAL_UI_URL', webAddress);
  if (!reader.isSet('API_KEYS') && !reader.isSet('API_JWT_ISSUER')) withoutCallers(reader, listenHost);
  tellOfExpiry(reader, keys, Date.now());
  const healthPort = reader.optional('HEALTH_PORT', port);
  if (healthPort !== undefined && healthPort !== 0 && healthPort === listenPort) {
    reader.fault('HEALTH_PORT', 'another port than API_PORT: health and metrics are not for callers of the API');
  }
  return Object.freeze({
    host: listenHost,
    port: listenPort,
    publicUrl: reader.production
      ? reader.required('PUBLIC_URL', baseUrl, expectedBaseUrl)
      : reader.withDefault('PUBLIC_URL', baseUrl, `http://localhost:${listenPort}`),
    keys: Object.freeze(keys),
    partialPolicy: reader.withDefault('ENROLLMENT_PARTIAL_POLICY', partialPolicy, 'keep'),
    callsPerMinute: reader.withDefault('API_CALLS_PER_MINUTE', callsPerMinute, 600),
    trustedProxies: Object.freeze(reader.withDefault('TRUSTED_PROXIES', trustedProxies, [])),
    healthHost: reader.withDefault('HEALTH_HOST', host, '127.0.0.1'),
    brand: readBrand(reader),
    ...defined({
      ...{ jwt, desk, temporalUiUrl, healthPort },
      phoneCountries: readPhoneCountries(reader),
      startLinks: readStartLinks(reader),
    }),
  });
}

function readStartLinks(reader: ConfigReader): Readonly<Record<string, string>> | undefined {
  const links = reader.optional('START_LINKS', startLinks);
  if (links !== undefined && reader.production) reader.fault('START_LINKS', 'nothing: it is for development');
  return links;
}

const soonMs = 14 * 24 * 3_600_000;

/** An expired key locks its caller out: whoever runs the process hears of it before, and afterwards why. */
function tellOfExpiry(reader: ConfigReader, keys: readonly ApiKey[], now: number): void {
  keys.forEach(({ name, expiresAt }, index) => {
    if (expiresAt === undefined || expiresAt > now + soonMs) return;
    const key = `The key of "${name}" (API_KEYS[${index}])`;
    const at = new Date(expiresAt).toISOString();
    reader.warn(
      expiresAt <= now
        ? `${key} expired at ${at} and is refused.`
        : `${key} expires at ${at}. Add another one under the same name, and take this one out once the caller has changed over.`,
    );
  });
}

function withoutCallers(reader: ConfigReader, listenHost: string): void {
  const callers = 'API_KEYS, or API_JWT_ISSUER and API_JWT_AUDIENCE';
  if (reader.production) reader.fault('API_KEYS', `callers to be set: ${callers}`);
  else if (!isLoopback(listenHost))
    reader.fault('API_HOST', `a loopback host such as 127.0.0.1 until callers are set: ${callers}`);
  else reader.warn(`The API knows no caller and refuses every call. Set ${callers}.`);
}
