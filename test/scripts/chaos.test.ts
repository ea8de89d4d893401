import { describe, expect, test } from '@jest/globals';
import { createDraw } from '../../scripts/chaos/draw';
import { journeyOf, journeys } from '../../scripts/chaos/journeys';
import { runChaos } from '../../scripts/chaos/run';
import { tableOf } from '../../scripts/chaos/table';
import { judge, textBound, type Ended, type Fault } from '../../scripts/chaos/truth';

const record = (id: string, factor: 'sms' | 'otp', active: boolean) =>
  factor === 'otp' ? { id, kind: 'otp', active } : { id, kind: 'oob', channel: 'sms', active };
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
  texts: 1,
  recordsBefore: [],
  recordsAfter: [record('sms|dev_1', 'sms', true), record('totp|dev_2', 'otp', true)],
};

describe('the comparison of a case with the tenant', () => {
  test('finds nothing in a case that tells the truth', () => {
    expect(judge(truthful)).toEqual([]);
  });

  test.each<[Fault, string, Partial<Ended>]>([
    ['lost', 'a case that is nowhere', { view: undefined }],
    [
      'stuck',
      'a case without an end',
      { view: { state: 'awaiting_code', factors: [], textsLeft: 9, endedAt: undefined } },
    ],
    ['falselyConfirmed', 'active here, not there', { recordsAfter: [record('sms|dev_1', 'sms', true)] }],
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
    [
      'orphans',
      'an unconfirmed record left',
      { recordsAfter: [...truthful.recordsAfter, record('sms|dev_9', 'sms', false)] },
    ],
    ['tookAway', 'a record that was there before', { recordsBefore: [record('sms|dev_0', 'sms', false)] }],
    ['tooManyTexts', 'more texts than it counted', { texts: 2 }],
    ['tooManyTexts', 'more texts than the bound', { texts: textBound + 1, view: { ...view, textsLeft: -1 } }],
  ])('finds %s: %s', (fault, _name, lie) => {
    expect(judge({ ...truthful, ...lie })).toEqual([fault]);
  });

  test('lets an unconfirmed record be that was there before', () => {
    const leftover = record('sms|dev_0', 'sms', false);
    expect(
      judge({ ...truthful, recordsBefore: [leftover], recordsAfter: [...truthful.recordsAfter, leftover] }),
    ).toEqual([]);
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

test('every journey, with processes killed and a misbehaving tenant, ends with the truth', async () => {
  const report = await runChaos({ cases: Object.keys(journeys).length, seed: 'short', minutes: 4 });
  expect(tableOf(report)).toContain('Every case ended with the truth.');
  expect(Object.values(report.journeys)).toEqual(Object.keys(journeys).map(() => 1));
  expect(report.blows.reduce((sum, { met }) => sum + met, 0)).toBeGreaterThan(0);
}, 300_000);
