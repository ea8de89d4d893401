import { defined } from '../enrollment/defined';
import { isLoopback } from './addresses';
import { readJwt, type JwtConfig } from './jwt';
import type { ConfigReader } from './reader';
import {
  apiKeys,
  baseUrl,
  callsPerMinute,
  expectedBaseUrl,
  host,
  partialPolicy,
  port,
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
}

export function readApi(reader: ConfigReader): ApiServerConfig {
  const listenHost = reader.withDefault('API_HOST', host, '127.0.0.1');
  const listenPort = reader.withDefault('API_PORT', port, 3000);
  const keys = reader.optionalSecret('API_KEYS', apiKeys)?.reveal() ?? [];
  const jwt = readJwt(reader, 'API_JWT');
  if (!reader.isSet('API_KEYS') && !reader.isSet('API_JWT_ISSUER')) withoutCallers(reader, listenHost);
  return Object.freeze({
    host: listenHost,
    port: listenPort,
    publicUrl: reader.production
      ? reader.required('PUBLIC_URL', baseUrl, expectedBaseUrl)
      : reader.withDefault('PUBLIC_URL', baseUrl, `http://localhost:${listenPort}`),
    keys: Object.freeze(keys),
    partialPolicy: reader.withDefault('ENROLLMENT_PARTIAL_POLICY', partialPolicy, 'keep'),
    callsPerMinute: reader.withDefault('API_CALLS_PER_MINUTE', callsPerMinute, 600),
    ...defined({ jwt }),
  });
}

function withoutCallers(reader: ConfigReader, listenHost: string): void {
  const callers = 'API_KEYS, or API_JWT_ISSUER and API_JWT_AUDIENCE';
  if (reader.production) reader.fault('API_KEYS', `callers to be set: ${callers}`);
  else if (!isLoopback(listenHost))
    reader.fault('API_HOST', `a loopback host such as 127.0.0.1 until callers are set: ${callers}`);
  else reader.warn(`The API knows no caller and refuses every call. Set ${callers}.`);
}
