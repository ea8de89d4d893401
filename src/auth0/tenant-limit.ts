/** What counts is what ended within this time: milliseconds. */
const windowMs = 5_000;
/** Users whose calls were refused, and the share of all calls that was. */
const leastUsers = 3;
const leastShare = 0.5;

/**
 * Does a 429 come from the tenant's own limit, which all calls share? Auth0's answer does not say: users and addresses have limits of
 * their own, and a user can reach theirs at will. So one refused call makes nobody else wait; it counts as the tenant's when at least half of the
 * calls of the last 5 seconds were refused, of at least three users.
 */
export function createTenantLimitDetector(now: () => number = () => performance.now()) {
  let ended: { readonly at: number; readonly refused?: string }[] = [];

  function note(refused?: string): void {
    const at = now();
    ended = [...ended.filter((call) => call.at > at - windowMs), { at, ...(refused === undefined ? {} : { refused }) }];
  }

  return {
    /** A call has ended without a 429. */
    ended: (): void => note(),
    /** A call for this user has ended with one: is it the tenant's limit? */
    throttled(user: string): boolean {
      note(user);
      const refused = ended.flatMap((call) => call.refused ?? []);
      return new Set(refused).size >= leastUsers && refused.length >= leastShare * ended.length;
    },
  };
}
