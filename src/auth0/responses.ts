import { z } from 'zod';
import type { Authenticator } from '../factors';
import type { Associated, TokenSet } from '../enrollment/steps';
import type { SignInTokens } from './mfa';

// What Auth0 answers, as schemas from its spelling to ours. Fields that we do not use may come and go.

const text = z.string().min(1);

/** An array of one, and only on the first authenticator a user ever adds. */
const recoveryCodes = z.array(text).nullish();

const withRecoveryCode = (codes: readonly string[] | null | undefined) =>
  codes?.[0] === undefined ? {} : { recoveryCode: codes[0] };

/** `POST /mfa/associate`. */
export const associateResponse = z
  .discriminatedUnion('authenticator_type', [
    z.object({
      authenticator_type: z.literal('oob'),
      oob_code: text,
      recovery_codes: recoveryCodes,
    }),
    z.object({
      authenticator_type: z.literal('otp'),
      secret: z.string().regex(/^[A-Z2-7]+=*$/),
      // Shown as a QR and as a link: nothing but an otpauth URI may come through.
      barcode_uri: z.string().startsWith('otpauth://'),
      recovery_codes: recoveryCodes,
    }),
  ])
  .transform((answer): Associated =>
    answer.authenticator_type === 'oob'
      ? {
          type: 'oob',
          oobCode: answer.oob_code,
          ...withRecoveryCode(answer.recovery_codes),
        }
      : {
          type: 'otp',
          setupKey: answer.secret,
          barcodeUri: answer.barcode_uri,
          ...withRecoveryCode(answer.recovery_codes),
        },
  );

/** Auth0 fixes the life of an MFA token at 600 s, so that is what an answer without it means. */
const tokenAnswer = z.object({
  access_token: text,
  expires_in: z.number().int().positive().default(600),
  refresh_token: text.nullish(),
  scope: z.string().nullish(),
});

const tokenSet = (answer: z.infer<typeof tokenAnswer>): TokenSet => ({
  accessToken: answer.access_token,
  expiresIn: answer.expires_in,
  ...(answer.refresh_token ? { refreshToken: answer.refresh_token } : {}),
  scope: answer.scope?.split(' ').filter((word) => word !== '') ?? [],
});

/** `POST /oauth/token` after a code of a factor, or a refresh. */
export const tokenResponse = tokenAnswer.transform(tokenSet);

/** `POST /oauth/token` after a sign-in, which also says who signed in and when. */
export const signInResponse = tokenAnswer.extend({ id_token: text.nullish() }).transform((answer): SignInTokens => ({
  ...tokenSet(answer),
  ...(answer.id_token ? { idToken: answer.id_token } : {}),
}));

/** `GET /mfa/authenticators`. The wire says `oob_channel`; one page of the docs says `oob_channels`. */
export const listResponse = z.array(
  z
    .object({
      id: text,
      authenticator_type: text,
      active: z.boolean(),
      oob_channel: text.nullish(),
      oob_channels: z.union([text.transform((channel) => [channel]), z.array(text)]).nullish(),
    })
    .transform(({ id, authenticator_type, active, oob_channel, oob_channels }): Authenticator => {
      const oobChannel = oob_channel ?? oob_channels?.[0];
      return { id, authenticatorType: authenticator_type, ...(oobChannel ? { oobChannel } : {}), active };
    }),
);

/** `DELETE /mfa/authenticators/{id}`: 204 and nothing to read. */
export const deleteResponse = z.unknown();

/** OAuth's error answer (RFC 6749, 5.2). */
export const errorResponse = z.object({ error: text, error_description: z.string().nullish() });
