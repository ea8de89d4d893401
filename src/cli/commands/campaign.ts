import { Argument } from 'commander';
import type { z } from 'zod';
import { campaign, campaignPage, campaignReport, campaignSettings } from '../../api/schemas';
import { defined } from '../../enrollment/defined';
import {
  apiCommand,
  onCall,
  withExamples,
  type CommandContext,
  type CommandParts,
  type CommandResult,
} from '../command';
import { pagesOf, readUsers } from '../campaign-file';
import { Failure, usage } from '../failure';
import { checked } from '../inputs';
import { eachPage } from '../pages';
import { columns } from '../text/columns';
import { moment } from '../text/time';

const scope = 'campaigns:manage';

interface Options {
  readonly factors?: string;
  readonly perMinute?: string;
  readonly maxOpen?: string;
  readonly remindAfter?: string;
  readonly finishWithin?: string;
  readonly linkLife?: string;
  readonly checkEvery?: string;
  readonly csv?: true;
}

/** `mfa campaign`. */
export function campaignCommand(parts: CommandParts) {
  const command = apiCommand('campaign', scope, 'Enroll many users: start a campaign from a file, look at it, steer it')
    .addArgument(new Argument('<action>').choices(['start', 'list', 'show', 'pause', 'resume', 'cancel', 'report']))
    .argument('[target]', 'with start: a file of users, CSV or NDJSON; with list: nothing; else the id of a campaign')
    .option('--factors <list>', 'start: in order, such as sms,otp')
    .option('--per-minute <number>', 'start: users that are started in a minute, at most')
    .option('--max-open <number>', 'start: enrollments under way at once, at most')
    .option('--remind-after <times>', 'start: after the first link, such as 24h,3d; none: nobody is reminded')
    .option('--finish-within <time>', 'start: the life of each enrollment, such as 7d')
    .option('--link-life <time>', 'start: the life of each link, such as 24h')
    .option('--check-every <time>', 'start: how often enrollments under way are looked at, such as 5m')
    .option('--csv', 'report: CSV in place of NDJSON');
  withExamples(
    command,
    'campaign start users.csv --per-minute 100 --remind-after 24h,3d',
    'campaign list',
    'campaign show cmp_0fTq2nWcUO3VtTQBm2v1Bw',
    'campaign report cmp_0fTq2nWcUO3VtTQBm2v1Bw --csv > report.csv',
  );
  return onCall<Options, [Action, string?]>(command, scope, parts, async (context, options, action, target = '') => {
    if (action === 'list') {
      if (target !== '') throw usage('target: expected nothing after list.');
      return listed(context, await allOf(context));
    }
    if (action === 'start') {
      if (target === '') throw usage('target: expected a file of users, CSV or NDJSON.');
      return shown(context, await startFrom(context, target, options));
    }
    if (!/^cmp_[A-Za-z0-9_-]{22}$/.test(target))
      throw usage('target: expected the id of a campaign, such as cmp_0fTq2nWcUO3VtTQBm2v1Bw.');
    const { api } = context;
    const path = `/campaigns/${target}`;
    if (action === 'show') return shown(context, await api.call({ method: 'GET', path, answer: campaign }));
    if (action === 'report') return report(await reportOf(context, path), options.csv === true);
    return shown(context, await api.call({ method: 'POST', path: `${path}/${action}`, body: {}, answer: campaign }));
  });
}

type Action = 'start' | 'list' | 'show' | 'pause' | 'resume' | 'cancel' | 'report';
type Campaign = z.output<typeof campaign>;

/** Nobody is started before the whole file has arrived. */
async function startFrom({ api, terminal }: CommandContext, file: string, options: Options): Promise<Campaign> {
  const settings = checked(campaignSettings, settingsOf(options));
  const users = await readUsers(file);
  const made = await api.call({ method: 'POST', path: '/campaigns', body: settings, answer: campaign });
  const path = `/campaigns/${made.id}`;
  try {
    for (const page of pagesOf(users)) {
      await api.call({ method: 'POST', path: `${path}/users`, body: { users: page }, answer: campaign });
    }
    return await api.call({ method: 'POST', path: `${path}/start`, body: { users: users.length }, answer: campaign });
  } catch (error) {
    if (error instanceof Failure) {
      terminal.stderr.write(
        `mfa: ${made.id} was not started whole. See it with \`mfa campaign show\`, end it with \`mfa campaign cancel\`.\n`,
      );
    }
    throw error;
  }
}

const settingsOf = (options: Options): object =>
  defined({
    factors: options.factors?.split(',').map((name) => name.trim()),
    perMinute: numberIn('--per-minute', options.perMinute),
    maxOpen: numberIn('--max-open', options.maxOpen),
    remindAfterSeconds:
      options.remindAfter === 'none'
        ? []
        : options.remindAfter?.split(',').map((each) => secondsIn('--remind-after', each)),
    finishWithinSeconds: options.finishWithin && secondsIn('--finish-within', options.finishWithin),
    linkSeconds: options.linkLife && secondsIn('--link-life', options.linkLife),
    checkEverySeconds: options.checkEvery && secondsIn('--check-every', options.checkEvery),
  });

function numberIn(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,7}$/.test(text)) throw usage(`${name}: expected a whole number.`);
  return Number(text);
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function secondsIn(name: string, text: string): number {
  const [, number, unit = ''] = /^(\d{1,7})([smhd])$/.exec(text.trim()) ?? [];
  const seconds = unitSeconds[unit];
  if (seconds === undefined) throw usage(`${name}: expected a time such as 90s, 5m, 24h or 7d.`);
  return Number(number) * seconds;
}

function shown({ terminal }: CommandContext, of: Campaign): CommandResult {
  const now = terminal.now();
  const at = (time: string) => moment(Date.parse(time), now);
  const facts = [
    ['campaign', of.id],
    ['state', of.state],
    ['users', String(of.users)],
    ...Object.entries(of.counts).map(([state, count]) => [`  ${state}`, String(count)]),
    ['rate', `${of.rate} a minute`],
    ['made', at(of.createdAt)],
    ...(of.startedAt === undefined ? [] : [['started', at(of.startedAt)]]),
    ...(of.endedAt === undefined ? [] : [['ended', at(of.endedAt)]]),
  ];
  return { json: of, text: columns(facts) };
}

/** All campaigns that Temporal keeps. */
async function allOf({ api }: CommandContext): Promise<Campaign[]> {
  const ask = (cursor: string | undefined) =>
    api.call({
      method: 'GET',
      path: `/campaigns?limit=100${cursor === undefined ? '' : `&cursor=${cursor}`}`,
      answer: campaignPage,
    });
  const campaigns: Campaign[] = [];
  for await (const page of eachPage(ask)) campaigns.push(...page.campaigns);
  return campaigns;
}

function listed({ terminal }: CommandContext, campaigns: readonly Campaign[]): CommandResult {
  const now = terminal.now();
  const rows = campaigns.map(({ id, state, users, counts, createdAt }) => [
    ...[id, state, String(users), String(counts['completed'] ?? 0)],
    moment(Date.parse(createdAt), now),
  ]);
  const text =
    rows.length === 0 ? 'No campaigns.' : columns([['campaign', 'state', 'users', 'completed', 'made'], ...rows]);
  return { json: { campaigns }, text };
}

type Users = z.output<typeof campaignReport>['users'];

async function reportOf({ api }: CommandContext, path: string): Promise<Users> {
  const ask = (cursor = '0') =>
    api.call({ method: 'GET', path: `${path}/report?cursor=${cursor}`, answer: campaignReport });
  const users: Users[number][] = [];
  for await (const page of eachPage(ask)) users.push(...page.users);
  return users;
}

function report(users: Users, csv: boolean): CommandResult {
  const lines = csv
    ? [
        csvColumns.join(','),
        ...users.map((user) => csvColumns.map((column) => csvField(String(user[column] ?? ''))).join(',')),
      ]
    : users.map((user) => JSON.stringify(user));
  return { json: { users }, text: lines.join('\n') };
}

const csvColumns = ['userId', 'state', 'enrollmentId', 'links', 'why'] as const;

/** RFC 4180. */
const csvField = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
