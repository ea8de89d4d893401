import { createMfaClient } from '../../../src/auth0/mfa-client';
import { factors } from '../../../src/factors';
import type { StackFile } from '../../stack/stack-file';
import type { Engine } from '../engine';

interface Open {
  readonly userId: string;
  accessToken: string;
  readonly oobCode: string;
}

/** The script that everybody writes: the six calls, one after the other, and nothing to fall back on. What it knows is in memory. */
export function bare({
  emulator,
  clientId,
  clientSecret,
}: Pick<StackFile, 'emulator' | 'clientId' | 'clientSecret'>): Pick<Engine, 'start' | 'code' | 'next'> {
  const mfa = createMfaClient({ domain: new URL(emulator).host, baseUrl: emulator, clientId, clientSecret });
  const all = new Map<string, Open>();
  const openOf = (id: string): Open => {
    const found = all.get(id);
    if (found === undefined) throw new Error('No such enrollment.');
    return found;
  };

  return {
    async start({ userId, accessToken, phoneNumber }) {
      await mfa.listAuthenticators(accessToken);
      const sms = await mfa.associate(accessToken, factors.sms.associateRequest({ phoneNumber }));
      if (sms.type !== 'oob') throw new Error('The tenant sent no text.');
      all.set(userId, { userId, accessToken, oobCode: sms.oobCode });
      return userId;
    },
    async code(id, factor, code) {
      const open = openOf(id);
      const proof =
        factor === 'sms'
          ? ({ type: 'oob', oobCode: open.oobCode, bindingCode: code } as const)
          : ({ type: 'otp', otp: code } as const);
      open.accessToken = (await mfa.confirm(open.accessToken, proof)).accessToken;
    },
    async next(id, factor) {
      const { accessToken } = openOf(id);
      if (factor === 'sms') {
        const app = await mfa.associate(accessToken, factors.otp.associateRequest({}));
        if (app.type !== 'otp') throw new Error('The tenant gave no setup key.');
        return app.setupKey;
      }
      all.delete(id);
      const active = (await mfa.listAuthenticators(accessToken)).filter((one) => one.active);
      if (active.length < 2) throw new Error('The tenant does not list both factors.');
      return '';
    },
  };
}
