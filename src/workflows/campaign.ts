import {
  allHandlersFinished,
  ApplicationFailure,
  ChildWorkflowCancellationType,
  condition,
  defineUpdate,
  getExternalWorkflowHandle,
  log,
  makeContinueAsNewFunc,
  ParentClosePolicy,
  proxyLocalActivities,
  setHandler,
  startChild,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { CampaignActivities, CampaignFacts } from '../activities/campaigns';
import {
  act,
  addPage,
  campaignActions,
  capsTold,
  nextCampaignStep,
  openCampaign,
  pageGone,
  pageReported,
  pageTold,
  summaryOf,
  type Campaign,
  type CampaignAction,
  type CampaignRefusal,
  type CampaignSettings,
  type CampaignSummary,
} from '../enrollment/campaign';
import { pageLimits, type PageDirection } from '../enrollment/campaign-page';
import type { CampaignUser } from '../enrollment/campaign-users';
import { failureTypes } from '../enrollment/failures';
import { isSealed } from '../enrollment/unsealed';
import { createAlarm } from './alarm';
import {
  campaignPageId,
  campaignPageType,
  directPage,
  pageReport,
  type CampaignPageInput,
  type PageReport,
} from './campaign-page';
import { hasGrown, waitForKeyOf } from './long-run';

export const campaignType = 'mfaCampaign';
/** The member of the memo that shows the campaign: the API reads it there, which needs no worker. */
export const campaignMemo = 'campaign';

export interface CampaignInput {
  readonly facts: Omit<CampaignFacts, 'settings'>;
  readonly settings: CampaignSettings;
  /** What the run before this one has left. */
  readonly continued?: Campaign;
  /** Messages after which the run continues as new; for tests of that. */
  readonly messagesPerRun?: number;
}

/** The last of Temporal's five: tasks of persons, which have the third, go first. Pages and their activities have it too. */
export const campaignPriority = { priorityKey: 5 } as const;

/** More users. Refused as `campaign_state` or `too_many_users`, or as `malformed` when it was not sealed. */
export const addCampaignUsers = defineUpdate<CampaignSummary, [PageOfUsers]>('addUsers');
export interface PageOfUsers {
  /** The same call has the same key, and adds its users once. */
  readonly key: string;
  readonly users: readonly CampaignUser[];
}
/** Refused as `campaign_state` or `user_count`. */
export const actOnCampaign = defineUpdate<CampaignSummary, [CampaignOrder]>('act');
export interface CampaignOrder {
  readonly action: CampaignAction;
  /** With `start`: how many users there have to be. */
  readonly users?: number;
}

const local = proxyLocalActivities<CampaignActivities>({ startToCloseTimeout: '5s' });

/**
 * A campaign: lets its pages start their users, at a rate and so many at once, and counts what becomes of them. The users themselves are
 * in the pages, each a child run of up to 500. Ends when every user has come to an end.
 */
export async function mfaCampaign(input: CampaignInput): Promise<CampaignSummary> {
  let campaign = campaignAtStart(input);
  const { facts, settings } = input;
  const { workflowId } = workflowInfo();
  let messages = 0;
  let shown = '';
  /** Pages that are being started: they are told nothing before they are there. */
  const starting = new Set<number>();
  const change = (next: Campaign): void => {
    campaign = next;
  };

  setHandler(
    addCampaignUsers,
    async ({ key, users }) => {
      messages += 1;
      const next = addPage(campaign, { key, users: users.length });
      if (typeof next === 'string') throw refusal(next);
      if (next.added) {
        change(next.campaign);
        starting.add(next.page);
        await startPage(next.page, users);
        starting.delete(next.page);
      }
      return summaryOf(campaign);
    },
    { description: 'Adds users, before the campaign is started: {key, users}', validator: checkUsers },
  );
  setHandler(
    actOnCampaign,
    ({ action, users }) => {
      messages += 1;
      const next = act(campaign, action, Date.now(), users);
      if (typeof next === 'string') throw refusal(next);
      change(next);
      show();
      return summaryOf(campaign);
    },
    { description: 'start, pause, resume or cancel: {action, users?}', validator: checkOrder },
  );
  setHandler(pageReport, (value) => {
    messages += 1;
    if (!isSealed(value) || !isReport(value)) return log.warn('signal ignored: expected {page, counts}, sealed');
    return change(pageReported(campaign, value.page, value.counts));
  });

  async function startPage(page: number, users: readonly CampaignUser[]): Promise<void> {
    const args: [CampaignPageInput] = [{ campaign: workflowId, page, facts: { ...facts, settings }, users }];
    await startChild<(input: CampaignPageInput) => Promise<void>>(campaignPageType, {
      workflowId: campaignPageId(workflowId, page),
      args,
      // A page outlives the runs of its campaign, which continues as new; it is told when the campaign is over.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      priority: campaignPriority,
      staticSummary: 'Some of the users of a campaign',
    });
  }

  async function tell(page: number, direction: PageDirection): Promise<void> {
    try {
      await getExternalWorkflowHandle(campaignPageId(workflowId, page)).signal(directPage, direction);
      change(pageTold(campaign, page, direction));
    } catch {
      log.warn('a page of this campaign is gone', { page });
      change(pageGone(campaign, page));
    }
  }

  /** Only what has changed is written. */
  function show(): void {
    const summary = summaryOf(campaign);
    const now = JSON.stringify(summary);
    if (now !== shown) upsertMemo({ [campaignMemo]: summary });
    shown = now;
  }

  const alarm = createAlarm();
  const grown = () => hasGrown(messages, input.messagesPerRun);
  for (;;) {
    if (grown()) {
      await condition(allHandlersFinished);
      show();
      await makeContinueAsNewFunc<typeof mfaCampaign>({
        // What somebody put into the memo in clear would come out of here sealed.
        memo: { ...sealedIn(workflowInfo().memo), [campaignMemo]: summaryOf(campaign) },
      })({ ...input, continued: campaign });
    }
    await condition(() => starting.size === 0);
    const { campaign: next, step } = nextCampaignStep(campaign, Date.now());
    change(next);
    switch (step.type) {
      case 'askCaps': {
        const caps = await local.campaignCaps();
        change(capsTold(campaign, caps, Date.now()));
        break;
      }
      case 'direct':
        await tell(step.page, step.direction);
        break;
      case 'wait': {
        show();
        const before = campaign;
        const changed = () => campaign !== before || grown();
        if (step.until === undefined) await condition(changed);
        else await alarm.until(step.until, changed);
        break;
      }
      case 'end':
        show();
        await condition(allHandlersFinished);
        return summaryOf(campaign);
    }
  }
}

const sealedIn = (memo: Record<string, unknown> = {}): Record<string, unknown> =>
  Object.fromEntries(Object.entries(memo).filter(([, value]) => isSealed(value)));

const refusal = (type: CampaignRefusal): ApplicationFailure =>
  ApplicationFailure.nonRetryable('The campaign does not take that now.', type);

const malformed = (): ApplicationFailure =>
  ApplicationFailure.nonRetryable('Expected what the API sends, sealed.', 'malformed');

function checkUsers(value: unknown): void {
  if (!isSealed(value) || typeof value !== 'object' || value === null) throw malformed();
  const { key, users }: Record<string, unknown> = { ...value };
  if (typeof key !== 'string' || !Array.isArray(users) || users.length < 1 || users.length > pageLimits.users) {
    throw malformed();
  }
}

function checkOrder(value: unknown): void {
  if (!isSealed(value) || typeof value !== 'object' || value === null || !('action' in value)) throw malformed();
  if (!campaignActions.some((action) => action === value.action)) throw malformed();
}

const isReport = (value: unknown): value is PageReport =>
  typeof value === 'object' &&
  value !== null &&
  'page' in value &&
  Number.isSafeInteger(value.page) &&
  'counts' in value &&
  typeof value.counts === 'object' &&
  value.counts !== null;

function campaignAtStart(input: unknown): Campaign {
  waitForKeyOf(input);
  if (typeof input === 'object' && input !== null && isSealed(input) && 'settings' in input) {
    const { continued, settings } = input as CampaignInput; // sealed, so written by the API or by the run before
    return continued ?? openCampaign(settings, Date.now());
  }
  throw ApplicationFailure.nonRetryable('A campaign begins with {facts, settings}, sealed.', failureTypes.invalidInput);
}
