import { Argument } from 'commander';
import type { z } from 'zod';
import {
  deliveryList,
  redeliverBody,
  redelivered,
  webhookBody,
  webhookList,
  webhookParams,
  webhookWithSecret,
} from '../../api/schemas';
import { eventTypes } from '../../enrollment/events';
import { apiCommand, onCall, withExamples, type CommandContext, type CommandParts } from '../command';
import { usage } from '../failure';
import { checked } from '../inputs';
import { columns, printable, type Cell } from '../text/columns';
import { moment } from '../text/time';

const scope = 'webhooks:manage';
const path = '/webhooks';

interface WebhooksOptions {
  readonly events?: string;
}

/** `mfa webhooks`: where events are sent. */
export function webhooksCommand(parts: CommandParts) {
  const command = apiCommand('webhooks', scope, 'List, add or remove webhooks, or give one another secret')
    .addArgument(new Argument('<action>').choices(['list', 'add', 'remove', 'rotate']))
    .argument('[target]', 'add: the https address of the receiver; remove and rotate: the id of a webhook, whk_…')
    .option('--events <types>', `add: only these, with commas between them; out of ${eventTypes.join(', ')}`);
  withExamples(
    command,
    'webhooks list',
    'webhooks add https://hooks.example.com/mfa --events enrollment.completed,enrollment.failed',
    'webhooks rotate whk_8nT2kQ4vB7xZ1mC5wR9yLg',
    'webhooks remove whk_8nT2kQ4vB7xZ1mC5wR9yLg',
  );
  return onCall<WebhooksOptions, [string, string?]>(
    command,
    scope,
    parts,
    async (context, { events }, action, target) => {
      const { api, terminal } = context;
      if (events !== undefined && action !== 'add') throw usage('--events: only `mfa webhooks add` takes it.');
      const list = (answer: Webhooks) => ({ json: answer, text: listText(answer, context) });
      const secret = (answer: z.output<typeof webhookWithSecret>) => ({
        json: answer,
        text: secretText(answer, terminal.now()),
      });
      switch (action) {
        case 'add': {
          if (target === undefined) throw usage('target: expected the https address of the receiver.');
          const body = checked(webhookBody, { url: target, events: events?.split(',').map((type) => type.trim()) });
          return secret(await api.call({ method: 'POST', path, body, answer: webhookWithSecret }));
        }
        case 'remove':
          return list(await api.call({ method: 'DELETE', path: pathOf(target), answer: webhookList }));
        case 'rotate':
          return secret(
            await api.call({ method: 'POST', path: `${pathOf(target)}/secret`, answer: webhookWithSecret }),
          );
        default:
          if (target !== undefined) throw usage('target: `mfa webhooks list` takes none.');
          return list(await api.call({ method: 'GET', path, answer: webhookList }));
      }
    },
  );
}

interface DeliveriesOptions {
  /** True: everything that was given up; else the id of an event. */
  readonly redeliver?: true | string;
}

/** `mfa deliveries`: what a webhook has not taken. */
export function deliveriesCommand(parts: CommandParts) {
  const command = apiCommand('deliveries', scope, 'What a webhook has not taken, and sending it again')
    .argument('<webhookId>', 'the id of a webhook, whk_…; `mfa webhooks list` shows them')
    .option('--redeliver [eventId]', 'send again what was given up: this event, or all without an id');
  withExamples(
    command,
    'deliveries whk_8nT2kQ4vB7xZ1mC5wR9yLg',
    'deliveries whk_8nT2kQ4vB7xZ1mC5wR9yLg --redeliver',
    'deliveries whk_8nT2kQ4vB7xZ1mC5wR9yLg --redeliver evt_3f0d2d5e-7a55-4d57-9d3c-3f4c56b1f2aa_5',
  );
  return onCall<DeliveriesOptions, [string]>(command, scope, parts, async (context, { redeliver }, webhookId) => {
    const { api } = context;
    const one = pathOf(webhookId);
    if (redeliver === undefined) {
      const found = await api.call({ method: 'GET', path: `${one}/deliveries`, answer: deliveryList });
      return { json: found, text: deliveriesText(found, context) };
    }
    const body = checked(redeliverBody, redeliver === true ? {} : { eventId: redeliver }) ?? {};
    const sent = await api.call({ method: 'POST', path: `${one}/redeliver`, body, answer: redelivered });
    return { json: sent, text: redeliveredText(sent.redelivered) };
  });
}

/** Throws Failure (usage) that says what was expected. */
const pathOf = (webhookId: string | undefined): string => `${path}/${checked(webhookParams, { webhookId }).webhookId}`;

type Webhooks = z.output<typeof webhookList>;
type TextContext = Pick<CommandContext, 'terminal' | 'style'>;

const head = (...titles: readonly string[]) => titles.map((title): Cell => [title, 'bold']);

function listText({ webhooks }: Webhooks, { terminal, style }: TextContext): string {
  if (webhooks.length === 0) return 'No webhook.';
  const now = terminal.now();
  const rows = webhooks.map(({ id, url, events, createdAt, secretUntil }): readonly Cell[] => [
    id,
    url,
    events.length === 0 ? 'all' : events.join(' '),
    moment(createdAt, now),
    secretUntil === undefined ? '-' : moment(secretUntil, now),
  ]);
  return columns([head('ID', 'URL', 'EVENTS', 'ADDED', 'OLD SECRET UNTIL'), ...rows], style);
}

function secretText({ id, url, secret, secretUntil }: z.output<typeof webhookWithSecret>, now: number): string {
  const old = secretUntil === undefined ? [] : [`The old secret signs as well until ${moment(secretUntil, now)}.`];
  return [`${id}  ${printable(url)}`, secret, 'The secret is shown this once: give it to the receiver.', ...old].join(
    '\n',
  );
}

function deliveriesText({ deliveries }: z.output<typeof deliveryList>, { terminal, style }: TextContext): string {
  if (deliveries.length === 0) return 'Everything has arrived.';
  const now = terminal.now();
  const rows = deliveries.map(({ eventId, type, enrollmentId, at, state, failure, since }): readonly Cell[] => [
    [state, state === 'dead' ? 'red' : 'yellow'],
    type,
    moment(at, now),
    `${failure} ${moment(since, now)}`,
    eventId,
    enrollmentId,
  ]);
  return columns([head('STATE', 'TYPE', 'HAPPENED', 'LAST ATTEMPT', 'EVENT', 'ENROLLMENT'), ...rows], style);
}

function redeliveredText(count: number): string {
  if (count === 0) return 'Nothing was given up.';
  return count === 1 ? '1 event is sent again.' : `${count} events are sent again.`;
}
