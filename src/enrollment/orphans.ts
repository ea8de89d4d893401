import { factors, type Authenticator, type FactorName } from '../factors';

/**
 * The records that this case made and nobody confirmed: inactive, of a factor of the plan, and not there when the case
 * began. Auth0 never collects them, and at about 51 a user can enroll no more (community.auth0.com/t/95815).
 *
 * A record is spared when deleting it could take away what the user had: Auth0 deletes sms and voice together, and push
 * and otp, and may list one id both active and inactive.
 *
 * `made` bounds how many records of each factor this case can have made; where more are there, somebody else is enrolling
 * the same user, ours cannot be told from theirs, and all are left.
 */
export function orphansOf(
  authenticators: readonly Authenticator[],
  opening: readonly Authenticator[],
  made: Readonly<Partial<Record<FactorName, number>>>,
): readonly Authenticator[] {
  const before = new Set(opening.map(({ id }) => id));
  const kept = authenticators.filter(({ id, active }) => active || before.has(id));
  return Object.values(factors).flatMap((factor) => {
    const unconfirmed = authenticators.filter(
      (record) => !record.active && !before.has(record.id) && factor.lists(record),
    );
    if (unconfirmed.length > (made[factor.name] ?? 0)) return [];
    return unconfirmed.filter((record) => !kept.some((other) => sharesFate(record, other, factor)));
  });
}

/**
 * Can the record that this case made active be deleted alone? Not where Auth0 may delete with it what the user had before,
 * or got elsewhere since: siblings that came with the record share its suffix and may go.
 */
export function isOursAlone(
  made: { readonly id: string; readonly factor: FactorName },
  authenticators: readonly Authenticator[],
  opening: readonly Authenticator[],
): boolean {
  const before = new Set(opening.map(({ id }) => id));
  return !authenticators.some((other) => {
    if (other.id === made.id) return false;
    const isSibling = suffix(other.id) === suffix(made.id);
    if (before.has(other.id)) return isSibling || factors[made.factor].pairedWith(other);
    return other.active && !isSibling && factors[made.factor].pairedWith(other);
  });
}

/** Would deleting `record` take `other` with it, as far as Auth0's documentation tells? */
function sharesFate(record: Authenticator, other: Authenticator, factor: (typeof factors)[FactorName]): boolean {
  return other.id === record.id || suffix(other.id) === suffix(record.id) || factor.pairedWith(other);
}

const suffix = (id: string): string => id.slice(id.indexOf('|') + 1);
