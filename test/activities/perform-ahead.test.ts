import { expect, test } from '@jest/globals';
import { withAhead, type Activities } from '../../src/activities';
import { noSendingLimits } from '../../src/activities/sending-limits';
import type { MfaClient } from '../../src/auth0/mfa';
import type { Ahead } from '../../src/enrollment/ahead';
import { decide } from '../../src/enrollment/decide';
import { firstTask, newTask } from '../../src/enrollment/dispatch';
import type { AssociateInput, Step } from '../../src/enrollment/steps';
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

async function performed(ahead: Ahead, standIns: Partial<Activities>) {
  const none = auth0That(refusal({ verdict: 'unreachable' }));
  const activities = withAhead({ ...remembering(none.mfa), ...standIns });
  return { result: await runIn(environment(), () => activities.listAndGoOn(sent(ahead))), asked: none.asked };
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
