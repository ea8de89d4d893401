import { defined } from './defined';
import {
  countStates,
  hasEnded,
  isOpen,
  type CampaignCounts,
  type CampaignUser,
  type CampaignUserReport,
  type CampaignUserState,
} from './campaign-users';

// One page of a campaign: up to `pageLimits.users` of its users. The campaign says how far the page may go; the page says how far it has
// come. Both are absolute numbers, so that a message which comes twice, or late, changes nothing.

export const pageLimits = {
  users: 500,
  /** Users that one attempt of an activity starts or reminds. */
  chunk: 25,
} as const;

/** What a page is told by its campaign. */
export interface PageDirection {
  /** So many of its users, from the first one, may be started. Never becomes less. */
  readonly upTo: number;
  /** `paused`: nobody is started or reminded. `cancelled`: nor is anybody looked at: the page is over. */
  readonly mode: PageMode;
  /** How many users the campaign has in all: the page reminds its share of them. */
  readonly users: number;
  /** Users of the whole campaign that are reminded in a minute, at most. */
  readonly perMinute: number;
}
export type PageMode = 'running' | 'paused' | 'cancelled';

/** What a page needs to know of its campaign's settings. Seconds, where not said otherwise. */
export interface PageSettings {
  /** After the first link, ascending. Each sends another link to those whose enrollment is still open. */
  readonly remindAfterSeconds: readonly number[];
  /** How often the enrollments under way are looked at. */
  readonly checkEverySeconds: number;
}

interface PageUser extends Omit<CampaignUserReport, 'userId'> {
  readonly userId: string;
  /** Forgotten once the user was started. */
  readonly phoneNumber?: string;
  /** Epoch ms. */
  readonly firstLinkAt?: number;
}

/** Plain JSON, so that a run which continues as new takes all of it along. */
export interface CampaignPage {
  readonly users: readonly PageUser[];
  readonly direction: PageDirection;
  /** Epoch ms of the last look at the enrollments under way. */
  readonly lookedAt: number;
  /** Epoch ms from which the next reminders may go out. */
  readonly remindFrom: number;
  /** What the campaign was told last. */
  readonly reported?: CampaignCounts;
}

export const openPage = (users: readonly CampaignUser[], now: number): CampaignPage => ({
  users: users.map((user) => ({ ...user, state: 'waiting', links: 0 })),
  direction: { upTo: 0, mode: 'paused', users: users.length, perMinute: 1 },
  lookedAt: now,
  remindFrom: now,
});

export const direct = (page: CampaignPage, direction: PageDirection): CampaignPage => ({
  ...page,
  direction: {
    ...direction,
    upTo: Math.max(page.direction.upTo, direction.upTo),
    mode: page.direction.mode === 'cancelled' ? 'cancelled' : direction.mode,
  },
});

/** `users`: their places in the page. */
export type PageStep =
  | { readonly type: 'report' }
  | { readonly type: 'start'; readonly users: readonly number[] }
  | { readonly type: 'remind'; readonly users: readonly number[] }
  | { readonly type: 'look'; readonly users: readonly number[] }
  /** `until` (epoch ms): absent while only the campaign can change something. */
  | { readonly type: 'wait'; readonly until?: number }
  | { readonly type: 'end' };

/** What a page does at `now` (epoch ms). The campaign hears of each change before anything else is done. */
export function nextPageStep(page: CampaignPage, settings: PageSettings, now: number): PageStep {
  const { direction, users } = page;
  if (!isSame(page.reported, countsOf(page))) return { type: 'report' };
  if (direction.mode === 'cancelled' || users.every(({ state }) => hasEnded(state))) return { type: 'end' };
  const runs = direction.mode === 'running';
  if (runs) {
    const due = places(page, ({ state }, place) => state === 'waiting' && place < direction.upTo);
    if (due.length > 0) return { type: 'start', users: due.slice(0, pageLimits.chunk) };
    const reminders = places(page, (user) => (remindAt(user, settings) ?? Infinity) <= now);
    if (reminders.length > 0 && page.remindFrom <= now)
      return { type: 'remind', users: reminders.slice(0, chunkOf(page)) };
  }
  const open = places(page, ({ state }) => isOpen(state));
  const lookAt = page.lookedAt + settings.checkEverySeconds * 1000;
  if (open.length > 0 && lookAt <= now) return { type: 'look', users: open };
  const times = [
    ...(open.length > 0 ? [lookAt] : []),
    ...(runs ? users.flatMap((user) => remindAt(user, settings) ?? []).map((at) => Math.max(at, page.remindFrom)) : []),
  ];
  return times.length === 0 ? { type: 'wait' } : { type: 'wait', until: times.reduce((a, b) => Math.min(a, b)) };
}

/** When this user is reminded next; `undefined`: not any more. */
function remindAt({ state, links, firstLinkAt }: PageUser, { remindAfterSeconds }: PageSettings): number | undefined {
  const after = links === 0 ? undefined : remindAfterSeconds[links - 1];
  return isOpen(state) && after !== undefined && firstLinkAt !== undefined ? firstLinkAt + after * 1000 : undefined;
}

/** Reminders at once: what this page's share of the rate allows in five seconds. */
const chunkOf = (page: CampaignPage): number => Math.min(pageLimits.chunk, Math.max(1, Math.ceil(shareOf(page) / 12)));

/** Of the reminders of a minute those that are this page's: all pages together send `perMinute`. */
const shareOf = ({ users, direction }: CampaignPage): number =>
  (direction.perMinute * users.length) / Math.max(users.length, direction.users);

/** What came of a start. */
export type Started =
  | {
      readonly type: 'started';
      readonly enrollmentId: string;
      readonly state: EnrollmentState;
      /** A link was handed over. */
      readonly link: boolean;
    }
  /** `why`: the code of the problem. */
  | { readonly type: 'refused'; readonly why: string };
type EnrollmentState = Exclude<CampaignUserState, 'waiting' | 'refused'>;

/** These users were started; `results` in the same order, `null` for one that is to be tried again. */
export const started = (
  page: CampaignPage,
  at: readonly number[],
  results: readonly (Started | null)[],
  now: number,
): CampaignPage =>
  changed(page, at, results, ({ phoneNumber: _done, ...user }, result): PageUser =>
    result.type === 'refused'
      ? { ...user, state: 'refused', why: result.why }
      : {
          ...user,
          ...{ state: result.state, enrollmentId: result.enrollmentId },
          ...(result.link ? { links: 1, firstLinkAt: now } : {}),
        },
  );

/** What an enrollment is now, and whether it was handed another link. */
export interface Reminded {
  readonly state: EnrollmentState;
  readonly link: boolean;
}

/** These users were reminded, or found to be done; `results` in the same order. */
export function reminded(
  page: CampaignPage,
  at: readonly number[],
  results: readonly (Reminded | null)[],
  now: number,
): CampaignPage {
  const next = changed(page, at, results, (user, { state, link }): PageUser => ({
    ...user,
    ...{ state, links: user.links + (link ? 1 : 0) },
  }));
  const sent = results.filter((result) => result?.link === true).length;
  return { ...next, remindFrom: now + (sent / shareOf(page)) * 60_000 };
}

/** These enrollments were looked at; `states` in the same order. */
export const looked = (
  page: CampaignPage,
  at: readonly number[],
  states: readonly (EnrollmentState | null)[],
  now: number,
): CampaignPage => ({
  ...changed(page, at, states, (user, state): PageUser => ({ ...user, state })),
  lookedAt: now,
});

export const reported = (page: CampaignPage): CampaignPage => ({ ...page, reported: countsOf(page) });

export const countsOf = ({ users }: CampaignPage): CampaignCounts => countStates(users.map(({ state }) => state));

export const reportOf = ({ users }: CampaignPage): readonly CampaignUserReport[] =>
  users.map(({ userId, state, enrollmentId, links, why }) => ({
    ...{ userId, state, links },
    ...defined({ enrollmentId, why }),
  }));

const places = ({ users }: CampaignPage, which: (user: PageUser, place: number) => boolean): readonly number[] =>
  users.flatMap((user, place) => (which(user, place) ? [place] : []));

/** What is told of a user whose end is known already is passed over: an outcome stays. */
function changed<Result>(
  page: CampaignPage,
  at: readonly number[],
  results: readonly (Result | null)[],
  change: (user: PageUser, result: Result) => PageUser,
): CampaignPage {
  const byPlace = new Map(at.map((place, index) => [place, results[index]]));
  return {
    ...page,
    users: page.users.map((user, place) => {
      const result = byPlace.get(place);
      return result === undefined || result === null || hasEnded(user.state) ? user : change(user, result);
    }),
  };
}

const isSame = (one: CampaignCounts | undefined, other: CampaignCounts): boolean =>
  one !== undefined && sorted(one) === sorted(other);

const sorted = (counts: CampaignCounts): string => JSON.stringify(Object.entries(counts).sort());

/** What the campaign says, as a message brings it; `undefined` for anything else. */
export function parseDirection(value: unknown): PageDirection | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { upTo, mode, users, perMinute }: Record<string, unknown> = { ...value };
  if (typeof upTo !== 'number' || typeof users !== 'number') return undefined;
  if (typeof perMinute !== 'number' || perMinute <= 0) return undefined;
  if (mode !== 'running' && mode !== 'paused' && mode !== 'cancelled') return undefined;
  return { upTo, mode, users, perMinute };
}
