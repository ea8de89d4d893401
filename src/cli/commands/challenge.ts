import { renderANSI, renderUnicodeCompact } from 'uqr';
import type { z } from 'zod';
import { challengeSecrets } from '../../api/schemas';
import { apiCommand, idArgument, onCall, withExamples, type CommandParts } from '../command';
import { enrollmentIdOf } from '../ids';
import { printable } from '../text/columns';
import { takesColour } from '../text/style';

const scope = 'enrollments:secrets';

type Challenge = z.infer<typeof challengeSecrets>;

/** `mfa challenge`: the one command that prints secrets. */
export function challengeCommand(parts: CommandParts) {
  const command = apiCommand('challenge', scope, 'What the user must see: QR code, setup key, recovery code');
  withExamples(command.addArgument(idArgument()), 'challenge enr_NNsi-2hB');
  return onCall<object, [string]>(command, scope, parts, async ({ api, terminal }, _options, given) => {
    const path = `/enrollments/${await enrollmentIdOf(api, given)}/challenge`;
    const challenge = await api.call({ method: 'GET', path, answer: challengeSecrets });
    return { json: challenge, text: challengeText(challenge, given, takesColour(terminal)) };
  });
}

function challengeText(challenge: Challenge, id: string, colour: boolean): string {
  const { recoveryCode } = challenge;
  const recovery =
    recoveryCode === undefined ? '' : `\n\nRecovery code, to be written down: ${printable(recoveryCode)}`;
  return `${toAnswer(challenge, id, colour)}${recovery}`;
}

function toAnswer(challenge: Challenge, id: string, colour: boolean): string {
  switch (challenge.type) {
    case 'none':
      return 'There is nothing for the user to answer now.';
    case 'oob':
      return `A code was sent to ${printable(challenge.phoneNumber ?? 'the user')}. Submit it with: mfa code ${id}`;
    case 'otp':
      return [
        qr(challenge.barcodeUri, colour),
        `Or type this key into the app: ${grouped(challenge.setupKey)}`,
        `Submit the code of the app with: mfa otp ${id}`,
      ].join('\n\n');
  }
}

/** Dark on light whatever the terminal's colours are; without colours the blocks are the light, for a dark background. */
const qr = (text: string, colour: boolean): string =>
  colour ? renderANSI(text, { border: 2 }) : renderUnicodeCompact(text, { border: 2 });

const grouped = (key: string): string => printable(key).replace(/(.{4})(?=.)/g, '$1 ');
