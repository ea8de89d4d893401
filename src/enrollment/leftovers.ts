import { factors, type Authenticator, type FactorName } from '../factors';

/**
 * The leftover authenticators of this enrollment: it made them and nobody confirmed them. They are inactive, of a factor we
 * know, and were not there when the enrollment began. Auth0 never collects them, and at about 51 a user can enroll no more
 * (community.auth0.com/t/95815).
 *
 * An authenticator is spared when deleting it could take away what the user had: Auth0 deletes sms and voice together, and
 * push and otp, and may list one id both active and inactive. Nothing is deleted on a reading that lacks what the user had
 * at the opening: such a reading may be of another account.
 *
 * `made` bounds how many authenticators of each factor this enrollment can have made; where more are there, somebody else is
 * enrolling the same user, ours cannot be told from theirs, and all are left.
 */
export function leftoversOf(
  authenticators: readonly Authenticator[],
  opening: readonly Authenticator[],
  made: Readonly<Partial<Record<FactorName, number>>>,
): readonly Authenticator[] {
  if (!showsOpening(authenticators, opening)) return [];
  const before = new Set(opening.map(({ id }) => id));
  const kept = authenticators.filter(({ id, active }) => active || before.has(id));
  return Object.values(factors).flatMap((factor) => {
    const unconfirmed = authenticators.filter(
      (authenticator) => !authenticator.active && !before.has(authenticator.id) && factor.matches(authenticator),
    );
    if (unconfirmed.length > (made[factor.name] ?? 0)) return [];
    return unconfirmed.filter((authenticator) => !kept.some((other) => goesWith(authenticator, other, factor)));
  });
}

/**
 * Can the authenticator that this enrollment made active be deleted alone? Not where Auth0 may delete with it what the user
 * had before, or got elsewhere since; siblings that came with it share its suffix and may go. Never on a reading that lacks
 * what the user had at the opening.
 */
export function isOursAlone(
  made: { readonly id: string; readonly factor: FactorName },
  authenticators: readonly Authenticator[],
  opening: readonly Authenticator[],
  /** Ids of all that this enrollment made active. */
  ours: readonly string[] = [],
): boolean {
  if (!showsOpening(authenticators, opening)) return false;
  const before = new Set(opening.map(({ id }) => id));
  if (before.has(made.id)) return false;
  return !authenticators.some((other) => {
    if (other.id === made.id) return false;
    const isSibling = suffix(other.id) === suffix(made.id);
    if (before.has(other.id)) return isSibling || factors[made.factor].deletedTogether(other);
    return other.active && !isSibling && !ours.includes(other.id) && factors[made.factor].deletedTogether(other);
  });
}

/** Does the reading show every authenticator that was active at the opening, still active? */
const showsOpening = (authenticators: readonly Authenticator[], opening: readonly Authenticator[]): boolean =>
  opening.every((had) => !had.active || authenticators.some(({ id, active }) => active && id === had.id));

/** Would deleting `authenticator` take `other` with it, as far as Auth0's documentation tells? */
const goesWith = (authenticator: Authenticator, other: Authenticator, factor: (typeof factors)[FactorName]): boolean =>
  other.id === authenticator.id || suffix(other.id) === suffix(authenticator.id) || factor.deletedTogether(other);

const suffix = (id: string): string => id.slice(id.indexOf('|') + 1);
