import type { FactorName } from '../factors';
import type { PageDirection, PageMode, PageSettings } from './campaign-page';
import { countWhere, hasEnded, isOpen, sumCounts, type CampaignCounts } from './campaign-users';
import { defined } from './defined';

// A campaign: many users who are to enroll, started at a rate and reminded. Its users are kept in pages (campaign-page.ts); here is how
// far each page may go, and what all of them have come to. Pure; performed by src/workflows/campaign.ts.

export const campaignLimits = {
  users: 100_000,
  pages: 400,
  perMinute: 6_000,
  /** Milliseconds after which a campaign that was not begun is over. */
  collectMs: 24 * 3_600_000,
  /** Users that are let on at once. */
  batch: 50,
  /** Milliseconds after which the worker is asked again what it allows. */
  capsMs: 3_600_000,
} as const;

const dayMs = 24 * 3_600_000;

/** How a campaign goes about it. Seconds, where not said otherwise. */
export interface CampaignSettings extends PageSettings {
  readonly factors: readonly FactorName[];
  /** Users that are started in a minute, and as many that are reminded, at most. */
  readonly perMinute: number;
  /** Enrollments under way at once. */
  readonly maxOpen: number;
  /** The life of each enrollment. */
  readonly finishWithinSeconds: number;
  /** The life of each link, from when it is handed over. */
  readonly linkSeconds: number;
}

/** What the installation allows, whatever the campaign asks for. */
export interface CampaignCaps {
  readonly perMinute?: number;
  /** Users that are started within a day. */
  readonly perDay?: number;
}

/** Calls to Auth0 that an enrollment of two factors makes, with some to spare. */
const callsPerUser = 10;

/**
 * Half of what the installation has, so that others find room beside campaigns: of the tenant's calls (`callsPerSecond`), and of the
 * texts that one caller may cause within 24 hours. Half of them in each day of the campaign is less than all in any 24 hours.
 */
export const capsOf = ({
  callsPerSecond,
  textsPerCaller,
}: {
  readonly callsPerSecond?: number;
  readonly textsPerCaller?: number;
}): CampaignCaps =>
  defined({
    perMinute:
      callsPerSecond === undefined ? undefined : Math.max(1, Math.floor((callsPerSecond * 60) / 2 / callsPerUser)),
    perDay: textsPerCaller === undefined ? undefined : Math.max(1, Math.floor(textsPerCaller / 2)),
  });

/**
 * - `collecting`: takes users; nobody is started
 * - `running`, `paused`
 * - `cancelled`: nobody is started or reminded any more; enrollments under way go on
 * - `finished`: each user has come to an end
 */
export const campaignStates = ['collecting', 'running', 'paused', 'cancelled', 'finished'] as const;
export type CampaignState = (typeof campaignStates)[number];

interface Page {
  /** Names the call that has brought it: the same call brings it once. */
  readonly key: string;
  readonly users: number;
  /** So many of them may be started. */
  readonly upTo: number;
  /** What it has come to; absent before it has said so. */
  readonly counts?: CampaignCounts;
  /** What it was told last. */
  readonly told?: Pick<PageDirection, 'upTo' | 'mode'>;
  /** Its run is not there any more. */
  readonly gone?: true;
}

/** Plain JSON, so that a run which continues as new takes all of it along. Epoch ms. */
export interface Campaign {
  readonly state: CampaignState;
  readonly settings: CampaignSettings;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly pages: readonly Page[];
  /** Users that may be let on now: the rate fills it, up to one batch. */
  readonly allowance: { readonly level: number; readonly at: number };
  /** Users that were let on in the day that began then. */
  readonly day: { readonly from: number; readonly users: number };
  readonly caps?: CampaignCaps & { readonly at: number };
}

export const openCampaign = (settings: CampaignSettings, now: number): Campaign => ({
  ...{ state: 'collecting', settings, createdAt: now, pages: [] },
  allowance: { level: 0, at: now },
  day: { from: now, users: 0 },
});

/** Why a campaign does not do what it is asked for. */
export const campaignRefusals = ['campaign_state', 'too_many_users', 'user_count'] as const;
export type CampaignRefusal = (typeof campaignRefusals)[number];

/** The campaign with one more page, and the page's place. A page that is there already, by its key, changes nothing. */
export function addPage(
  of: Campaign,
  { key, users }: { readonly key: string; readonly users: number },
): { readonly campaign: Campaign; readonly page: number; readonly added: boolean } | CampaignRefusal {
  const known = of.pages.findIndex((page) => page.key === key);
  if (known >= 0) return { campaign: of, page: known, added: false };
  if (of.state !== 'collecting') return 'campaign_state';
  if (usersOf(of) + users > campaignLimits.users || of.pages.length >= campaignLimits.pages) return 'too_many_users';
  return { campaign: { ...of, pages: [...of.pages, { key, users, upTo: 0 }] }, page: of.pages.length, added: true };
}

export const campaignActions = ['start', 'pause', 'resume', 'cancel'] as const;
export type CampaignAction = (typeof campaignActions)[number];

/**
 * `users`, with `start`: how many there have to be. What has the wanted effect already changes nothing, so that a call which is made
 * twice is answered twice.
 */
export function act(of: Campaign, action: CampaignAction, now: number, users?: number): Campaign | CampaignRefusal {
  switch (action) {
    case 'start': {
      if (of.state === 'running') return of;
      if (of.state !== 'collecting') return 'campaign_state';
      const there = usersOf(of);
      if (there === 0 || (users !== undefined && users !== there)) return 'user_count';
      return {
        ...of,
        state: 'running',
        startedAt: now,
        allowance: { level: 0, at: now },
        day: { from: now, users: 0 },
      };
    }
    case 'pause':
      if (of.state === 'paused') return of;
      return of.state === 'running' ? { ...of, state: 'paused' } : 'campaign_state';
    case 'resume':
      if (of.state === 'running') return of;
      return of.state === 'paused' ? { ...of, state: 'running', allowance: { level: 0, at: now } } : 'campaign_state';
    case 'cancel':
      if (of.state === 'cancelled') return of;
      return of.state === 'finished' ? 'campaign_state' : { ...of, state: 'cancelled', endedAt: now };
  }
}

/** What a page says of itself; a place where there is none changes nothing. */
export const pageReported = (of: Campaign, place: number, counts: CampaignCounts): Campaign =>
  withPage(of, place, (page) => ({ ...page, counts }));

/** Its run is not there any more: what it had not finished is lost. */
export const pageGone = (of: Campaign, place: number): Campaign =>
  withPage(of, place, (page) => ({ ...page, gone: true }));

export const pageTold = (of: Campaign, place: number, { upTo, mode }: PageDirection): Campaign =>
  withPage(of, place, (page) => ({ ...page, told: { upTo, mode } }));

export const capsTold = (of: Campaign, caps: CampaignCaps, now: number): Campaign => ({
  ...of,
  caps: { ...caps, at: now },
});

export type CampaignStep =
  /** Ask the worker what the installation allows. */
  | { readonly type: 'askCaps' }
  | { readonly type: 'direct'; readonly page: number; readonly direction: PageDirection }
  /** `until` (epoch ms): absent while only a message can change something. */
  | { readonly type: 'wait'; readonly until?: number }
  | { readonly type: 'end' };

/** What a campaign does at `now` (epoch ms), and what it is after that was decided. */
export function nextCampaignStep(
  of: Campaign,
  now: number,
): { readonly campaign: Campaign; readonly step: CampaignStep } {
  if (of.state === 'collecting') {
    const until = of.createdAt + campaignLimits.collectMs;
    if (now < until) return { campaign: of, step: { type: 'wait', until } };
    return nextCampaignStep({ ...of, state: 'cancelled', endedAt: now }, now);
  }
  const behind = of.pages.findIndex((page) => needsWord(page, of.state));
  if (behind >= 0) return { campaign: of, step: directionTo(of, behind) };
  if (of.state === 'cancelled' || of.state === 'finished') return { campaign: of, step: { type: 'end' } };
  if (of.pages.every(isDone)) return { campaign: { ...of, state: 'finished', endedAt: now }, step: { type: 'end' } };
  if (of.state === 'paused') return { campaign: of, step: { type: 'wait' } };
  if (of.caps === undefined || now - of.caps.at >= campaignLimits.capsMs)
    return { campaign: of, step: { type: 'askCaps' } };
  return letOn(of, now);
}

/** The next users may be started, or the campaign waits until they may. */
function letOn(of: Campaign, now: number): { readonly campaign: Campaign; readonly step: CampaignStep } {
  const place = of.pages.findIndex((page) => page.gone === undefined && page.upTo < page.users);
  const page = of.pages[place];
  if (page === undefined) return { campaign: of, step: { type: 'wait' } };
  const { perDay = Infinity } = of.caps ?? {};
  const day =
    now - of.day.from < dayMs
      ? of.day
      : { from: of.day.from + Math.floor((now - of.day.from) / dayMs) * dayMs, users: 0 };
  if (day.users >= perDay) return { campaign: of, step: { type: 'wait', until: day.from + dayMs } };
  const rate = rateOf(of);
  const batch = batchOf(rate);
  // Not more than two batches on their way: pages that do not get on are not given more, or they would do it all at once later.
  const room = Math.min(of.settings.maxOpen - underWay(of), 2 * batch - onTheirWay(of));
  if (room < 1) return { campaign: of, step: { type: 'wait' } }; // until a page says that somebody has come to an end
  const most = Math.min(batch, page.users - page.upTo, room, perDay - day.users);
  const level = Math.min(batch, of.allowance.level + ((now - of.allowance.at) * rate) / 60_000);
  if (level + roundingError < most) {
    return { campaign: of, step: { type: 'wait', until: now + Math.ceil(((most - level) * 60_000) / rate) } };
  }
  const campaign: Campaign = {
    ...withPage(of, place, (each) => ({ ...each, upTo: each.upTo + most })),
    allowance: { level: Math.max(0, level - most), at: now },
    day: { ...day, users: day.users + most },
  };
  return { campaign, step: directionTo(campaign, place) };
}

const roundingError = 1e-6;

/** Users that may be started in a minute: what was asked for, within what the installation allows. */
export const rateOf = ({ settings, caps }: Campaign): number =>
  Math.min(settings.perMinute, caps?.perMinute ?? Infinity);

/** What five seconds of the rate allow. */
const batchOf = (perMinute: number): number => Math.min(campaignLimits.batch, Math.max(1, Math.ceil(perMinute / 12)));

/** Was this page told less, or something else, than what holds now? */
function needsWord(page: Page, state: CampaignState): boolean {
  if (page.gone || (isDone(page) && page.told !== undefined)) return false;
  if (state === 'cancelled') return page.told?.mode !== 'cancelled';
  return page.upTo > 0 && (page.told?.mode !== modeOf(state) || page.told.upTo < page.upTo);
}

const modeOf = (state: CampaignState): PageMode =>
  state === 'cancelled' ? 'cancelled' : state === 'running' ? 'running' : 'paused';

const directionTo = (of: Campaign, page: number): CampaignStep => ({
  ...{ type: 'direct', page },
  direction: { upTo: of.pages[page]?.upTo ?? 0, mode: modeOf(of.state), users: usersOf(of), perMinute: rateOf(of) },
});

const isDone = ({ gone, counts, users }: Page): boolean =>
  gone === true || (counts !== undefined && countWhere(counts, hasEnded) === users);

/** Let on, and not started yet as far as it is known. */
const onTheirWay = ({ pages }: Campaign): number =>
  pages.reduce((sum, page) => sum + (page.gone ? 0 : page.upTo - startedIn(page)), 0);

const startedIn = ({ counts }: Page): number =>
  counts === undefined ? 0 : countWhere(counts, (state) => state !== 'waiting');

/** Enrollments under way, and those that are about to be. */
const underWay = (of: Campaign): number =>
  onTheirWay(of) + of.pages.reduce((sum, { gone, counts = {} }) => sum + (gone ? 0 : countWhere(counts, isOpen)), 0);

export const usersOf = ({ pages }: Campaign): number => pages.reduce((sum, { users }) => sum + users, 0);

/** How many users are in each state. */
export const countsOfCampaign = ({ pages }: Campaign): CampaignCounts => sumCounts(pages.map(countsOfPage));

function countsOfPage({ users, counts = { waiting: users }, gone }: Page): CampaignCounts {
  if (!gone) return counts;
  const ended = countWhere(counts, hasEnded);
  const kept = Object.fromEntries(Object.entries(counts).filter(([state]) => hasEnded(state as keyof CampaignCounts))); // Object.entries forgets the key type
  return ended === users ? kept : sumCounts([kept, { lost: users - ended }]);
}

/** What is shown of a campaign. Epoch ms. */
export interface CampaignSummary {
  readonly state: CampaignState;
  readonly settings: CampaignSettings;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly users: number;
  readonly pages: number;
  readonly counts: CampaignCounts;
  /** Users that may be started in a minute, as things are. */
  readonly rate: number;
}

export const summaryOf = (of: Campaign): CampaignSummary => ({
  ...{ state: of.state, settings: of.settings, createdAt: of.createdAt },
  ...defined({ startedAt: of.startedAt, endedAt: of.endedAt }),
  ...{ users: usersOf(of), pages: of.pages.length, counts: countsOfCampaign(of), rate: rateOf(of) },
});

const withPage = (of: Campaign, place: number, change: (page: Page) => Page): Campaign => ({
  ...of,
  pages: of.pages.map((page, index) => (index === place ? change(page) : page)),
});
