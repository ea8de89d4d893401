import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  act,
  addPage,
  campaignLimits,
  capsOf,
  capsTold,
  countsOfCampaign,
  nextCampaignStep,
  openCampaign,
  pageGone,
  pageReported,
  pageTold,
  summaryOf,
  usersOf,
  type Campaign,
  type CampaignSettings,
} from '../../src/enrollment/campaign';
import {
  openPage,
  nextPageStep,
  direct,
  reported,
  started,
  type CampaignPage,
} from '../../src/enrollment/campaign-page';
import { countWhere, hasEnded, isOpen } from '../../src/enrollment/campaign-users';

const settings: CampaignSettings = {
  ...{ factors: ['otp'], perMinute: 120, maxOpen: 100_000, remindAfterSeconds: [100], finishWithinSeconds: 1_000 },
  ...{ linkSeconds: 600, checkEverySeconds: 60 },
};
const minute = 60_000;

/** A campaign with pages of these sizes that was started at 0, and whose worker allows everything. */
function running(sizes: readonly number[], more: Partial<CampaignSettings> = {}): Campaign {
  let campaign = openCampaign({ ...settings, ...more }, 0);
  sizes.forEach((users, index) => {
    const next = addPage(campaign, { key: `page ${index}`, users });
    if (typeof next === 'string') throw new Error(next);
    campaign = next.campaign;
  });
  const begun = act(campaign, 'start', 0);
  if (typeof begun === 'string') throw new Error(begun);
  return capsTold(begun, {}, 0);
}

/** Follows a campaign whose pages start whoever they may at once; `ends`: these come to an end at once. Who was let on, and when. */
function play(campaign: Campaign, until: number, ends = false) {
  const letOn: { readonly at: number; readonly users: number; readonly open: number }[] = [];
  let now = 0;
  for (let steps = 0; steps < 5_000; steps += 1) {
    const { campaign: next, step } = nextCampaignStep(campaign, now);
    campaign = next;
    if (step.type === 'end') return { campaign, letOn, now };
    if (step.type === 'askCaps') campaign = capsTold(campaign, {}, now);
    if (step.type === 'wait') {
      if (step.until === undefined || step.until > until) return { campaign, letOn, now };
      now = step.until;
    }
    if (step.type === 'direct') {
      const size = campaign.pages[step.page]?.users ?? 0;
      const before = campaign.pages[step.page]?.told?.upTo ?? 0;
      campaign = pageTold(campaign, step.page, step.direction);
      const state = ends ? 'completed' : 'awaiting_token';
      const waiting = size - step.direction.upTo;
      campaign = pageReported(campaign, step.page, {
        [state]: step.direction.upTo,
        ...(waiting > 0 ? { waiting } : {}),
      });
      const open = countWhere(countsOfCampaign(campaign), isOpen);
      letOn.push({ at: now, users: step.direction.upTo - before, open });
    }
  }
  throw new Error('the campaign never rests');
}

describe('a campaign', () => {
  test('lets every user on once, in order, and is finished when all have come to an end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 6_000 }),
        (sizes, perMinute) => {
          const { campaign, letOn } = play(running(sizes, { perMinute }), Number.MAX_SAFE_INTEGER, true);
          const all = sizes.reduce((sum, size) => sum + size, 0);
          expect(campaign.state).toBe('finished');
          expect(letOn.reduce((sum, { users }) => sum + users, 0)).toBe(all);
          expect(countsOfCampaign(campaign)).toEqual({ completed: all });
        },
      ),
      { numRuns: 60 },
    );
  });

  test('lets no minute see more than its rate and one batch', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 300 }), (perMinute, users) => {
        const { letOn } = play(running([users], { perMinute }), 20 * minute);
        for (const { at: from } of letOn) {
          const within = letOn.filter(({ at }) => at >= from && at < from + minute);
          const batch = Math.min(campaignLimits.batch, Math.ceil(perMinute / 12));
          expect(within.reduce((sum, each) => sum + each.users, 0)).toBeLessThanOrEqual(perMinute + batch);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('never has more under way than it may', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 80 }), (maxOpen, users) => {
        const { letOn, campaign } = play(running([users], { maxOpen, perMinute: 6_000 }), 60 * minute);
        expect(Math.max(...letOn.map(({ open }) => open))).toBe(maxOpen);
        const freed = pageReported(campaign, 0, {
          completed: 1,
          awaiting_token: maxOpen - 1,
          waiting: users - maxOpen,
        });
        expect(nextCampaignStep(freed, 60 * minute - 1).step).toMatchObject({ direction: { upTo: maxOpen + 1 } });
      }),
      { numRuns: 40 },
    );
  });

  test('goes no faster than half of what the installation allows', () => {
    expect(capsOf({})).toEqual({});
    expect(capsOf({ callsPerSecond: 5, textsPerCaller: 10_000 })).toEqual({ perMinute: 15, perDay: 5_000 });
    expect(capsOf({ callsPerSecond: 0.1, textsPerCaller: 1 })).toEqual({ perMinute: 1, perDay: 1 });
    const limited = capsTold(running([100]), { perMinute: 12, perDay: 3 }, 0);
    expect(summaryOf(limited).rate).toBe(12);
    const { letOn, campaign } = play(limited, 30 * minute);
    expect(letOn.reduce((sum, { users }) => sum + users, 0)).toBe(3);
    expect(nextCampaignStep(campaign, 30 * minute).step).toEqual({ type: 'wait', until: 24 * 60 * minute });
  });

  test('gives a page no more while that does not get on', () => {
    let campaign = running([500], { perMinute: 60 });
    let now = 0;
    for (let steps = 0; steps < 100; steps += 1) {
      const next = nextCampaignStep(campaign, now);
      campaign = next.campaign;
      if (next.step.type === 'direct') campaign = pageTold(campaign, next.step.page, next.step.direction);
      now += 10_000;
      if (next.step.type === 'askCaps') campaign = capsTold(campaign, {}, now);
    }
    expect(campaign.pages[0]?.upTo).toBe(10);
  });

  test('tells its pages to pause, to go on, and that it is over', () => {
    const { campaign } = play(running([100], { perMinute: 12 }), minute);
    const paused = act(campaign, 'pause', minute);
    if (typeof paused === 'string') throw new Error(paused);
    const told = nextCampaignStep(paused, minute).step;
    expect(told).toMatchObject({ type: 'direct', page: 0, direction: { mode: 'paused' } });
    if (told.type !== 'direct') throw new Error('a direction was expected');
    expect(nextCampaignStep(pageTold(paused, 0, told.direction), 2 * minute).step).toEqual({ type: 'wait' });
    const cancelled = act(paused, 'cancel', minute);
    if (typeof cancelled === 'string') throw new Error(cancelled);
    const last = nextCampaignStep(cancelled, minute).step;
    expect(last).toMatchObject({ direction: { mode: 'cancelled' } });
    if (last.type !== 'direct') throw new Error('a direction was expected');
    expect(nextCampaignStep(pageTold(cancelled, 0, last.direction), minute).step).toEqual({ type: 'end' });
  });

  test('takes a page once, and none after its start', () => {
    const one = addPage(openCampaign(settings, 0), { key: 'a', users: 10 });
    if (typeof one === 'string') throw new Error(one);
    expect(addPage(one.campaign, { key: 'a', users: 10 })).toEqual({ campaign: one.campaign, page: 0, added: false });
    expect(addPage(running([1]), { key: 'b', users: 1 })).toBe('campaign_state');
    expect(addPage(one.campaign, { key: 'b', users: campaignLimits.users })).toBe('too_many_users');
  });

  test.each([
    ['start', 'collecting', 'running'],
    ['pause', 'running', 'paused'],
    ['resume', 'paused', 'running'],
    ['cancel', 'paused', 'cancelled'],
    ['cancel', 'collecting', 'cancelled'],
    ['pause', 'paused', 'paused'],
    ['start', 'running', 'running'],
    ['pause', 'collecting', 'campaign_state'],
    ['resume', 'cancelled', 'campaign_state'],
    ['start', 'paused', 'campaign_state'],
    ['cancel', 'finished', 'campaign_state'],
  ] as const)('%s, while %s: %s', (action, state, expected) => {
    const next = act({ ...running([1]), state }, action, 1);
    expect(typeof next === 'string' ? next : next.state).toBe(expected);
  });

  test('does not start with another number of users than was said, or with none', () => {
    const collecting: Campaign = { ...running([7]), state: 'collecting' };
    expect(act(collecting, 'start', 0, 8)).toBe('user_count');
    expect(act(collecting, 'start', 0, 7)).toMatchObject({ state: 'running' });
    expect(act(openCampaign(settings, 0), 'start', 0)).toBe('user_count');
  });

  test('that nobody starts is over after a day', () => {
    const collecting = openCampaign(settings, 0);
    expect(nextCampaignStep(collecting, 1).step).toEqual({ type: 'wait', until: campaignLimits.collectMs });
    expect(nextCampaignStep(collecting, campaignLimits.collectMs)).toMatchObject({
      campaign: { state: 'cancelled' },
      step: { type: 'end' },
    });
  });

  test('counts what a page that is gone had not finished as lost', () => {
    const campaign = pageGone(pageReported(running([10]), 0, { completed: 4, awaiting_token: 3, waiting: 3 }), 0);
    expect(countsOfCampaign(campaign)).toEqual({ completed: 4, lost: 6 });
    expect(nextCampaignStep(campaign, 0).campaign.state).toBe('finished');
  });

  test('has each of its users in one count, whatever its pages say', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 500 }), fc.boolean(), (all, ended, gone) => {
        const first = all[0] ?? 0;
        const done = Math.min(first, ended);
        let campaign = pageReported(running(all), 0, { expired: done, awaiting_token: first - done });
        if (gone) campaign = pageGone(campaign, 0);
        expect(countWhere(countsOfCampaign(campaign), () => true)).toBe(usersOf(campaign));
      }),
    );
  });
});

describe('a page', () => {
  const users = (count: number) =>
    Array.from({ length: count }, (_none, index) => ({ userId: `u${index}`, phoneNumber: '+14155550123' }));
  const running = { upTo: 100, mode: 'running', users: 100, perMinute: 60 } as const;
  const all = (page: CampaignPage, now = 0) => {
    const step = nextPageStep(page, settings, now);
    if (step.type !== 'start') throw new Error(`a start was expected, not ${step.type}`);
    const results = step.users.map(
      (place) => ({ type: 'started', enrollmentId: `enr_${place}`, state: 'awaiting_token', link: true }) as const,
    );
    return started(page, step.users, results, now);
  };

  test('starts nobody before it may, and no more than it may', () => {
    const page = reported(openPage(users(60), 0));
    expect(nextPageStep(page, settings, 0)).toEqual({ type: 'wait' });
    const step = nextPageStep(direct(page, { ...running, upTo: 3 }), settings, 0);
    expect(step).toEqual({ type: 'start', users: [0, 1, 2] });
    expect(nextPageStep(direct(page, { ...running, mode: 'paused' }), settings, 0)).toEqual({ type: 'wait' });
  });

  test('never lets what it may become less, and does not come back from its end', () => {
    const page = direct(openPage(users(9), 0), { ...running, upTo: 5 });
    expect(direct(page, { ...running, upTo: 2 }).direction.upTo).toBe(5);
    const over = direct(page, { ...running, mode: 'cancelled' });
    expect(direct(over, running).direction.mode).toBe('cancelled');
    expect(nextPageStep(reported(over), settings, 0)).toEqual({ type: 'end' });
  });

  test('forgets the number of a user who was started, tells of it, looks, and reminds', () => {
    const page = all(reported(direct(openPage(users(2), 0), running)));
    expect(JSON.stringify(page)).not.toContain('+1415');
    expect(nextPageStep(page, settings, 0)).toEqual({ type: 'report' });
    expect(nextPageStep(reported(page), settings, 0)).toEqual({ type: 'wait', until: 60_000 });
    expect(nextPageStep(reported(page), settings, 60_000)).toEqual({ type: 'look', users: [0, 1] });
    expect(nextPageStep(reported(page), settings, 100_000)).toMatchObject({ type: 'remind' });
  });

  test('ends when each of its users has come to an end', () => {
    const page = reported(direct(openPage(users(2), 0), running));
    const ended = started(
      page,
      [0, 1],
      [
        { type: 'refused', why: 'enrollment_conflict' },
        { type: 'started', enrollmentId: 'e', state: 'completed', link: false },
      ],
      0,
    );
    expect(nextPageStep(reported(ended), settings, 0)).toEqual({ type: 'end' });
    expect(ended.users.every(({ state }) => hasEnded(state))).toBe(true);
  });
});
