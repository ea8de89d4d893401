import { createSecretKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { faultRequest } from '../../emulator/faults';
import { createDraw } from '../../scripts/chaos/draw';
import { tenantFaults } from '../../scripts/chaos/faults';
import { floodOf } from '../../scripts/chaos/flood';
import { journeyOf, journeys, type JourneyName } from '../../scripts/chaos/journeys';
import { mark, nextMove, type Move } from '../../scripts/chaos/moves';
import { runChaos } from '../../scripts/chaos/run';
import { blows } from '../../scripts/chaos/saboteur';
import { tableOf } from '../../scripts/chaos/table';
import { hindranceOf, judge, textBound, type Ended, type Fault } from '../../scripts/chaos/truth';
import { closings, workflowIdOf } from '../../scripts/chaos/workflows';
import { answers, createService, type Service } from '../../scripts/stack/service';
import { freePorts } from '../../scripts/stack/ports';
import { enrollmentIds } from '../../src/temporal/ids';

const authenticator = (id: string, factor: 'sms' | 'otp', active: boolean) =>
  factor === 'otp' ? { id, kind: 'otp', active } : { id, kind: 'oob', channel: 'sms', active };
const sms = authenticator('sms|dev_1', 'sms', true);
const otp = authenticator('totp|dev_2', 'otp', true);
const factor = (name: string, active: boolean) => ({ factor: name, state: active ? 'confirmed' : 'waiting', active });
const view = {
  state: 'completed',
  factors: [factor('sms', true), factor('otp', true)],
  textsLeft: textBound - 1,
  endedAt: '2026-01-01T00:00:00.000Z',
};
const truthful: Ended = {
  journey: 'straight',
  view,
  closed: 'COMPLETED',
  before: { authenticators: [], texts: 0 },
  after: { authenticators: [sms, otp], texts: 1 },
  hindrance: { reading: false, deletion: false },
};
const cancelled: Ended = {
  ...truthful,
  journey: 'cancelsEarly',
  closed: 'CANCELED',
  view: { ...view, state: 'cancelled', factors: [factor('sms', false), factor('otp', false)] },
  after: { authenticators: [], texts: 1 },
};
const leftover = authenticator('sms|dev_9', 'sms', false);
const had = { authenticators: [authenticator('sms|dev_7', 'sms', true), leftover], texts: 2 };
const withOtherUser: Ended = {
  ...truthful,
  journey: 'otherUsersToken',
  otherUser: { before: had, after: had, tokenTaken: false },
};

describe('the comparison of a case with the tenant', () => {
  test.each<[string, Ended]>([
    ['that is completed', truthful],
    ['that is cancelled', cancelled],
    ['for which another user’s token was brought in vain', withOtherUser],
  ])('finds nothing in a truthful case %s', (_name, ended) => {
    expect(judge(ended)).toEqual([]);
  });

  test.each<[Fault, string, Partial<Ended>]>([
    ['lost', 'a case that is nowhere', { view: undefined }],
    [
      'stuck',
      'a case without an end',
      { view: { state: 'awaiting_code', factors: [], textsLeft: 9, endedAt: undefined } },
    ],
    ['falselyConfirmed', 'active here, not there', { after: { authenticators: [sms], texts: 1 } }],
    [
      'falselyConfirmed',
      'active there, not here',
      {
        journey: 'cancelsEarly',
        closed: 'CANCELED',
        view: { ...view, state: 'cancelled', factors: [factor('sms', false), factor('otp', true)] },
      },
    ],
    ['wrongOutcome', 'an outcome that nobody asked for', { view: { ...view, state: 'cancelled' }, closed: 'CANCELED' }],
    ['wrongClosing', 'a run that closed otherwise', { closed: 'FAILED' }],
    ['leftovers', 'an unconfirmed authenticator left', { after: { authenticators: [sms, otp, leftover], texts: 1 } }],
    [
      'tookAway',
      'an authenticator that was there before',
      { before: { authenticators: [authenticator('sms|dev_0', 'sms', false)], texts: 0 } },
    ],
    ['tooManyTexts', 'more texts than it counted', { after: { authenticators: [sms, otp], texts: 2 } }],
    [
      'tooManyTexts',
      'more texts than the bound',
      { after: { authenticators: [sms, otp], texts: textBound + 1 }, view: { ...view, textsLeft: -1 } },
    ],
  ])('finds %s: %s', (fault, _name, lie) => {
    expect(judge({ ...truthful, ...lie })).toEqual([fault]);
  });

  test.each<[string, Partial<NonNullable<Ended['otherUser']>>]>([
    ['has a new authenticator', { after: { ...had, authenticators: [...had.authenticators, otp] } }],
    ['lost an authenticator', { after: { ...had, authenticators: had.authenticators.slice(0, 1) } }],
    [
      'has one confirmed that was not',
      { after: { ...had, authenticators: had.authenticators.map((one) => ({ ...one, active: true })) } },
    ],
    ['was sent a text', { after: { ...had, texts: had.texts + 1 } }],
    ['had a token that the API took', { tokenTaken: true }],
  ])('finds wrongAccount when another user %s', (_name, lie) => {
    const otherUser = { before: had, after: had, tokenTaken: false, ...lie };
    expect(judge({ ...withOtherUser, otherUser })).toEqual(['wrongAccount']);
  });

  test.each<[Fault, Ended['view']]>([
    ['stuck', { ...view, state: 'awaiting_code', endedAt: undefined }],
    ['lost', undefined],
  ])('finds wrongAccount in a case that is %s, too', (fault, at) => {
    const otherUser = { before: had, after: { ...had, texts: 3 }, tokenTaken: false };
    expect(judge({ ...withOtherUser, view: at, otherUser })).toEqual([fault, 'wrongAccount']);
  });

  test('lets an unconfirmed authenticator be that was there before', () => {
    expect(
      judge({
        ...truthful,
        before: { authenticators: [leftover], texts: 0 },
        after: { authenticators: [sms, otp, leftover], texts: 1 },
      }),
    ).toEqual([]);
  });

  test.each<[string, Partial<Ended['hindrance']>]>([
    ['deletion', { deletion: true }],
    ['reading', { reading: true }],
  ])('does not blame a case for a leftover when the tenant refused its last %s', (_name, hindrance) => {
    const left = { authenticators: [leftover], texts: 1 };
    expect(judge({ ...cancelled, after: left })).toEqual(['leftovers']);
    expect(judge({ ...cancelled, after: left, hindrance: { reading: false, deletion: false, ...hindrance } })).toEqual(
      [],
    );
  });

  test('excuses a cancelled case whose last reading was refused for not knowing of a factor, and no other', () => {
    const hindrance = { reading: true, deletion: false };
    const active = { authenticators: [sms], texts: 1 };
    expect(judge({ ...cancelled, after: active })).toEqual(['falselyConfirmed']);
    expect(judge({ ...cancelled, after: active, hindrance })).toEqual([]);
    const claims = [factor('sms', true), factor('otp', false)];
    const falsely = { ...cancelled, view: { ...view, state: 'cancelled', factors: claims }, hindrance };
    expect(judge(falsely)).toEqual(['falselyConfirmed']);
    expect(judge({ ...truthful, after: active, hindrance })).toEqual(['falselyConfirmed']);
  });

  test.each([
    ['nothing was asked', [], { reading: false, deletion: false }],
    [
      'the last reading was refused',
      [
        ['GET', 'delay'],
        ['GET', 'proxyPage'],
      ],
      { reading: true, deletion: false },
    ],
    ['an earlier reading was refused', [['GET', 'proxyPage'], ['GET']], { reading: false, deletion: false }],
    ['the last deletion was refused', [['DELETE', 'delay', 'refused']], { reading: false, deletion: true }],
    ['the last deletion was to wait', [['DELETE', 'rateLimited']], { reading: false, deletion: true }],
    ['an answer was lost, which is tried again', [['DELETE', 'resetAfter']], { reading: false, deletion: false }],
    ['a code was refused', [['POST', 'refused']], { reading: false, deletion: false }],
  ])('tells from the requests of a case what it was refused at the end: %s', (_name, requests, hindrance) => {
    const arrived = requests.map(([method = '', ...faults]) => ({
      method,
      path: method === 'POST' ? '/oauth/token' : '/mfa/authenticators/sms%7Cdev_1',
      faults,
    }));
    expect(hindranceOf(arrived)).toEqual(hindrance);
  });
});

describe('the faults of the tenant', () => {
  test('are all understood by the emulator, and each makes its choice by a seed of its own', () => {
    const all = tenantFaults('one').map((fault) => faultRequest.parse(fault));
    expect(new Set(all.map(({ seed }) => seed)).size).toBe(all.length);
    expect(tenantFaults('one')).toEqual(tenantFaults('one'));
    expect(tenantFaults('two')).not.toEqual(tenantFaults('one'));
  });

  test('hit each kind of call sometimes, and less than every third', () => {
    const shares = new Map<string, number>();
    for (const { route, grantType = '', probability } of tenantFaults('one').map((fault) =>
      faultRequest.parse(fault),
    )) {
      shares.set(`${route} ${grantType}`, (shares.get(`${route} ${grantType}`) ?? 0) + probability);
    }
    expect([...shares.keys()]).toHaveLength(6);
    for (const share of shares.values()) expect([share > 0.1, share < 0.33]).toEqual([true, true]);
  });

  test.each([
    ['a long wait', { type: 'rateLimited', retryAfter: 60 }],
    ['a page of a proxy', { type: 'proxyPage', status: 404 }],
    ['a page in place of an answer to what had its effect', { type: 'proxyPage', when: 'after' }],
  ])('include %s on every route', (_name, fault) => {
    const met = tenantFaults('one').filter((one) => matches(one, fault));
    expect(met).toHaveLength(6);
  });

  test('include a refused deletion that is not for want of a scope', () => {
    const refused = { route: 'DELETE /mfa/authenticators/:id', type: 'refused', status: 403, error: 'access_denied' };
    expect(tenantFaults('one').filter((one) => matches(one, refused))).toHaveLength(1);
  });

  const matches = (one: Record<string, unknown>, part: Record<string, unknown>) =>
    Object.entries(part).every(([name, value]) => one[name] === value);
});

describe('what people do next', () => {
  const now = (state: string, who: string, what: string, more: { type?: string; half?: boolean } = {}) => ({
    state,
    factors: [{ factor: 'sms', state: more.half === true ? 'confirmed' : 'challenged', active: more.half === true }],
    waitingFor: { who, what },
    challenge: { challengeId: 'c', type: more.type ?? 'oob', expiresAt: '2026-01-01T00:00:00.000Z' },
  });
  const text = now('awaiting_code', 'user', 'binding_code');
  const app = now('awaiting_code', 'user', 'otp', { type: 'otp', half: true });
  const token = now('awaiting_token', 'user', 'sign_in');

  test.each<[string, JourneyName, typeof text, Move]>([
    ['brings a token that is asked for', 'straight', token, 'bringToken'],
    ['answers a text', 'straight', text, 'answerText'],
    ['answers the app', 'straight', app, 'answerApp'],
    ['asks again when that is waited for', 'straight', now('associating', 'user', 'resend'), 'askAgain'],
    ['asks again for a code that is dead', 'straight', now('awaiting_code', 'user', 'resend'), 'askAgain'],
    [
      'asks again as an operator who has looked',
      'straight',
      now('associating', 'operator', 'unexpected_answer'),
      'askAgain',
    ],
    ['waits for Auth0', 'straight', now('associating', 'auth0', 'answer'), 'nothing'],
    ['waits for the end of the cool-down', 'straight', now('associating', 'nobody', 'cooldown'), 'nothing'],
    ['waits for another attempt', 'straight', now('awaiting_code', 'nobody', 'attempts'), 'nothing'],
    ['waits while a code is checked', 'straight', now('confirming', 'auth0', 'code_check'), 'nothing'],
    ['cancels at the first challenge', 'cancelsEarly', text, 'cancel'],
    ['does not cancel with no factor active', 'cancelsHalfWay', text, 'answerText'],
    ['cancels with one factor active', 'cancelsHalfWay', app, 'cancel'],
    ['gives another number', 'newNumber', text, 'changeNumber'],
    ['asks for a second text', 'resend', text, 'askForSecondText'],
    ['brings another user’s token first', 'otherUsersToken', token, 'bringOtherUsersToken'],
    ['brings it again at the first challenge', 'otherUsersToken', text, 'bringOtherUsersToken'],
    ['signals another user’s token first', 'otherUsersSignal', token, 'signalOtherUsersToken'],
    ['signals it again at the first challenge', 'otherUsersSignal', text, 'signalOtherUsersToken'],
    ['brings the right token after a refresh token of another user', 'otherUsersRefreshToken', token, 'bringToken'],
    ['floods the case', 'signalFlood', text, 'sendFlood'],
  ])('%s', (_name, journey, at, move) => {
    expect(nextMove(journey, at, new Set())).toBe(move);
  });

  test.each<[JourneyName, string, Move, Move, typeof text]>([
    ['otherUsersToken', token.state, 'bringOtherUsersToken', 'bringToken', token],
    ['otherUsersToken', text.state, 'bringOtherUsersToken', 'answerText', text],
    ['otherUsersSignal', token.state, 'signalOtherUsersToken', 'bringToken', token],
    ['otherUsersSignal', text.state, 'signalOtherUsersToken', 'answerText', text],
    ['signalFlood', text.state, 'sendFlood', 'answerText', text],
    ['newNumber', text.state, 'changeNumber', 'answerText', text],
    ['resend', text.state, 'askForSecondText', 'answerText', text],
    ['cancelsEarly', text.state, 'cancel', 'answerText', text],
  ])('%s in %s: after %s comes %s', (journey, _state, done, move, at) => {
    expect(nextMove(journey, at, new Set([mark(done, at)]))).toBe(move);
  });
});

describe('a flood of signals', () => {
  const draw = createDraw('flood');
  const flood = floodOf(draw, 7, 1_500);

  test('is the same for the same seed, and of every shape', () => {
    expect(floodOf(draw, 7, 1_500)).toEqual(flood);
    expect(floodOf(draw, 8, 1_500)).not.toEqual(flood);
    expect(new Set(flood.map(({ payloads }) => payloads)).size).toBeGreaterThan(25);
    expect(flood.some(({ payloads: [first] }) => (first?.data.length ?? 0) > 100_000)).toBe(true);
  });

  test('asks for nothing: no text, no end, no code that could be one', () => {
    expect(new Set(flood.map(({ name }) => name))).toEqual(
      new Set(['submitBindingCode', 'submitOtp', 'provideToken', 'noSuchSignal']),
    );
    const data = flood.flatMap(({ payloads }) => payloads.map((payload) => Buffer.from(payload.data).toString()));
    expect(data.filter((one) => /(?<!\d)\d{6}(?!\d)/.test(one))).toEqual([]);
  });
});

describe('how Temporal closed a case', () => {
  test('the workflow of an enrollment id is the one that the id was made of', () => {
    const ids = enrollmentIds(createSecretKey(Buffer.alloc(32, 7)));
    const workflowId = ids.workflowId('tenant.example', 'auth0|1');
    expect(workflowIdOf(ids.enrollmentId(workflowId, '0b6d4bb2-6b0f-4d5e-9a52-0123456789ab'))).toBe(workflowId);
  });

  test('is told by the last run of a chain that continued as new', () => {
    const run = (workflowId: string, status: string, startedAt: number) => ({ workflowId, status, startedAt });
    const closed = closings([
      run('one', 'CONTINUED_AS_NEW', 1),
      run('one', 'COMPLETED', 3),
      run('one', 'CONTINUED_AS_NEW', 2),
      run('two', 'RUNNING', 9),
      run('two', 'CONTINUED_AS_NEW', 8),
      run('three', 'FAILED', 5),
      run('three', 'CANCELED', 6),
    ]);
    expect([...closed]).toEqual([
      ['one', 'COMPLETED'],
      ['two', 'RUNNING'],
      ['three', 'CANCELED'],
    ]);
  });
});

test('a seed gives the same journeys again, whatever the order, and another seed others', () => {
  const plan = (seed: string, indexes: readonly number[]) => {
    const draw = createDraw(seed);
    return new Map(indexes.map((index) => [index, journeyOf(draw, index)]));
  };
  const indexes = Array.from({ length: 100 }, (_, index) => index);
  expect([...plan('one', indexes.toReversed())].reverse()).toEqual([...plan('one', indexes)]);
  expect([...plan('two', indexes)]).not.toEqual([...plan('one', indexes)]);
});

test('the worker is also stalled, right after Auth0 answered', () => {
  expect(blows.filter(({ harm }) => harm === 'stalled').map(({ victim, point }) => [victim, point.name])).toEqual([
    ['worker', 'associate answered, not recorded'],
    ['worker', 'texted code answered, not recorded'],
  ]);
});

describe('a paused process', () => {
  let logs: string;
  let service: Service;
  let url: string;

  beforeEach(async () => {
    logs = mkdtempSync(join(tmpdir(), 'mfa-chaos-test-'));
    const { api: port } = await freePorts();
    url = `http://127.0.0.1:${port}`;
    const server = `require('node:http').createServer((_, response) => response.end('here')).listen(${port}, '127.0.0.1')`;
    service = createService({
      name: 'paused',
      run: { program: process.execPath, args: ['-e', server] },
      env: { PATH: process.env['PATH'] },
      logs,
      isReady: () => answers(url),
      readyWithinSeconds: 30,
      graceSeconds: 10,
    });
    await service.start();
  });
  afterEach(async () => {
    await service.kill();
    rmSync(logs, { recursive: true, force: true });
  });

  test('takes a connection and answers nothing until it goes on', async () => {
    service.pause();
    await expect(fetch(url, { signal: AbortSignal.timeout(500) })).rejects.toThrow('timeout');
    const late = fetch(url);
    service.resume();
    expect(await (await late).text()).toBe('here');
  });

  test('ends when it is asked to', async () => {
    service.pause();
    await service.stop();
    expect(await answers(url)).toBe(false);
  });
});

test('every journey, with processes harmed and a misbehaving tenant, ends with the truth', async () => {
  const report = await runChaos({ cases: Object.keys(journeys).length, seed: 'short 116', minutes: 3.5 });
  expect(tableOf(report)).toContain('Every enrollment ended with the truth.');
  expect(Object.values(report.journeys)).toEqual(Object.keys(journeys).map(() => 1));
  expect(report.blows.reduce((sum, { met }) => sum + met, 0)).toBeGreaterThan(0);
  expect(report.signals).toBeGreaterThan(1_500);
}, 420_000);
