import type { Case } from './case';
import { defined } from './defined';
import type { ChallengeSecrets } from './status';

/** What the user must see and nobody else: the setup key and QR content of an app, the recovery code while it is due. */
export function challengeSecretsOf({ enrollment, held }: Case): ChallengeSecrets {
  const recovery = defined({ recoveryCode: held.recoveryCode });
  const asking = enrollment.state === 'associating' ? enrollment.earlier : undefined;
  const current = 'challenge' in enrollment ? enrollment.challenge : asking;
  if (held.challenge === undefined || current === undefined) return { type: 'none', ...recovery };
  const { challengeId, secret } = held.challenge;
  const { factor } = current;
  return secret.type === 'otp'
    ? { type: 'otp', factor, challengeId, setupKey: secret.setupKey, barcodeUri: secret.barcodeUri, ...recovery }
    : { type: 'oob', factor, challengeId, ...defined({ phoneNumber: held.challenge.phoneNumber }), ...recovery };
}
