import * as Iron from '@hapi/iron';
import { z } from 'zod';
import type { Clock } from './clock';

/** What an opaque `mfa_token` stands for: one unfinished sign-in of one user through one application. */
const mfaTokenContent = z.object({
  kind: z.literal('mfa_token'),
  transaction: z.string(),
  userId: z.string(),
  clientId: z.string(),
  issuer: z.string(),
  audience: z.string(),
  scope: z.array(z.string()),
  /** Epoch milliseconds. */
  expiresAt: z.number(),
});

const oobCodeContent = z.object({
  kind: z.literal('oob_code'),
  /** Of the token that it was made with. */
  transaction: z.string(),
  challengeId: z.string(),
  expiresAt: z.number(),
});

const content = z.discriminatedUnion('kind', [mfaTokenContent, oobCodeContent]);

type MfaTokenContent = z.infer<typeof mfaTokenContent>;
type OobCodeContent = z.infer<typeof oobCodeContent>;

/** Auth0's opaque tokens: iron seals of eight parts, `Fe26.2*SERVER_<n>*…`. */
export interface Seals {
  seal(what: MfaTokenContent | OobCodeContent): Promise<string>;
  /** The content, expired or not; undefined for anything that this emulator did not seal. */
  unseal(token: string): Promise<MfaTokenContent | OobCodeContent | undefined>;
}

/** `id`: `SERVER_<epoch seconds>`. `password`: at least 32 characters, known to this emulator only. */
export function createSeals(id: string, password: string, clock: Clock): Seals {
  return {
    seal: (what) =>
      Iron.seal(
        what,
        { id, secret: password },
        { ...Iron.defaults, ttl: what.expiresAt - clock.now(), localtimeOffsetMsec: clock.offset() },
      ),
    unseal: async (token) => {
      try {
        // Expiry is the caller's to judge: an expired token and a forged one have different answers.
        const opened: unknown = await Iron.unseal(
          token,
          { [id]: password },
          { ...Iron.defaults, timestampSkewSec: 1e12 },
        );
        return content.parse(opened);
      } catch {
        return undefined;
      }
    },
  };
}
