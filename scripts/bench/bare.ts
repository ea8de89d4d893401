import { TOTP } from 'otpauth';
import { createMfaClient } from '../../src/auth0/mfa-client';
import { factors } from '../../src/factors';
import type { Tenant } from '../stack/tenant';
import type { StackFile } from '../stack/stack-file';
import type { Watches } from './stopwatch';

const phoneNumber = '+14155550123';

/** The script that everybody writes: the calls of the durable way, one after the other, and nothing to fall back on. */
export function enrollBare({ emulator, clientId, clientSecret }: StackFile, tenant: Tenant) {
  const mfa = createMfaClient({ domain: new URL(emulator).host, baseUrl: emulator, clientId, clientSecret });

  return async (userId: string, { firstChallenge, code }: Watches): Promise<void> => {
    const { accessToken } = await tenant.token(userId);
    const sms = await firstChallenge.time(async () => {
      await mfa.listAuthenticators(accessToken);
      return mfa.associate(accessToken, factors.sms.associateRequest({ phoneNumber }));
    });
    if (sms.type !== 'oob') throw new Error('The tenant sent no text.');
    const bindingCode = (await tenant.texts(userId)).at(-1)?.code ?? '';
    const { accessToken: next } = await code.time(() =>
      mfa.confirm(accessToken, { type: 'oob', oobCode: sms.oobCode, bindingCode }),
    );
    const app = await mfa.associate(next, factors.otp.associateRequest({}));
    if (app.type !== 'otp') throw new Error('The tenant gave no setup key.');
    const otp = new TOTP({ secret: app.setupKey }).generate();
    const { accessToken: last } = await code.time(() => mfa.confirm(next, { type: 'otp', otp }));
    const active = (await mfa.listAuthenticators(last)).filter((record) => record.active);
    if (active.length < 2) throw new Error('The tenant does not list both factors.');
  };
}
