import type { Secret } from '../secret';
import type { ConfigReader } from './reader';
import { clientId, clientSecret, managementToken } from './variables';

/** How to read a tenant's settings: a token of the Management API, or a client that gets one. */
export type ManagementConfig =
  | { readonly type: 'token'; readonly token: Secret }
  | { readonly type: 'client'; readonly clientId: string; readonly clientSecret: Secret };

/** `AUTH0_MANAGEMENT_TOKEN`, or `AUTH0_MANAGEMENT_CLIENT_ID` and `AUTH0_MANAGEMENT_CLIENT_SECRET`; undefined for neither. */
export function readManagement(reader: ConfigReader): ManagementConfig | undefined {
  const token = reader.optionalSecret('AUTH0_MANAGEMENT_TOKEN', managementToken);
  const id = reader.optional('AUTH0_MANAGEMENT_CLIENT_ID', clientId);
  const secret = reader.optionalSecret('AUTH0_MANAGEMENT_CLIENT_SECRET', clientSecret);
  for (const [one, other] of [
    ['AUTH0_MANAGEMENT_CLIENT_ID', 'AUTH0_MANAGEMENT_CLIENT_SECRET'],
    ['AUTH0_MANAGEMENT_CLIENT_SECRET', 'AUTH0_MANAGEMENT_CLIENT_ID'],
  ] as const) {
    if (reader.isSet(other) && !reader.isSet(one)) reader.fault(one, `to be set together with ${other}`);
    if (reader.isSet(other) && reader.isSet('AUTH0_MANAGEMENT_TOKEN'))
      reader.fault(other, 'nothing beside AUTH0_MANAGEMENT_TOKEN');
  }
  if (token !== undefined) return { type: 'token', token };
  return id === undefined || secret === undefined ? undefined : { type: 'client', clientId: id, clientSecret: secret };
}
