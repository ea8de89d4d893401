import type { FastifyRequest } from 'fastify';
import { defined } from '../../enrollment/defined';
import { mostWebhookEndpoints, type WebhookEndpoint } from '../../enrollment/webhook-endpoints';
import { ApiProblem } from '../../problems';
import { answered } from '../../temporal/enrollments/temporal-errors';
import { receiverFault } from '../../webhooks/addresses';
import { described } from '../openapi';
import * as schemas from '../schemas';
import { anyProblem, idempotencyKeyOf, needs, updateIdOf, type App, type RouteParts } from './shared';

const full = `There are ${mostWebhookEndpoints} webhooks already. Remove one first.`;

/** Where events are sent, and what has not arrived (docs/webhooks.md). */
export function webhookRoutes(
  app: App,
  { webhooks, receivers, ids }: Pick<RouteParts, 'webhooks' | 'receivers' | 'ids'>,
): void {
  const manage = needs('webhooks:manage');
  const config = (action: string) => ({ scope: 'webhooks:manage', action }) as const;

  app.get(
    '/webhooks',
    {
      config: config('list_webhooks'),
      schema: {
        operationId: 'listWebhooks',
        ...described('Webhooks'),
        summary: 'Where events are sent',
        description: 'Without their secrets.',
        ...manage,
        response: { ...anyProblem, 200: schemas.webhookList },
      },
    },
    async () => listed(await answered(() => webhooks.list())),
  );

  app.post(
    '/webhooks',
    {
      config: config('add_webhook'),
      schema: {
        operationId: 'addWebhook',
        ...described('Webhooks', 'limit_reached'),
        summary: 'Send events to an address',
        description:
          'Of the enrollments that are started from now on; of open ones too, if they began while there was any webhook. The answer has the secret that requests are signed with: it is shown this once.',
        ...manage,
        headers: schemas.postHeaders,
        body: schemas.webhookBody,
        response: { ...anyProblem, 201: schemas.webhookWithSecret },
      },
    },
    async (request, reply) => {
      const { url, events } = request.body;
      const expected = receiverFault(url, receivers);
      if (expected !== undefined) {
        throw new ApiProblem('invalid_request', {
          detail: `url: expected ${expected}.`,
          errors: [{ field: 'url', expected }],
        });
      }
      const key = idempotencyKeyOf(request) === undefined ? undefined : updateIdOf(request, ids);
      const added = await answered(
        () => webhooks.add({ url: new URL(url).href, events: [...new Set(events)] }, key),
        full,
      );
      request.audited.webhook = added.id;
      return reply.code(201).send(withSecret(added));
    },
  );

  app.delete(
    '/webhooks/:webhookId',
    {
      config: config('remove_webhook'),
      schema: {
        operationId: 'removeWebhook',
        ...described('Webhooks', 'webhook_not_found'),
        summary: 'Send nothing more there',
        description: 'What still waits for it is dropped.',
        ...manage,
        params: schemas.webhookParams,
        response: { ...anyProblem, 200: schemas.webhookList },
      },
    },
    async (request) => {
      const { webhookId } = request.params;
      request.audited.webhook = webhookId;
      if (!(await answered(() => webhooks.remove(webhookId)))) throw new ApiProblem('webhook_not_found');
      return listed(await answered(() => webhooks.list()));
    },
  );

  app.post(
    '/webhooks/:webhookId/secret',
    {
      config: config('rotate_webhook_secret'),
      schema: {
        operationId: 'rotateWebhookSecret',
        ...described('Webhooks', 'webhook_not_found'),
        summary: 'Give it another secret',
        description:
          'For a day requests are signed with both, the new one first: the receiver changes over in this time.',
        ...manage,
        params: schemas.webhookParams,
        headers: schemas.postHeaders,
        body: schemas.emptyBody,
        response: { ...anyProblem, 200: schemas.webhookWithSecret },
      },
    },
    async (request) => {
      const { webhookId } = request.params;
      request.audited.webhook = webhookId;
      const rotated = await answered(() => webhooks.rotate(webhookId, rotationIdOf(request)));
      if (rotated === undefined) throw new ApiProblem('webhook_not_found');
      return withSecret(rotated);
    },
  );

  app.get(
    '/webhooks/:webhookId/deliveries',
    {
      config: config('list_deliveries'),
      schema: {
        operationId: 'listDeliveries',
        ...described('Webhooks', 'webhook_not_found'),
        summary: 'What has not arrived',
        description: 'Oldest first. What arrives at the first tries is not kept. Visibility is a moment behind.',
        ...manage,
        params: schemas.webhookParams,
        response: { ...anyProblem, 200: schemas.deliveryList },
      },
    },
    async (request) => {
      const { webhookId } = request.params;
      request.audited.webhook = webhookId;
      await known(webhookId);
      const found = await answered(() => webhooks.undelivered(webhookId));
      return {
        deliveries: found.map(({ eventId, type, at, state, failure, since, enrollment }) => ({
          ...{ eventId, type, at, state, failure },
          enrollmentId: ids.enrollmentId(enrollment.workflowId, enrollment.firstRunId, enrollment.keyId),
          since: new Date(since).toISOString(),
        })),
      };
    },
  );

  app.post(
    '/webhooks/:webhookId/redeliver',
    {
      config: config('redeliver'),
      schema: {
        operationId: 'redeliver',
        ...described('Webhooks', 'webhook_not_found'),
        summary: 'Send again what was given up',
        description: 'Behind what still waits, with the same `webhook-id`.',
        ...manage,
        params: schemas.webhookParams,
        headers: schemas.postHeaders,
        body: schemas.redeliverBody,
        response: { ...anyProblem, 202: schemas.redelivered },
      },
    },
    async (request, reply) => {
      const { webhookId } = request.params;
      request.audited.webhook = webhookId;
      await known(webhookId);
      const count = await answered(() => webhooks.redeliver(webhookId, request.body?.eventId));
      return reply.code(202).send({ redelivered: count });
    },
  );

  /** The same `Idempotency-Key` from the same caller gives the same secret of the same webhook once. */
  function rotationIdOf(request: FastifyRequest<{ Params: { webhookId: string } }>): string {
    const key = idempotencyKeyOf(request);
    return updateIdOf(request, ids, key === undefined ? undefined : `${request.params.webhookId} ${key}`);
  }

  async function known(webhookId: string): Promise<void> {
    const endpoints = await answered(() => webhooks.list());
    if (!endpoints.some(({ id }) => id === webhookId)) throw new ApiProblem('webhook_not_found');
  }
}

const shown = ({ id, url, events, createdAt, secrets }: WebhookEndpoint) => {
  const until = secrets.find((each) => each.until !== undefined && each.until > Date.now())?.until;
  return {
    ...{ id, url, events },
    createdAt: new Date(createdAt).toISOString(),
    ...defined({ secretUntil: until === undefined ? undefined : new Date(until).toISOString() }),
  };
};

const listed = (endpoints: readonly WebhookEndpoint[]) => ({ webhooks: endpoints.map(shown) });

const withSecret = (endpoint: WebhookEndpoint) => ({ ...shown(endpoint), secret: endpoint.secrets[0]?.secret ?? '' });
