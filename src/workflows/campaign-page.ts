import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  log,
  makeContinueAsNewFunc,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
} from '@temporalio/workflow';
import type { CampaignActivities, CampaignFacts } from '../activities/campaigns';
import type { CampaignSettings } from '../enrollment/campaign';
import {
  countsOf,
  direct,
  looked,
  nextPageStep,
  openPage,
  parseDirection,
  reminded,
  reported,
  reportOf,
  started,
  type CampaignPage,
  type PageDirection,
} from '../enrollment/campaign-page';
import type { CampaignCounts, CampaignUser, CampaignUserReport } from '../enrollment/campaign-users';
import { failureTypes } from '../enrollment/failures';
import { isSealed } from '../enrollment/unsealed';
import { createAlarm } from './alarm';
import { hasGrown, waitForKeyOf } from './long-run';

export const campaignPageType = 'mfaCampaignPage';
/** Pages of a campaign are counted from 0. */
export const campaignPageId = (campaignWorkflowId: string, page: number): string =>
  `${campaignWorkflowId}-page-${page}`;

export interface CampaignPageInput {
  /** The workflow id of the campaign, and which page of it this is. */
  readonly campaign: string;
  readonly page: number;
  readonly facts: Omit<CampaignFacts, 'settings'> & { readonly settings: CampaignSettings };
  readonly users?: readonly CampaignUser[];
  /** What the run before this one has left. */
  readonly continued?: CampaignPage;
}

/** From the campaign, sealed. */
export const directPage = defineSignal<[PageDirection]>('direct');
/** To the campaign, sealed: what the page has come to. */
export const pageReport = defineSignal<[PageReport]>('pageReport');
export interface PageReport {
  readonly page: number;
  readonly counts: CampaignCounts;
}
/** What became of each user; also after the end. */
export const campaignReport = defineQuery<readonly CampaignUserReport[]>('report');

/** A worker that dies is noticed by its heartbeats. What it had begun is found again, and not done twice. */
const remote = proxyActivities<CampaignActivities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});
/** Local: what it is given, hundreds of ids each time, does not go into the history. */
const local = proxyLocalActivities<CampaignActivities>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** Up to 500 users of a campaign: starts them as far as the campaign allows, reminds them, and follows their enrollments to the end. */
export async function mfaCampaignPage(input: CampaignPageInput): Promise<void> {
  let page = pageAtStart(input);
  const { campaign, facts } = input;
  const { settings } = facts;
  let messages = 0;
  const change = (next: CampaignPage): void => {
    page = next;
  };
  setHandler(directPage, (value) => {
    messages += 1;
    const direction = isSealed(value) ? parseDirection(value) : undefined;
    if (direction === undefined) return log.warn('signal ignored: expected {upTo, mode, users, perMinute}, sealed');
    return change(direct(page, direction));
  });
  setHandler(campaignReport, () => reportOf(page));

  const of: CampaignFacts = {
    ...facts,
    settings: {
      factors: settings.factors,
      finishWithinSeconds: settings.finishWithinSeconds,
      linkSeconds: settings.linkSeconds,
    },
  };
  const usersAt = (places: readonly number[]) => places.flatMap((place) => page.users[place] ?? []);
  const followedAt = (places: readonly number[]) =>
    usersAt(places).map(({ userId, enrollmentId = '', links }) => ({ userId, enrollmentId, links }));
  const alarm = createAlarm();
  while (!hasGrown(messages)) {
    const step = nextPageStep(page, settings, Date.now());
    switch (step.type) {
      case 'report': {
        change(reported(page));
        await report(countsOf(page));
        break;
      }
      case 'start': {
        const users = usersAt(step.users).map(({ userId, phoneNumber }) => ({
          userId,
          ...(phoneNumber === undefined ? {} : { phoneNumber }),
        }));
        const results = await remote.startCampaignUsers(of, users);
        change(started(page, step.users, results, Date.now()));
        break;
      }
      case 'remind': {
        const results = await remote.remindCampaignUsers(of, followedAt(step.users));
        change(reminded(page, step.users, results, Date.now()));
        break;
      }
      case 'look': {
        const ids = followedAt(step.users).map(({ enrollmentId }) => enrollmentId);
        const states = await local.lookAtCampaignUsers(ids);
        change(looked(page, step.users, states, Date.now()));
        break;
      }
      case 'wait': {
        const before = page;
        const changed = () => page !== before || hasGrown(messages);
        if (step.until === undefined) await condition(changed);
        else await alarm.until(step.until, changed);
        break;
      }
      case 'end':
        return;
    }
  }
  await makeContinueAsNewFunc<typeof mfaCampaignPage>()({ campaign, page: input.page, facts, continued: page });

  async function report(counts: CampaignCounts): Promise<void> {
    try {
      await getExternalWorkflowHandle(campaign).signal(pageReport, { page: input.page, counts });
    } catch {
      // The campaign is over, or somebody has ended it: nobody may be started any more.
      if (page.direction.mode !== 'cancelled') change(direct(page, { ...page.direction, mode: 'cancelled' }));
    }
  }
}

function pageAtStart(input: unknown): CampaignPage {
  waitForKeyOf(input);
  if (typeof input === 'object' && input !== null && isSealed(input)) {
    const { continued, users } = input as CampaignPageInput; // sealed, so written by the campaign or by the run before
    if (continued !== undefined) return continued;
    if (users !== undefined) return openPage(users, Date.now());
  }
  throw ApplicationFailure.nonRetryable('A page of a campaign is begun by its campaign.', failureTypes.invalidInput);
}
