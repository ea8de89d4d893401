import type { z } from 'zod';
import {
  campaignLimits,
  type CampaignAction,
  type CampaignRefusal,
  type CampaignSettings,
} from '../../enrollment/campaign';
import type { CampaignUser } from '../../enrollment/campaign-users';
import { defined } from '../../enrollment/defined';
import { linkCreated } from '../../enrollment/events';
import { ApiProblem } from '../../problems';
import type { CampaignView } from '../../temporal/campaigns';
import { answered } from '../../temporal/enrollments/temporal-errors';
import { callerOf } from '../actor';
import { described } from '../openapi';
import { assertCountry } from '../phone-number';
import * as schemas from '../schemas';
import { anyProblem, idempotencyKeyOf, needs, updateIdOf, type App, type RouteParts } from './shared';

/** Room for a page of 500 users. */
const bodyLimit = 128 * 1024;

/** Many users at once (docs/campaigns.md). */
export function campaignRoutes(
  app: App,
  parts: Pick<RouteParts, 'campaigns' | 'webhooks' | 'ids' | 'phoneCountries'>,
): void {
  const { campaigns, webhooks, ids, phoneCountries } = parts;
  const manage = needs('campaigns:manage');
  const config = (action: string) => ({ scope: 'campaigns:manage', action }) as const;
  const changes = (action: string) => ({ ...config(action), namesPerson: true }) as const;

  app.post(
    '/campaigns',
    {
      bodyLimit,
      config: changes('create_campaign'),
      schema: {
        operationId: 'createCampaign',
        ...described('Campaigns', 'person_needed', 'no_link_receiver', 'idempotency_key_reused'),
        summary: 'Prepare the enrollment of many users',
        description:
          'Needs a webhook that names `enrollment.link_created`: it gets the links, and sends them to the users. With `users` (up to 500) the campaign begins at once. Without, it collects them: add them in pages, then start it.',
        ...manage,
        headers: schemas.postHeaders,
        body: schemas.campaignBody,
        response: { ...anyProblem, 409: anyProblem[400], 201: schemas.campaign },
      },
    },
    async (request, reply) => {
      const { users, ...settings } = request.body;
      await assertReceiver();
      assertUsers(users ?? [], phoneCountries);
      const { name: caller, person } = callerOf(request);
      const key = idempotencyKeyOf(request);
      const made = await answered(() =>
        campaigns.create({ ...{ settings: settingsOf(settings), caller }, ...defined({ person, key }) }),
      );
      if (made === 'reused') throw new ApiProblem('idempotency_key_reused');
      request.audited.campaign = made.id;
      void reply.code(201).header('Location', `/v1/campaigns/${made.id}`);
      if (users === undefined || made.state !== 'collecting') return shown(made);
      taken(await answered(() => campaigns.addUsers(made.id, { key: 'first', users })));
      return shown(taken(await answered(() => campaigns.act(made.id, { action: 'start' }))));
    },
  );

  app.get(
    '/campaigns',
    {
      config: config('list_campaigns'),
      schema: {
        operationId: 'listCampaigns',
        ...described('Campaigns'),
        summary: 'List campaigns, newest first',
        description:
          'Open ones first; those of every caller, as long as Temporal keeps them. The list lags a moment behind. A page may hold fewer than `limit` and still have a `nextCursor`.',
        ...manage,
        querystring: schemas.campaignsQuery,
        response: { ...anyProblem, 200: schemas.campaignPage },
      },
    },
    async (request) => {
      const { campaigns: found, ...more } = await answered(() => campaigns.list(request.query));
      return { campaigns: found.map(shown), ...more };
    },
  );

  app.post(
    '/campaigns/:campaignId/users',
    {
      bodyLimit,
      config: changes('add_campaign_users'),
      schema: {
        operationId: 'addCampaignUsers',
        ...described('Campaigns', 'person_needed', 'campaign_not_found', 'campaign_conflict'),
        summary: 'Add users to a campaign',
        description: `1 to 500 at a time, before it is started; up to ${campaignLimits.users} in all, in ${campaignLimits.pages} calls at most. The same Idempotency-Key and body add them once.`,
        ...manage,
        params: schemas.campaignParams,
        headers: schemas.postHeaders,
        body: schemas.campaignUsersBody,
        response: { ...anyProblem, 404: anyProblem[400], 409: anyProblem[400], 200: schemas.campaign },
      },
    },
    async (request) => {
      const { campaignId } = request.params;
      request.audited.campaign = campaignId;
      const { users } = request.body;
      assertUsers(users, phoneCountries);
      const key = updateIdOf(request, ids);
      return shown(taken(await answered(() => campaigns.addUsers(campaignId, { key, users: users.map(userOf) }))));
    },
  );

  app.get(
    '/campaigns/:campaignId',
    {
      config: config('read_campaign'),
      schema: {
        operationId: 'getCampaign',
        ...described('Campaigns', 'campaign_not_found'),
        summary: 'How far a campaign is',
        description:
          'How many users are in each state. Enrollments under way are looked at every `checkEverySeconds`, so the counts are as old as that.',
        ...manage,
        params: schemas.campaignParams,
        response: { ...anyProblem, 404: anyProblem[400], 200: schemas.campaign },
      },
    },
    async (request) => {
      const { campaignId } = request.params;
      request.audited.campaign = campaignId;
      const found = await answered(() => campaigns.get(campaignId));
      if (found === undefined) throw new ApiProblem('campaign_not_found');
      return shown(found);
    },
  );

  app.get(
    '/campaigns/:campaignId/report',
    {
      config: config('read_campaign_report'),
      schema: {
        operationId: 'getCampaignReport',
        ...described('Campaigns', 'campaign_not_found'),
        summary: 'What became of each user of a campaign',
        description: 'A page of up to 500 users, in the order in which they were added; also after the end.',
        ...manage,
        params: schemas.campaignParams,
        querystring: schemas.campaignReportQuery,
        response: { ...anyProblem, 404: anyProblem[400], 200: schemas.campaignReport },
      },
    },
    async (request) => {
      const { campaignId } = request.params;
      request.audited.campaign = campaignId;
      const page = request.query.cursor ?? 0;
      const found = await answered(() => campaigns.get(campaignId));
      if (found === undefined) throw new ApiProblem('campaign_not_found');
      if (page >= found.pages) return { users: [] };
      const users = (await answered(() => campaigns.report(campaignId, page))) ?? [];
      return { users, ...(page + 1 < found.pages ? { nextCursor: String(page + 1) } : {}) };
    },
  );

  app.post(
    '/campaigns/:campaignId/start',
    {
      config: changes('start_campaign'),
      schema: {
        operationId: 'startCampaign',
        ...described('Campaigns', 'person_needed', 'campaign_not_found', 'campaign_conflict', 'no_link_receiver'),
        summary: 'Start a campaign',
        description: 'With `users`, only when the campaign has exactly so many: no page was lost on the way.',
        ...manage,
        params: schemas.campaignParams,
        headers: schemas.postHeaders,
        body: schemas.campaignStartBody,
        response: { ...anyProblem, 404: anyProblem[400], 409: anyProblem[400], 200: schemas.campaign },
      },
    },
    async (request) => {
      await assertReceiver();
      const { campaignId } = request.params;
      request.audited.campaign = campaignId;
      const order = { action: 'start', ...defined({ users: request.body?.users }) } as const;
      return shown(taken(await answered(() => campaigns.act(campaignId, order))));
    },
  );

  act(
    'pause',
    'pauseCampaign',
    'Pause a campaign',
    'Nobody is started or reminded until it is resumed. Enrollments under way go on.',
  );
  act('resume', 'resumeCampaign', 'Resume a campaign', 'It goes on where it was.');
  act(
    'cancel',
    'cancelCampaign',
    'End a campaign',
    'For good: nobody is started or reminded any more. Enrollments under way go on, and can be cancelled one by one.',
  );

  function act(
    action: Exclude<CampaignAction, 'start'>,
    operationId: string,
    summary: string,
    description: string,
  ): void {
    app.post(
      `/campaigns/:campaignId/${action}`,
      {
        config: changes(`${action}_campaign`),
        schema: {
          operationId,
          ...described('Campaigns', 'person_needed', 'campaign_not_found', 'campaign_conflict'),
          ...{ summary, description },
          ...manage,
          params: schemas.campaignParams,
          headers: schemas.postHeaders,
          body: schemas.emptyBody,
          response: { ...anyProblem, 404: anyProblem[400], 409: anyProblem[400], 200: schemas.campaign },
        },
      },
      async (request) => {
        const { campaignId } = request.params;
        request.audited.campaign = campaignId;
        return shown(taken(await answered(() => campaigns.act(campaignId, { action }))));
      },
    );
  }

  /** Without somebody who takes the links, a campaign would start users who never hear of it. */
  async function assertReceiver(): Promise<void> {
    const endpoints = await answered(() => webhooks.list());
    if (!endpoints.some(({ events }) => events.includes(linkCreated))) throw new ApiProblem('no_link_receiver');
  }
}

type Asked = Omit<z.output<typeof schemas.campaignBody>, 'users'>;

const settingsOf = (asked: Asked): CampaignSettings => asked;

const userOf = ({ userId, phoneNumber }: CampaignUser): CampaignUser => ({ userId, ...defined({ phoneNumber }) });

const shown = ({ settings, counts, createdAt, startedAt, endedAt, rate, id, state, users }: CampaignView) => ({
  ...{ id, state, users, counts, rate },
  ...settings,
  factors: [...settings.factors],
  remindAfterSeconds: [...settings.remindAfterSeconds],
  createdAt: time(createdAt),
  ...defined({ startedAt: timeOr(startedAt), endedAt: timeOr(endedAt) }),
});

const time = (ms: number): string => new Date(ms).toISOString();
const timeOr = (ms: number | undefined) => (ms === undefined ? undefined : time(ms));

/** Throws for a number that is not taken here, and names its place. */
function assertUsers(users: readonly CampaignUser[], countries: readonly string[] | undefined): void {
  users.forEach(({ phoneNumber }, index) => assertCountry(phoneNumber, countries, `users.${index}.phoneNumber`));
}

/** Throws what the campaign has refused as a problem. */
function taken(answer: CampaignView | CampaignRefusal | undefined): CampaignView {
  if (answer === undefined) throw new ApiProblem('campaign_not_found');
  if (typeof answer === 'object') return answer;
  throw new ApiProblem('campaign_conflict', { detail: refusals[answer] });
}

const refusals: Readonly<Record<CampaignRefusal, string>> = {
  campaign_state: 'The campaign is in a state in which this cannot be done. GET it to see which.',
  too_many_users: `A campaign takes up to ${campaignLimits.users} users, in ${campaignLimits.pages} pages at most.`,
  user_count: 'The campaign has another number of users than the call says, or none.',
};
