import { randomBytes } from 'node:crypto';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
  type UpdateDefinition,
} from '@temporalio/client';
import { ApplicationFailure, WorkflowIdReusePolicy } from '@temporalio/common';
import type { CampaignFacts } from '../activities/campaigns';
import {
  campaignRefusals,
  openCampaign,
  summaryOf,
  type CampaignRefusal,
  type CampaignSettings,
  type CampaignSummary,
} from '../enrollment/campaign';
import type { CampaignUserReport } from '../enrollment/campaign-users';
import { defined } from '../enrollment/defined';
import { linkCreated, type LinkCreated } from '../enrollment/events';
import {
  actOnCampaign,
  addCampaignUsers,
  campaignMemo,
  campaignPriority,
  campaignType,
  type CampaignInput,
  type CampaignOrder,
  type PageOfUsers,
} from '../workflows/campaign';
import { campaignPageId, campaignReport } from '../workflows/campaign-page';
import { webhookDeliveryType, type EnrollmentChain, type WebhookDeliveryInput } from '../workflows/webhook-delivery';
import type { EnrollmentIds } from './ids';
import { memoIfReadable } from './sealed-memos';
import { runsOf, visibilityPage, type ListedRun } from './visibility-page';

/** A campaign as its callers see it. */
export interface CampaignView extends CampaignSummary {
  /** `cmp_` and 22 characters of base64url. */
  readonly id: string;
}

export interface CampaignPage {
  readonly campaigns: readonly CampaignView[];
  readonly nextCursor?: string;
}

export interface NewCampaign {
  readonly settings: CampaignSettings;
  readonly caller: string;
  readonly person?: string;
  /** The same call has the same key, and makes one campaign. */
  readonly key?: string;
}

/** Campaigns, over Temporal. Every function rejects with the Temporal client's errors; `undefined`: there is no such campaign. */
export interface Campaigns {
  /** `reused`: this key has made a campaign with other settings. */
  create(campaign: NewCampaign): Promise<CampaignView | 'reused'>;
  addUsers(id: string, page: PageOfUsers): Promise<CampaignView | CampaignRefusal | undefined>;
  act(id: string, order: CampaignOrder, updateId?: string): Promise<CampaignView | CampaignRefusal | undefined>;
  /** Needs no worker. */
  get(id: string): Promise<CampaignView | undefined>;
  /**
   * All that Temporal keeps: open ones first, then the newest. Needs no worker, and lags a moment behind. One that cannot be read is left out. Rejects with
   * ApiProblem `invalid_request` for a cursor of another list.
   */
  list(page: { readonly cursor?: string; readonly limit: number }): Promise<CampaignPage>;
  /** What became of the users of one page; `undefined` for a page that the campaign does not have. */
  report(id: string, page: number): Promise<readonly CampaignUserReport[] | undefined>;
}

export interface CampaignsParts {
  readonly client: Client;
  readonly ids: Pick<EnrollmentIds, 'startKey' | 'fingerprint' | 'isFingerprint'>;
  readonly taskQueue: string;
  /** Where users reach the API; without a final slash. */
  readonly publicUrl: string;
  readonly partialPolicy?: 'keep' | 'remove';
  /** Milliseconds for each call. */
  readonly deadlineMs?: number;
}

const workflowPrefix = 'mfa-campaign-';
const workflowIdOf = (id: string): string => `${workflowPrefix}${id.slice('cmp_'.length)}`;

/** The member of the memo that says what the campaign was made with. */
const madeMemo = 'made';

export function createCampaigns(parts: CampaignsParts): Campaigns {
  const { client, ids, taskQueue, publicUrl, partialPolicy, deadlineMs = 15_000 } = parts;
  const within = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + deadlineMs, call);

  async function get(id: string): Promise<CampaignView | undefined> {
    const memo = await memoOf(id);
    const summary = memo?.[campaignMemo] as CampaignSummary | undefined; // sealed, so written by the start or the campaign alone
    return summary && { id, ...summary };
  }

  async function memoOf(id: string): Promise<Record<string, unknown> | undefined> {
    return orNone(async () => (await within(() => client.workflow.getHandle(workflowIdOf(id)).describe())).memo ?? {});
  }

  async function list(page: { readonly cursor?: string; readonly limit: number }): Promise<CampaignPage> {
    const request = { ...page, query: runsOf(campaignType, taskQueue), filters: { list: 'campaigns' } };
    const { executions, nextCursor } = await visibilityPage({ client, ids, taskQueue, deadlineMs }, request);
    const campaigns = await Promise.all(executions.map(viewOf));
    return { campaigns: campaigns.flat(), ...defined({ nextCursor }) };
  }

  async function viewOf({ execution, memo }: ListedRun): Promise<CampaignView[]> {
    const workflowId = execution?.workflowId ?? '';
    if (!workflowId.startsWith(workflowPrefix)) return [];
    const { [campaignMemo]: shown } = await memoIfReadable(client, memo, workflowId);
    const summary = shown as CampaignSummary | undefined; // sealed, as above
    return summary ? [{ id: `cmp_${workflowId.slice(workflowPrefix.length)}`, ...summary }] : [];
  }

  async function update<Argument>(
    id: string,
    definition: UpdateDefinition<CampaignSummary, [Argument]>,
    argument: Argument,
    updateId: string | undefined,
  ): Promise<CampaignView | CampaignRefusal | undefined> {
    try {
      return await orNone(async () => {
        const summary = await within(() =>
          client.workflow
            .getHandle(workflowIdOf(id))
            .executeUpdate(definition, { args: [argument], ...(updateId === undefined ? {} : { updateId }) }),
        );
        return { id, ...summary };
      });
    } catch (error) {
      const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
      const type = cause instanceof ApplicationFailure ? cause.type : undefined;
      const refused = campaignRefusals.find((each) => each === type);
      if (refused !== undefined) return refused;
      throw error;
    }
  }

  return {
    get,
    list,
    async create({ settings, caller, person, key }) {
      const opaque =
        key === undefined ? randomBytes(16).toString('base64url') : ids.startKey(caller, `campaign ${key}`);
      const id = `cmp_${opaque}`;
      const summary = summaryOf(openCampaign(settings, Date.now()));
      const input: CampaignInput = {
        settings,
        facts: {
          ...{ campaignId: id, caller, publicUrl },
          ...(person === undefined ? {} : { person }),
          ...(partialPolicy === undefined ? {} : { partialPolicy }),
        },
      };
      try {
        await within(() =>
          client.workflow.start<(input: CampaignInput) => Promise<CampaignSummary>>(campaignType, {
            ...{ workflowId: workflowIdOf(id), taskQueue, args: [input] as [CampaignInput] },
            workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
            memo: { [madeMemo]: ids.fingerprint(settings), [campaignMemo]: summary },
            priority: campaignPriority,
            staticSummary: 'Many users, started at a rate and reminded',
          }),
        );
        return { id, ...summary };
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        const made = (await memoOf(id))?.[madeMemo];
        const same = typeof made === 'string' && ids.isFingerprint(made, settings);
        return same ? ((await get(id)) ?? { id, ...summary }) : 'reused';
      }
    },
    addUsers: (id, page) => update(id, addCampaignUsers, page, undefined),
    act: (id, order, updateId) => update(id, actOnCampaign, order, updateId),
    report: (id, page) =>
      orNone(() =>
        within(() => client.workflow.getHandle(campaignPageId(workflowIdOf(id), page)).query(campaignReport)),
      ),
  };
}

async function orNone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

export interface LinkDeliveryParts {
  readonly client: Client;
  readonly taskQueue: string;
  readonly ids: Pick<EnrollmentIds, 'parseEnrollmentId' | 'linkId' | 'under'>;
}

/**
 * Has a link delivered by a run of its own, as events are. The same campaign, enrollment and reminder are the same run and the same link,
 * so it may be called again. Throws RangeError for an enrollment that is not ours.
 */
export function createLinkDelivery({ client, taskQueue, ids }: LinkDeliveryParts) {
  return async function handOver(
    { campaignId, settings, publicUrl }: Pick<CampaignFacts, 'campaignId' | 'settings' | 'publicUrl'>,
    { enrollmentId, userId }: { readonly enrollmentId: string; readonly userId: string },
    reminder: number,
  ): Promise<void> {
    const run = ids.parseEnrollmentId(enrollmentId);
    if (run === undefined) throw new RangeError('expected the id of an enrollment that was made here');
    const enrollment: EnrollmentChain = { workflowId: run.workflowId, firstRunId: run.runId, keyId: run.keyId };
    const name = `${run.runId}-${campaignId.slice('cmp_'.length)}-${reminder}`;
    const event: LinkCreated = {
      ...{ id: `evt_${name}`, type: linkCreated, at: new Date().toISOString() },
      ...{ campaignId, userId, reminder, publicUrl, linkSeconds: settings.linkSeconds },
      linkId: ids.under(enrollmentId).linkId(campaignId, `link ${reminder}`, enrollmentId),
    };
    try {
      await client.workflow.start<(input: WebhookDeliveryInput) => Promise<void>>(webhookDeliveryType, {
        ...{ workflowId: `mfa-webhook-delivery-${name}`, taskQueue, args: [{ enrollment, events: [event] }] },
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        priority: campaignPriority,
        staticSummary: 'Hands a sign-in link over to the system that sends it',
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  };
}
