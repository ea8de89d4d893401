import { describe, expect, test } from '@jest/globals';
import { withAhead, type Activities } from '../../src/activities';
import { noSendingLimits } from '../../src/activities/sending-limits';
import type { MfaClient } from '../../src/auth0/mfa';
import type { Ahead, FirstTry } from '../../src/enrollment/ahead';
import { decide } from '../../src/enrollment/decide';
import { firstTask, newTask } from '../../src/enrollment/dispatch';
import type { AssociateInput, RecallOutcome, Step } from '../../src/enrollment/steps';
import { createWorld, now, phoneNumber } from '../enrollment/world';
import { activitiesOf, auth0That, environment, refusal, runIn } from './stage';

const listed = { kind: 'listed', authenticators: [] } as const;
const associated = { kind: 'associated', challenge: { type: 'oob', oobCode: 'oob' } } as const;
const first = (): Ahead => {
  const world = createWorld({ options: { localFirst: true } });
  return { decision: decide(world.case, now), task: firstTask(world.case, true, now), at: now };
};
/** A text of a first task needs limits that remember it. */
const remembering = (mfa: MfaClient) => activitiesOf(mfa, 'refuse', { ...noSendingLimits, remembers: true });
/** As it arrives: through the data converter. */
const sent = (ahead: Ahead): Ahead => JSON.parse(JSON.stringify(ahead)) as Ahead;

async function performed(ahead: Ahead, standIns: Partial<Activities>, firstTry?: FirstTry) {
  const none = auth0That(refusal({ verdict: 'unreachable' }));
  const activities = withAhead({ ...remembering(none.mfa), ...standIns });
  return { result: await runIn(environment(), () => activities.listAndGoOn(sent(ahead), firstTry)), asked: none.asked };
}

test('performs what follows from a step until a person has to act, and says what came of each', async () => {
  const inputs: AssociateInput[] = [];
  const { result } = await performed(first(), {
    listAuthenticators: async () => listed,
    associate: async (input) => (inputs.push(input), associated),
  });
  expect(result.done.map(({ type, outcome }) => [type, outcome])).toEqual([
    ['list', listed],
    ['associate', associated],
  ]);
  expect(result.goesOnRemotely).toBe(false);
  expect(inputs).toMatchObject([{ factor: 'sms', phoneNumber, firstOfRun: 'inTask' }]);
  const times = result.done.map(({ at }) => at);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times.every((at) => at >= now && at < now + 60_000)).toBe(true); // workflow time, not this machine's
});

describe('in a second try of the first task', () => {
  const again: FirstTry = { at: now + 20_000, isRetried: true };
  const recalled = (outcome: RecallOutcome, phoneNumbers: string[] = []): Partial<Activities> => ({
    recallFirstText: async (input) => (phoneNumbers.push(input.phoneNumber), outcome),
    listAuthenticators: async () => listed,
    associate: async () => associated,
  });

  test('asks first whether the one before has sent a text, and does nothing more when it has', async () => {
    const asked: string[] = [];
    const { result } = await performed(first(), recalled({ kind: 'reserved', knownIds: ['a'] }, asked), again);
    expect(asked).toEqual([phoneNumber]);
    expect(result).toEqual({
      ...{ done: [], goesOnRemotely: false, at: again.at },
      recalled: { kind: 'reserved', knownIds: ['a'] },
    });
  });

  test('goes on as a first one where it has not', async () => {
    const { result } = await performed(first(), recalled({ kind: 'none' }), again);
    expect(result).toMatchObject({ done: [{ type: 'list' }, { type: 'associate' }], at: again.at });
    expect(result.done.every(({ at }) => at >= again.at)).toBe(true);
  });

  test('does nothing where that cannot be found out', async () => {
    const unreachable = { recallFirstText: () => Promise.reject(new Error('no counter answers')) };
    const { result } = await performed(first(), { ...recalled({ kind: 'none' }), ...unreachable }, again);
    expect(result).toMatchObject({ done: [], recalled: { kind: 'unknown' } });
  });
});

test('a first try asks no counter, and does nothing when its token has ended while no worker was there', async () => {
  const firstTry: FirstTry = { at: now + 3_600_000, isRetried: false };
  const { result } = await performed(first(), {}, firstTry); // whatever is asked here fails
  expect(result).toEqual({ done: [], goesOnRemotely: false, at: firstTry.at });
});

test('stops before a step that may not be performed inside a workflow task', async () => {
  const { result, asked } = await performed(
    { ...first(), task: newTask() },
    { listAuthenticators: async () => listed },
  );
  expect(result).toMatchObject({ done: [{ type: 'list' }], goesOnRemotely: false });
  expect(asked).toEqual([]); // a text outside of the first task is a remote activity's
});

test('keeps what came before a step that had no effect here, which goes on remotely', async () => {
  const { result, asked } = await performed(first(), { listAuthenticators: async () => listed });
  expect(result).toMatchObject({ done: [{ type: 'list' }], goesOnRemotely: true });
  expect(asked).toEqual(['associate']); // once
});

test('a step that may have had its effect is lost, and what follows is performed remotely', async () => {
  const { mfa } = auth0That(refusal({ verdict: 'ambiguous' }));
  const { result } = await performed(first(), {
    listAuthenticators: async () => listed,
    associate: (input) => remembering(mfa).associate(input),
  });
  expect(result.done.map(({ type, outcome: { kind } }) => [type, kind])).toEqual([
    ['list', 'listed'],
    ['associate', 'lost'],
  ]);
});

test('begins no step once its time is up', async () => {
  const { result } = await performed(
    { ...first(), task: { ...newTask(), isFirst: true, localMs: 3_001 } },
    { listAuthenticators: async () => listed },
  );
  expect(result).toEqual({ done: [], goesOnRemotely: false });
});

test.each<Step>([{ type: 'wait', until: now + 1_000, summary: 'Waiting' }, { type: 'close' }])(
  'has nothing to perform where the step is $type',
  async (step) => {
    const ahead = first();
    const { result } = await performed({ ...ahead, decision: { ...ahead.decision, step } }, {});
    expect(result).toEqual({ done: [], goesOnRemotely: false });
  },
);
