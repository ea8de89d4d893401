import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { pagesOf, readUsers } from '../../src/cli/campaign-file';
import { openCampaign, summaryOf, type CampaignSettings } from '../../src/enrollment/campaign';
import type { CampaignUser } from '../../src/enrollment/campaign-users';
import type { CampaignView } from '../../src/temporal/campaigns';
import { mfa, serveApi } from './support';

const folder = mkdtempSync(join(tmpdir(), 'mfa-campaign-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('a file of users', () => {
  const both = [{ userId: 'auth0|a,b', phoneNumber: '+14155550123' }, { userId: 'auth0|c' }];

  test.each([
    ['a.csv', 'userId,phoneNumber\n"auth0|a,b",+1 415 555 0123\nauth0|c,\n'],
    ['bom.csv', '\uFEFFuser_id,email,phone_number\r\n"auth0|a,b",a@example.com,+14155550123\r\n\r\nauth0|c,,\r\n'],
    ['a.ndjson', '{"userId":"auth0|a,b","phoneNumber":"+14155550123"}\n\n{"user_id":"auth0|c","phone_number":null}\n'],
    ['no-extension', '{"userId":"auth0|a,b","phoneNumber":"+14155550123"}\n{"userId":"auth0|c","email":"x"}'],
  ])('is read: %s', async (name, content) => {
    expect(await readUsers(file(name, content))).toEqual(both);
  });

  test.each([
    ['twice.csv', 'userId\na\nb\na\n', /line 4: the same user as in line 2/],
    ['number.csv', 'userId,phoneNumber\na,12345\n', /line 2: phoneNumber: expected an E\.164 number/],
    ['header.csv', 'name\nx\n', /line 2: userId: expected Auth0's user_id/],
    ['short.csv', 'userId,phoneNumber\na\n', /as many fields as the header/],
    ['broken.ndjson', '{"userId":"a"}\n{"userId"\n', /line 2: expected one JSON object/],
    ['empty.csv', 'userId\n', /at least one user/],
  ])('at fault is refused with its lines, and without what stands there: %s', async (name, content, message) => {
    const failure = await readUsers(file(name, content)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringMatching(message), exitCode: 2 });
    expect(String(failure)).not.toContain('12345');
  });

  test('is cut into pages that the API takes', () => {
    const users = Array.from({ length: 1_201 }, (_none, index) => ({ userId: `auth0|${index}` }));
    expect(pagesOf(users).map((page) => page.length)).toEqual([500, 500, 201]);
    const long = pagesOf(users.map(({ userId }) => ({ userId: userId.padEnd(255, 'ü') })));
    expect(long.flat()).toHaveLength(1_201);
    expect(Math.max(...long.map((page) => Buffer.byteLength(JSON.stringify({ users: page }))))).toBeLessThan(
      128 * 1024,
    );
  });
});

describe('mfa campaign', () => {
  const id = `cmp_${'c'.repeat(22)}`;

  /** An API over one campaign that is kept in memory. */
  async function stage() {
    const added: CampaignUser[] = [];
    const orders: unknown[] = [];
    let settings: CampaignSettings | undefined;
    const view = (): CampaignView => {
      if (settings === undefined) throw new Error('no campaign was made');
      return {
        ...summaryOf(openCampaign(settings, 0)),
        id,
        users: added.length,
        pages: 2,
        counts: { waiting: added.length },
      };
    };
    const campaigns = {
      create: async (asked: { settings: CampaignSettings }) => ((settings = asked.settings), view()),
      addUsers: async (_to: string, page: { users: readonly CampaignUser[] }) => (added.push(...page.users), view()),
      act: async (_on: string, order: unknown) => (orders.push(order), view()),
      get: async () => view(),
      list: async ({ cursor }: { cursor?: string }) => {
        if (settings === undefined) return { campaigns: [] };
        return cursor === undefined
          ? { campaigns: [view()], nextCursor: `${'s'.repeat(22)}.next` }
          : { campaigns: [{ ...view(), id: `cmp_${'d'.repeat(22)}`, counts: { completed: 1 } }] };
      },
      report: async (_of: string, page: number) => [
        { userId: `a,${page}`, state: 'completed' as const, enrollmentId: 'enr_x', links: 2 },
      ],
    };
    const unexpected = () => Promise.reject(new Error('not expected to be called'));
    const endpoint = { id: 'w', url: '', events: ['enrollment.link_created' as const], secrets: [], createdAt: 0 };
    const webhooks = {
      ...{ add: unexpected, remove: unexpected, rotate: unexpected, undelivered: unexpected, redeliver: unexpected },
      list: () => Promise.resolve([endpoint]),
    };
    const { env } = await serveApi({}, { campaigns, webhooks });
    const run = (...args: string[]) => mfa(['campaign', ...args], { env: env('ops') });
    return { run, added, orders, settings: () => settings };
  }

  test('sends the users of a file in pages, and starts when all are there', async () => {
    const { run, added, orders, settings } = await stage();
    const users = file(
      'many.csv',
      `userId\n${Array.from({ length: 501 }, (_none, index) => `u${index}`).join('\n')}\n`,
    );
    const { exitCode, stdout } = await run(
      'start',
      users,
      '--per-minute',
      '9',
      '--remind-after',
      '12h,2d',
      '--factors',
      'otp',
      '--link-life',
      '30m',
    );
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(id)]);
    expect(added.map(({ userId }) => userId)).toEqual(Array.from({ length: 501 }, (_none, index) => `u${index}`));
    expect(orders).toEqual([{ action: 'start', users: 501 }]);
    expect(settings()).toMatchObject({
      perMinute: 9,
      remindAfterSeconds: [43_200, 172_800],
      factors: ['otp'],
      linkSeconds: 1_800,
    });
  });

  test('sends nothing of a file that is at fault', async () => {
    const { run, settings } = await stage();
    expect((await run('start', file('fault.csv', 'userId\na\na\n'))).exitCode).toBe(2);
    expect(settings()).toBeUndefined();
  });

  test('steers, shows, and reports as NDJSON or CSV', async () => {
    const { run, orders } = await stage();
    await run('start', file('one.csv', 'userId\na\n'));
    for (const action of ['pause', 'resume', 'cancel']) await run(action, id);
    expect(orders.slice(1)).toEqual([{ action: 'pause' }, { action: 'resume' }, { action: 'cancel' }]);
    expect((await run('show', id)).stdout).toMatch(/waiting +1/);
    const lines = (await run('report', id)).stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ userId: 'a,0' }, { userId: 'a,1' }]);
    expect((await run('report', id, '--csv')).stdout.trim().split('\n')).toEqual([
      'userId,state,enrollmentId,links,why',
      '"a,0",completed,enr_x,2,',
      '"a,1",completed,enr_x,2,',
    ]);
    expect((await run('show', 'nonsense')).exitCode).toBe(2);
  });

  test('lists those of every page', async () => {
    const { run } = await stage();
    expect((await run('list')).stdout).toBe('No campaigns.\n');
    await run('start', file('one.csv', 'userId\na\n'));
    const lines = (await run('list')).stdout.trim().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^campaign +state +users +completed +made$/),
      expect.stringMatching(new RegExp(`^${id} +collecting +1 +0 +`)),
      expect.stringMatching(/^cmp_d+ +collecting +1 +1 +/),
    ]);
    expect(JSON.parse((await run('list', '--json')).stdout)).toMatchObject({ campaigns: [{ id }, {}] });
    for (const args of [['list', id], ['start'], ['show']]) expect((await run(...args)).exitCode).toBe(2);
  });
});
