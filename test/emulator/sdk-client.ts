import { AuthClient } from '@auth0/auth0-auth-js';
import { TOTP } from 'otpauth';

/**
 * A process of its own, since Auth0's SDK speaks https only and Node reads NODE_EXTRA_CA_CERTS at its start.
 * Enrols SMS and TOTP through the SDK and prints what it saw, one line of JSON.
 */
export interface SdkReport {
  readonly sms: { readonly authenticatorType: string; readonly bindingMethod: unknown; readonly oobChannel: unknown };
  readonly scopeAfterSms: string | undefined;
  readonly active: readonly boolean[];
  readonly challengeType: string;
  readonly wrongCode: string;
  readonly leftAfterDelete: readonly string[];
}

async function main(): Promise<SdkReport> {
  const { SDK_DOMAIN: domain = '', SDK_CONTROL: control = '', SDK_CLIENT_ID: clientId = '' } = process.env;
  const { SDK_CLIENT_SECRET: clientSecret = '', SDK_TOKEN: mfaToken = '', SDK_MFA_TOKEN: sealed = '' } = process.env;
  const { mfa } = new AuthClient({ domain, clientId, clientSecret });

  const sms = await mfa.enrollAuthenticator({
    mfaToken,
    authenticatorTypes: ['oob'],
    oobChannels: ['sms'],
    phoneNumber: '+12025550123',
  });
  if (sms.authenticatorType !== 'oob') throw new Error('an oob answer was expected');
  const inbox = (await (await fetch(`${control}/inbox`)).json()) as { code: string }[];
  const bindingCode = inbox.at(-1)?.code ?? '';
  const afterSms = await mfa.verify({ factorType: 'oob', mfaToken, oobCode: sms.oobCode ?? '', bindingCode });

  const otp = await mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ['otp'] });
  if (otp.authenticatorType !== 'otp') throw new Error('an otp answer was expected');
  const code = new TOTP({ secret: otp.secret }).generate();
  await mfa.verify({ factorType: 'otp', mfaToken, otp: code });
  const wrongCode = await mfa.verify({ factorType: 'otp', mfaToken, otp: code }).then(
    () => 'accepted twice',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

  const list = await mfa.listAuthenticators({ mfaToken });
  const { challengeType } = await mfa.challengeAuthenticator({ mfaToken: sealed, challengeType: 'otp' });
  await mfa.deleteAuthenticator({ mfaToken, authenticatorId: list[0]?.id ?? '' });
  const left = await mfa.listAuthenticators({ mfaToken });
  return {
    sms: { authenticatorType: sms.authenticatorType, bindingMethod: sms.bindingMethod, oobChannel: sms.oobChannel },
    scopeAfterSms: afterSms.scope,
    active: list.map(({ active }) => active),
    challengeType,
    wrongCode,
    leftAfterDelete: left.map(({ authenticatorType }) => authenticatorType),
  };
}

main().then(
  (report) => console.log(JSON.stringify(report)),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
