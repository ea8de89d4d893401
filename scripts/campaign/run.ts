import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { z } from 'zod';
import { startStack, type Stack } from '../stack';
import { sendUntilAnswered } from '../stack/http';
import { createTenant } from '../stack/tenant';
import { createReceiver } from '../webhook-receiver';
import { declineByLink, enrollByLink } from './person';

export interface CampaignOptions {
  readonly users: number;
  /** Times that a process is killed. */
  readonly kills: number;
  readonly minutes: number;
  /** Seconds that an enrollment lives: users who do nothing come to their end by it. */
  readonly finishWithin: number;
  /** Does everybody do something with the first link? A short run then need not wait for enrollments to expire. */
  readonly allAct?: boolean;
  readonly compiled?: boolean;
  readonly folder?: string;
  readonly say?: (line: string) => void;
}

export interface CampaignProof {
  readonly users: number;
  readonly seconds: number;
  /** Until every user was started. */
  readonly startedAfterSeconds: number;
  readonly kills: number;
  readonly counts: Readonly<Record<string, number>>;
  /** First links that were taken, and reminders. */
  readonly links: number;
  readonly reminders: number;
  /** Deliveries that came twice, with the same id. */
  readonly repeated: number;
  /** What is not as it should be; empty: all is. */
  readonly faults: readonly string[];
}

const linkEvent = z.object({
  type: z.literal('enrollment.link_created'),
  data: z.object({
    enrollmentId: z.string(),
    userId: z.string(),
    reminder: z.number(),
    link: z.object({ url: z.string(), expiresAt: z.string() }),
  }),
});
type LinkEvent = z.infer<typeof linkEvent>['data'];

const campaign = z.object({
  id: z.string(),
  state: z.string(),
  users: z.number(),
  counts: z.record(z.string(), z.number()),
});
const report = z.object({
  users: z.array(z.object({ userId: z.string(), state: z.string(), enrollmentId: z.string().optional() })),
});

/** What a user does with a link. */
type Habit = 'enrolls' | 'declines' | 'nothing';
const usualHabit = (index: number): Habit => (index % 20 === 0 ? 'enrolls' : index % 4 === 1 ? 'declines' : 'nothing');
/** Every second of those who do something needs a reminder. */
const usuallyNeedsReminder = (index: number): boolean => index % 8 === 1 || index % 40 === 0;

/**
 * A whole stack and a campaign from a file, by the command line, while worker, API and Temporal server are killed in turn (SIGKILL); then what
 * Temporal, the receiver of the links and the report say of each user is compared.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignProof> {
  const { users, kills, minutes, finishWithin, folder, compiled = false, say = () => undefined } = options;
  const { allAct = false } = options;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  const stack = await startStack({
    ...(folder === undefined ? {} : { remains: folder }),
    ...{ logLevel: 'warn', compiled },
    apiVariables: { API_CALLS_PER_MINUTE: '1000000' },
    workerVariables: { TEXTS_PER_CALLER_PER_DAY: 'unlimited' },
  });
  const end = AbortSignal.timeout(minutes * 60_000);
  const mailbox = createMailbox(stack, say, allAct);
  const receiver = createReceiver(linkEvent, ({ data }) => mailbox.take(data));
  try {
    const ops = (method: 'GET' | 'POST', path: string, body?: unknown) =>
      sendUntilAnswered({ ...{ method, url: `${stack.api}/v1${path}`, key: stack.keys.ops }, body }, end);
    const url = `http://127.0.0.1:${await receiver.listen()}/links`;
    const hook = await ops('POST', '/webhooks', { url, events: ['enrollment.link_created'] });
    receiver.takes(z.object({ secret: z.string() }).parse(hook.body).secret);

    const userIds = await mailbox.arrange(users);
    const file = join(stack.folder, 'users.csv');
    writeFileSync(file, `userId\n${userIds.join('\n')}\n`);
    const began = Date.now();
    const made = campaign.parse(
      JSON.parse(
        await mfa(stack, [
          ...['campaign', 'start', file, '--json', '--factors', 'otp', '--per-minute', '6000'],
          // Each open enrollment is looked at that often: far from what it costs to start one.
          ...['--check-every', `${Math.max(5, Math.ceil(users / 100))}s`],
          ...['--finish-within', `${finishWithin}s`, '--remind-after', `${Math.floor(finishWithin / 3)}s`],
        ]),
      ),
    );
    say(`${made.id} runs with ${made.users} users`);

    let startedAt: number | undefined;
    let killed = 0;
    let now = made;
    const saboteur = (async () => {
      const victims = [stack.services.worker, stack.services.worker, stack.services.api, stack.services.temporal];
      for (let index = 0; index < kills; index += 1) {
        await sleep(index === 0 ? 1_500 : 15_000, undefined, { signal: end });
        if (now.state === 'finished') return;
        const victim = victims[index % victims.length];
        if (victim === undefined) continue; // a server that was there before
        await victim.kill();
        killed += 1;
        say(`${victim.name} was killed`);
        await victim.start();
      }
    })();
    while (now.state !== 'finished') {
      await sleep(1_000, undefined, { signal: end });
      now = campaign.parse((await ops('GET', `/campaigns/${made.id}`)).body);
      if ((now.counts['waiting'] ?? 0) === 0) startedAt ??= Date.now();
      say(`${now.state}: ${JSON.stringify(now.counts)}`);
    }
    await saboteur;
    const seconds = Math.round((Date.now() - began) / 1000);
    const told = report.parse(JSON.parse(await mfa(stack, ['campaign', 'report', made.id, '--json']))).users;
    const started = await enrollmentsOf(stack);
    return {
      ...{ users, seconds, kills: killed, counts: now.counts, repeated: receiver.repeated() },
      startedAfterSeconds: Math.round(((startedAt ?? Date.now()) - began) / 1000),
      links: mailbox.links(),
      reminders: mailbox.reminders(),
      faults: [...faultsIn(userIds, told, started, now.counts), ...mailbox.faults(userIds, told)],
    };
  } finally {
    await receiver.kill();
    await stack.stop();
  }
}

/** Every user once, with an outcome, and the counts are those of the enrollments that Temporal has. */
function faultsIn(
  userIds: readonly string[],
  told: z.infer<typeof report>['users'],
  started: ReadonlyMap<string, number>,
  counts: Readonly<Record<string, number>>,
): readonly string[] {
  const faults: string[] = [];
  const expect = (what: string, is: unknown, expected: unknown) => {
    if (JSON.stringify(is) !== JSON.stringify(expected)) faults.push(`${what}: ${JSON.stringify(is)}`);
  };
  expect('users in the report', told.length, userIds.length);
  expect('different users in the report', new Set(told.map(({ userId }) => userId)).size, userIds.length);
  expect('different enrollments in the report', new Set(told.map((each) => each.enrollmentId)).size, userIds.length);
  expect('enrollments in Temporal', sum(started.values()), userIds.length);
  expect('sum of the counts', sum(Object.values(counts)), userIds.length);
  for (const state of new Set([...Object.keys(counts), ...started.keys(), ...told.map((each) => each.state)])) {
    const [counted, reported] = [counts[state] ?? 0, told.filter((each) => each.state === state).length];
    if (counted !== reported || counted !== (started.get(state) ?? 0)) {
      faults.push(`${state}: ${counted} counted, ${reported} reported, ${started.get(state) ?? 0} in Temporal`);
    }
  }
  return faults;
}

const sum = (numbers: Iterable<number>): number => Array.from(numbers).reduce((one, other) => one + other, 0);

/** The enrollments that Temporal has, by state. Visibility lags a moment behind. */
async function enrollmentsOf({ temporal, namespace }: Stack): Promise<ReadonlyMap<string, number>> {
  await sleep(2_000);
  const connection = await Connection.connect({ address: temporal });
  try {
    const states = ['completed', 'partial', 'expired', 'cancelled', 'failed', 'awaiting_token', 'associating'];
    const found = new Map<string, number>();
    for (const state of states) {
      const query = `WorkflowType = 'mfaEnrollment' AND MfaState = '${state}'`;
      const { count } = await connection.workflowService.countWorkflowExecutions({ namespace, query });
      if (Number(count) > 0) found.set(state, Number(count));
    }
    return found;
  } finally {
    await connection.close();
  }
}

/** The users, and what they do with their links. */
function createMailbox(stack: Stack, say: (line: string) => void, allAct: boolean) {
  const habitOf = (index: number): Habit =>
    allAct && usualHabit(index) === 'nothing' ? 'declines' : usualHabit(index);
  const needsReminder = (index: number): boolean => !allAct && usuallyNeedsReminder(index);
  const tenant = createTenant(stack);
  const indexes = new Map<string, number>();
  const firstLinks = new Map<string, LinkEvent>();
  const did = new Map<string, Habit>();
  let reminders = 0;
  let doubled = 0;
  let busy = 0;
  const line: (() => Promise<void>)[] = [];

  /** A few people at once. */
  function next(): void {
    const act = busy < 8 ? line.shift() : undefined;
    if (act === undefined) return;
    busy += 1;
    void act().finally(() => {
      busy -= 1;
      next();
    });
  }

  async function act(link: LinkEvent, index: number): Promise<void> {
    const habit = habitOf(index);
    try {
      const { url } = link.link;
      if (habit === 'enrolls') await enrollByLink(stack, { ...link, url }, emailOf(index));
      else await declineByLink(url);
      did.set(link.userId, habit);
    } catch (error) {
      say(`user ${index} did not come through: ${error instanceof Error ? error.message : 'unknown'}`); // a process was just killed
    }
  }

  return {
    async arrange(users: number): Promise<readonly string[]> {
      const userIds: string[] = [];
      for (let index = 0; index < users; index += 1) {
        const userId =
          habitOf(index) === 'enrolls' ? await tenant.createUser(emailOf(index)) : `auth0|campaign-${index}`;
        indexes.set(userId, index);
        userIds.push(userId);
      }
      return userIds;
    },
    take(link: LinkEvent): void {
      const index = indexes.get(link.userId) ?? -1;
      if (link.reminder > 0) reminders += 1;
      else if (firstLinks.has(link.userId)) doubled += 1;
      else firstLinks.set(link.userId, link);
      const isTheirs = needsReminder(index) ? link.reminder > 0 : link.reminder === 0;
      if (index < 0 || habitOf(index) === 'nothing' || !isTheirs) return;
      line.push(() => act(link, index));
      next();
    },
    links: () => firstLinks.size,
    reminders: () => reminders,
    faults(userIds: readonly string[], told: z.infer<typeof report>['users']): readonly string[] {
      const states = new Map(told.map(({ userId, state }) => [userId, state]));
      const withoutLink = userIds.filter((userId) => !firstLinks.has(userId)).length;
      const expected: Record<Habit, string> = { enrolls: 'completed', declines: 'cancelled', nothing: 'expired' };
      const wrong = Array.from(did).filter(([userId, habit]) => states.get(userId) !== expected[habit]).length;
      return [
        ...(withoutLink > 0 ? [`${withoutLink} users got no link`] : []),
        ...(doubled > 0 ? [`${doubled} users got a first link twice`] : []),
        ...(wrong > 0 ? [`${wrong} users came to another end than by what they did`] : []),
      ];
    },
  };
}

const emailOf = (index: number): string => `campaign-${index}@example.com`;

const run = promisify(execFile);
const root = join(__dirname, '../..');

async function mfa(stack: Stack, args: readonly string[]): Promise<string> {
  const env = { ...process.env, MFA_API: stack.api, MFA_API_KEY: stack.keys.ops };
  const { stdout } = await run(process.execPath, [join(root, 'bin/mfa.mjs'), ...args], { env, maxBuffer: 2 ** 28 });
  return stdout;
}
