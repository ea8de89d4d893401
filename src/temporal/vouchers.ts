import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const voucherBytes = 8;
/** More keys than any ring needs; bounds the work that a forged payload causes. */
const mostVouchers = 16;

/**
 * A voucher is a 64-bit MAC, under another key of the writer's ring, that says: a payload of this key id for this place is one of
 * ours. A reader that lacks the key but has the other one can so tell a key that is on its way, or was removed too early,
 * from a key id that somebody made up. The keys of these MACs are derived, so that no AES key is used for two things.
 *
 * `claim`: the key id and the place, written so that no two of them look alike.
 */
export function createVouchers(activeKeyId: string, keys: ReadonlyMap<string, KeyObject>) {
  const macKeys = Array.from(keys, ([id, key]) => ({
    id,
    key: Buffer.from(hkdfSync('sha256', key, '', 'auth0-mfa-enrollment voucher 2', 32)),
  }));
  const others = macKeys.filter(({ id }) => id !== activeKeyId).slice(0, mostVouchers);
  const voucher = (key: Buffer, claim: string): Buffer =>
    createHmac('sha256', key).update(claim).digest().subarray(0, voucherBytes);

  return {
    /** One after another, for each key of the ring but the active one; undefined when that is the only one. */
    write: (claim: string): Uint8Array | undefined =>
      others.length === 0 ? undefined : Buffer.concat(others.map(({ key }) => voucher(key, claim))),

    verify(claim: string, vouchers: Uint8Array | null | undefined): boolean {
      const given = Array.from({ length: Math.min(mostVouchers, (vouchers?.length ?? 0) / voucherBytes) }, (_, at) =>
        (vouchers ?? new Uint8Array()).subarray(at * voucherBytes, (at + 1) * voucherBytes),
      ).filter(({ length }) => length === voucherBytes);
      return macKeys.some(({ key }) => {
        const expected = voucher(key, claim);
        return given.some((one) => timingSafeEqual(one, expected));
      });
    },
  };
}
