import { defined } from '../enrollment/defined';
import type { Secret } from '../secret';
import type { JwtConfig } from './jwt';
import type { ConfigReader } from './reader';
import { clientId, clientSecret } from './variables';

/** The application that signs staff in to the support desk, at the issuer whose tokens the API takes. */
export interface DeskConfig extends JwtConfig {
  readonly clientId: string;
  /** Absent: a public client. */
  readonly clientSecret?: Secret;
}

/** `DESK_CLIENT_ID` and `DESK_CLIENT_SECRET`; without the first there is no desk. `jwt`: whose tokens the API takes. */
export function readDesk(reader: ConfigReader, jwt: JwtConfig | undefined): DeskConfig | undefined {
  const id = reader.optional('DESK_CLIENT_ID', clientId);
  const secret = reader.optionalSecret('DESK_CLIENT_SECRET', clientSecret);
  if (reader.isSet('DESK_CLIENT_ID') && !reader.isSet('API_JWT_ISSUER')) {
    reader.fault('API_JWT_ISSUER', 'to be set together with DESK_CLIENT_ID: staff sign in there');
  }
  if (id === undefined || jwt === undefined) return undefined;
  return Object.freeze({ ...jwt, clientId: id, ...defined({ clientSecret: secret }) });
}
