import { Auth0Error } from '../../src/auth0/errors';
import type { MfaClient } from '../../src/auth0/mfa';
import type { Authenticator } from '../../src/factors';

export const rightCode = '123456';
export const setupKey = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

/** As much of Auth0 as the API's tests need: one user, codes that are always 123456, and a way to hold an answer back. */
export function memoryAuth0() {
  const records = new Map<string, Authenticator>();
  let held: Promise<void> = Promise.resolve();
  let number = 0;

  const mfa: MfaClient = {
    associate: async (_token, { authenticatorTypes: [type] }) => {
      const id = `${type === 'otp' ? 'totp' : 'sms'}|dev_${String(++number).padStart(16, '0')}`;
      records.set(id, { id, authenticatorType: type, active: false, ...(type === 'oob' ? { oobChannel: 'sms' } : {}) });
      return type === 'otp'
        ? { type: 'otp', setupKey, barcodeUri: `otpauth://totp/Example:user?secret=${setupKey}&issuer=Example` }
        : { type: 'oob', oobCode: `oob-${number}`, bindingMethod: 'prompt' };
    },
    confirm: async (token, proof, signal) => {
      await orAborted(held, signal);
      const code = proof.type === 'oob' ? proof.bindingCode : proof.otp;
      if (code !== rightCode) throw new Auth0Error({ verdict: 'code_rejected', endpoint: 'POST /oauth/token' });
      const kind = proof.type === 'oob' ? 'oob' : 'otp';
      for (const record of records.values()) {
        if (record.authenticatorType === kind) records.set(record.id, { ...record, active: true });
      }
      return { accessToken: token, expiresIn: 600, scope: ['enroll', 'read:authenticators'] };
    },
    listAuthenticators: async () => [...records.values()],
    deleteAuthenticator: async (_token, id) => void records.delete(id),
    refresh: async () => Promise.reject(new Auth0Error({ verdict: 'token_expired', endpoint: 'POST /oauth/token' })),
    exchangeCode: async () =>
      Promise.reject(new Auth0Error({ verdict: 'token_expired', endpoint: 'POST /oauth/token' })),
  };

  return {
    mfa,
    forget: () => records.clear(),
    /** Until the returned function is called, no code is answered. */
    hold: (): (() => void) => {
      let release = () => {};
      held = new Promise((resolve) => (release = resolve));
      return release;
    },
  };
}

/** As the client of Auth0 does: a call that its caller has given up is told so at once, and may have had its effect. */
function orAborted(held: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  const lost = () => new Auth0Error({ verdict: 'ambiguous', endpoint: 'POST /oauth/token' });
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(lost()));
    void held.then(resolve);
  });
}
