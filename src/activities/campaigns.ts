import { Context } from '@temporalio/activity';
import type { CampaignCaps, CampaignSettings } from '../enrollment/campaign';
import type { Reminded, Started } from '../enrollment/campaign-page';
import { hasEnded, type CampaignUser, type CampaignUserState } from '../enrollment/campaign-users';

/** Of a campaign, what the start of its users needs. */
export interface CampaignFacts {
  /** `cmp_…` */
  readonly campaignId: string;
  readonly settings: Pick<CampaignSettings, 'factors' | 'finishWithinSeconds' | 'linkSeconds'>;
  /** The name of the caller who has made it: the enrollments are theirs. */
  readonly caller: string;
  /** The name of the person who acted through the caller, where it is known. */
  readonly person?: string;
  /** Where users reach the API; without a final slash. */
  readonly publicUrl: string;
  readonly partialPolicy?: 'keep' | 'remove';
}

/** The state of an enrollment, or `lost` where Temporal does not have it any more. */
export type Followed = Exclude<CampaignUserState, 'waiting' | 'refused'>;

/** A user whose enrollment is under way. */
export interface FollowedUser {
  readonly userId: string;
  readonly enrollmentId: string;
  /** Links that were handed over. */
  readonly links: number;
}

/** Each may be called again for the same user: a user is started once in a campaign, and each link is handed over once. */
export interface CampaignDependencies {
  /** Starts the enrollment of this user, or finds the one that this campaign has started. Rejects when it is to be tried again. */
  readonly start: (
    of: CampaignFacts,
    user: CampaignUser,
  ) => Promise<
    | { readonly type: 'started'; readonly enrollmentId: string; readonly state: Followed }
    | { readonly type: 'refused'; readonly why: string }
  >;
  readonly stateOf: (enrollmentId: string) => Promise<Followed>;
  /** Has the link with this number (from 0) delivered to whoever sends it to the user. */
  readonly handOver: (of: CampaignFacts, user: Omit<FollowedUser, 'links'>, reminder: number) => Promise<void>;
  readonly caps: CampaignCaps;
}

/** Calls at once, for one page. Persons are served meanwhile. */
const atOnce = 5;

export function createCampaignActivities({ start, stateOf, handOver, caps }: CampaignDependencies) {
  return {
    /** Starts these users, and hands over the first link of each. In the order of `users`; `null`: to be tried again. */
    async startCampaignUsers(of: CampaignFacts, users: readonly CampaignUser[]): Promise<readonly (Started | null)[]> {
      return each(users, beating, async (user): Promise<Started> => {
        const result = await start(of, user);
        if (result.type === 'refused') return result;
        const { enrollmentId, state } = result;
        if (hasEnded(state)) return { ...result, link: false };
        await handOver(of, { userId: user.userId, enrollmentId }, 0);
        return { ...result, link: true };
      });
    },

    /** Hands another link over to those whose enrollment is still open. In the order of `users`; `null`: to be tried again. */
    async remindCampaignUsers(
      of: CampaignFacts,
      users: readonly FollowedUser[],
    ): Promise<readonly (Reminded | null)[]> {
      return each(users, beating, async ({ links, ...user }): Promise<Reminded> => {
        const state = await stateOf(user.enrollmentId);
        if (hasEnded(state)) return { state, link: false };
        await handOver(of, user, links);
        return { state, link: true };
      });
    },

    /** Where these enrollments are. In the order of the ids; `null`: not known now. */
    async lookAtCampaignUsers(enrollmentIds: readonly string[]): Promise<readonly (Followed | null)[]> {
      return each(enrollmentIds, quietly, stateOf);
    },

    /** What the installation allows to each campaign. */
    async campaignCaps(): Promise<CampaignCaps> {
      return caps;
    },
  };
}

export type CampaignActivities = ReturnType<typeof createCampaignActivities>;

const beating = () => Context.current().heartbeat();
/** A local activity has no heartbeats. */
const quietly = () => undefined;

/**
 * A few at once, in order. Where one rejects, `null` stands in its place, and it is left to the next attempt: one user must not hold up the
 * others. Rejects when there is nobody with whom it went well.
 */
async function each<Item, Result>(
  items: readonly Item[],
  told: () => void,
  act: (item: Item) => Promise<Result>,
): Promise<readonly (Result | null)[]> {
  const results = new Array<Result | null>(items.length).fill(null);
  const faults: unknown[] = [];
  const rest = items.entries();
  const one = async (): Promise<void> => {
    for (const [index, item] of rest) {
      try {
        results[index] = await act(item);
      } catch (error) {
        faults.push(error);
      }
      told();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  if (faults.length > 0 && faults.length === items.length) throw faults[0];
  return results;
}
