import { outcomes, type EnrollmentStatus, type Outcome } from './status';

// The users of a campaign, and what became of each. Public names: reports and counts use them.

/** Where a user of a campaign is, beside the states of their enrollment. */
export const ownUserStates = ['waiting', 'refused', 'lost'] as const;

/**
 * - `waiting`: not started yet
 * - `refused`: the enrollment could not be started; the report says why
 * - `lost`: Temporal no longer has the enrollment, or what the campaign kept of this user
 * - else the state of the user's enrollment
 */
export type CampaignUserState = (typeof ownUserStates)[number] | EnrollmentStatus['state'];

/** Somebody to enroll. */
export interface CampaignUser {
  /** Auth0's user_id. */
  readonly userId: string;
  /** E.164. */
  readonly phoneNumber?: string;
}

/** One line of a campaign's report. */
export interface CampaignUserReport {
  readonly userId: string;
  readonly state: CampaignUserState;
  readonly enrollmentId?: string;
  /** Links that were handed over. */
  readonly links: number;
  /** Of `refused`: the code of the problem. */
  readonly why?: string;
}

/** How many users are in each state; states without users are absent. */
export type CampaignCounts = Readonly<Partial<Record<CampaignUserState, number>>>;

const isOutcome = (state: CampaignUserState): state is Outcome => outcomes.some((outcome) => outcome === state);

/** Nothing more will happen to this user in the campaign. */
export const hasEnded = (state: CampaignUserState): boolean =>
  state === 'refused' || state === 'lost' || isOutcome(state);

/** The user's enrollment is under way. */
export const isOpen = (state: CampaignUserState): boolean => state !== 'waiting' && !hasEnded(state);

export function countStates(states: readonly CampaignUserState[]): CampaignCounts {
  const counts: Partial<Record<CampaignUserState, number>> = {};
  for (const state of states) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** All of these together. */
export function sumCounts(all: readonly CampaignCounts[]): CampaignCounts {
  const sum: Partial<Record<CampaignUserState, number>> = {};
  for (const counts of all) for (const state of statesIn(counts)) sum[state] = (sum[state] ?? 0) + (counts[state] ?? 0);
  return sum;
}

/** How many of them are in a state that `which` takes. */
export const countWhere = (counts: CampaignCounts, which: (state: CampaignUserState) => boolean): number =>
  statesIn(counts).reduce((sum, state) => sum + (which(state) ? (counts[state] ?? 0) : 0), 0);

const statesIn = (counts: CampaignCounts) => Object.keys(counts) as CampaignUserState[]; // Object.keys forgets the key type
