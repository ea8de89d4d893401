import { defined } from './defined';

/**
 * Whose hand did something, as keyed hashes that the API makes: nobody's name gets into an enrollment. Whoever writes to Temporal
 * directly has no hand that could be told.
 */
export interface Actor {
  /** Of the name of the API key or of the JWT's client. */
  readonly caller: string;
  /** Of the person at the caller's keyboard, where the caller names its people. */
  readonly person?: string;
  /** The user of the account, who has signed in at Auth0 for this enrollment and acts on its page (docs/decisions/0021-account-holder.md). */
  readonly accountHolder?: true;
}

/** A keyed hash as the API makes them: 128 bits in base64url; more is allowed, so that another hash may follow. */
export const isHash = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value);

/** An actor as it comes with a message; `undefined` when it is none. Never throws. */
export function parseActor(value: unknown): Actor | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { caller, person, accountHolder }: { readonly [name in keyof Actor]?: unknown } = value;
  if (!isHash(caller) || (person !== undefined && !isHash(person))) return undefined;
  if (accountHolder !== undefined && accountHolder !== true) return undefined;
  return { caller, ...defined({ person }), ...(accountHolder === true ? { accountHolder } : {}) };
}

/**
 * Could these be the same hand? Two people of one caller count as one: a caller that was taken over could name anybody. The
 * account holder is nobody's hand but their own.
 */
export const isSameHand = (one: Actor, other: Actor): boolean =>
  one.accountHolder === true || other.accountHolder === true
    ? one.accountHolder === other.accountHolder
    : one.caller === other.caller || (one.person !== undefined && one.person === other.person);
