import { cancels, type JourneyName } from './journeys';
import type { View } from './view';
import type { TenantRequest, TrueAuthenticator } from '../stack/tenant';

/** What can be wrong with a case once everything is quiet. Each must be 0. */
export const faults = {
  lost: 'was asked for and cannot be found',
  stuck: 'has not ended',
  falselyConfirmed: 'says that a factor is active where the tenant says that it is not, or the reverse',
  wrongOutcome: 'ended in another way than what people did allows',
  wrongClosing: 'its run closed in another way than its outcome asks for',
  wrongAccount: 'changed the account of another user, or accepted a token of one',
  leftovers: 'left an unconfirmed authenticator of its own that the tenant would have deleted',
  tookAway: 'deleted an authenticator that was there before it',
  tooManyTexts: 'sent more texts than it counted, or than the bound',
} as const;
export type Fault = keyof typeof faults;

/** What the tenant knows of one user. */
export interface Account {
  readonly authenticators: readonly TrueAuthenticator[];
  /** Texts that reached the user's phone. */
  readonly texts: number;
}

/** What the tenant, or something before it, refused at the end of a case: nobody could have done better. */
export interface Hindrance {
  /** The last list of authenticators that the case asked for. */
  readonly reading: boolean;
  /** The last authenticator that the case wanted to delete. */
  readonly deletion: boolean;
}

export interface Ended {
  readonly journey: JourneyName;
  /** The last view of the case that the API gave; undefined when it never gave one. */
  readonly view: Pick<View, 'state' | 'factors' | 'textsLeft' | 'endedAt'> | undefined;
  /** How Temporal says the run closed. */
  readonly closed: string | undefined;
  readonly before: Account;
  readonly after: Account;
  /** The user whose tokens were brought for this case, where there was one. */
  readonly otherUser?: {
    readonly before: Account;
    readonly after: Account;
    /** The API said yes to such a token. */
    readonly tokenTaken: boolean;
  };
  readonly hindrance: Hindrance;
}

/** Auth0's bucket per user: what one case can send within the hour. */
export const textBound = 10;

/** Compares what a case says with what the tenant knows. */
export function judge(ended: Ended): readonly Fault[] {
  const { journey, view, closed, before, after, hindrance } = ended;
  // What became of another user's account is wrong wherever the case is.
  const foreign: readonly Fault[] = touchesOtherUser(ended) ? ['wrongAccount'] : [];
  if (view === undefined) return ['lost', ...foreign];
  if (view.endedAt === undefined) return ['stuck', ...foreign];
  const texts = after.texts - before.texts;
  const checks: Readonly<Record<Exclude<Fault, 'lost' | 'stuck' | 'wrongAccount'>, boolean>> = {
    falselyConfirmed: view.factors.some(
      ({ factor, active }) =>
        active !== isActive(after, factor) &&
        // A case that is cancelled does not wait until the tenant can be read again, and tells what it read before.
        !(view.state === 'cancelled' && !active && hindrance.reading),
    ),
    wrongOutcome: !allowed(journey).includes(view.state),
    wrongClosing: closed !== (view.state === 'cancelled' ? 'CANCELED' : 'COMPLETED'),
    leftovers: leftoversOf(ended).length > 0 && !hindrance.deletion && !hindrance.reading,
    tookAway: before.authenticators.some(({ id }) => !after.authenticators.some((other) => other.id === id)),
    tooManyTexts: texts > textBound || texts > textBound - view.textsLeft,
  };
  const found = (Object.keys(checks) as (keyof typeof checks)[]).filter((fault) => checks[fault]); // keys of the object above
  return [...found, ...foreign];
}

const touchesOtherUser = ({ otherUser }: Ended): boolean =>
  otherUser !== undefined && (otherUser.tokenTaken || !isSame(otherUser.before, otherUser.after));

/** Unconfirmed authenticators that the user did not have before. */
export function leftoversOf({ before, after }: Pick<Ended, 'before' | 'after'>): readonly TrueAuthenticator[] {
  const known = new Set(before.authenticators.map(({ id }) => id));
  return after.authenticators.filter(({ id, active, kind }) => !active && kind !== 'recovery-code' && !known.has(id));
}

/** Answers after which a case rightly gives up: a refusal, a page that is not the tenant's, and "not before a minute has passed". */
const final: readonly string[] = ['refused', 'proxyPage', 'rateLimited'];

/** Reads out of the requests of one case, oldest first, what it was refused at the end. */
export function hindranceOf(requests: readonly TenantRequest[]): Hindrance {
  const lastWasRefused = (method: string) =>
    requests
      .findLast((request) => request.method === method && request.path.startsWith('/mfa/authenticators'))
      ?.faults.some((type) => final.includes(type)) ?? false;
  return { reading: lastWasRefused('GET'), deletion: lastWasRefused('DELETE') };
}

const isActive = ({ authenticators }: Account, factor: string): boolean =>
  authenticators.some(({ active, channel, kind }) => active && (channel ?? kind) === factor);

const isSame = (before: Account, after: Account): boolean =>
  before.texts === after.texts && summary(before) === summary(after);

const summary = ({ authenticators }: Account): string =>
  authenticators
    .map(({ id, active }) => `${id} ${active}`)
    .sort()
    .join();

/** Who cancels may be too late: every code was accepted before. */
const allowed = (journey: JourneyName): readonly string[] =>
  cancels(journey) ? ['cancelled', 'completed'] : ['completed'];
