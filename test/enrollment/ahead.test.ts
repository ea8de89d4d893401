import { expect, test } from '@jest/globals';
import { afterSteps, goAhead, goesOnRemotely, lostAhead, type Ahead, type StepDone } from '../../src/enrollment/ahead';
import { receive, cancel, withMessagesSince } from '../../src/enrollment/case';
import { decide } from '../../src/enrollment/decide';
import { firstTask, newTask } from '../../src/enrollment/dispatch';
import { createWorld, now } from './world';

/** An enrollment at its first workflow task, about to read which factors the user has. */
function atFirst(): Ahead {
  const world = createWorld({ options: { localFirst: true } });
  return { decision: decide(world.case, now), task: firstTask(world.case, true, now), at: now };
}
const listed: StepDone = {
  type: 'list',
  outcome: { kind: 'listed', authenticators: [] },
  at: now + 40,
  challengeId: 'a',
};
const associated: StepDone = {
  type: 'associate',
  outcome: { kind: 'associated', challenge: { type: 'oob', oobCode: 'oob' } },
  at: now + 90,
  challengeId: 'the-challenge',
};

test('each step leads to the next as the rules say, and the task counts its time', () => {
  const read = goAhead(atFirst(), listed);
  expect(read.decision.step).toMatchObject({ type: 'associate', input: { factor: 'sms' } });
  expect(read.task).toMatchObject({ isFirst: true, localMs: 40 });
  const sent = goAhead(read, associated);
  expect(sent.decision.step).toMatchObject({ type: 'wait' });
  expect(sent.decision.case.enrollment).toMatchObject({
    challenge: { challengeId: 'the-challenge', issuedAt: now + 90 },
  });
  expect(sent.task.localMs).toBe(90);
});

test('what was performed and is not what the rules give stops the workflow task, and nothing is taken for it', () => {
  expect(() => goAhead(atFirst(), associated)).toThrow('the step associate was performed');
});

test('a workflow takes over each change in turn, and decides for itself after the last', () => {
  const { turns, task } = afterSteps(atFirst(), { done: [listed, associated], goesOnRemotely: false });
  expect(turns.map(({ case: { enrollment, memory } }) => [enrollment.state, memory.made])).toEqual([
    ['associating', {}],
    ['associating', { sms: 1 }], // counted before it is sent
    ['awaiting_code', { sms: 1 }],
  ]);
  expect(task).toMatchObject({ isFirst: true, localMs: 90 });
});

test('where nothing came back in the first task of a run, the counter of texts is asked before anything else', () => {
  const first = atFirst();
  const lost = lostAhead(first, { kind: 'lost' }, now + 7_000, 'a');
  expect(lost).toEqual({ done: [], goesOnRemotely: true, lost: true }); // a reading is made again
  const { turns, task } = afterSteps(first, lost);
  expect(turns.map(({ case: { memory } }) => memory.recall)).toEqual(['needed']);
  expect(task).toEqual(newTask());
  expect(afterSteps({ ...first, task: newTask() }, lost).turns).toEqual([]);
});

test('what an earlier try of the first task has sent is counted, and read before anything else is sent', () => {
  const { turns, task } = afterSteps(atFirst(), {
    ...{ done: [], goesOnRemotely: false, at: now + 9_000 },
    recalled: { kind: 'reserved', knownIds: ['there-before'] },
  });
  expect(turns.map(({ case: { memory } }) => [memory.recall, memory.made, memory.knownAtFirst])).toEqual([
    [undefined, { sms: 1 }, ['there-before']],
  ]);
  expect(turns[0]?.case.enrollment.lastDeliveryAt).toBe(now + 9_000);
  expect(task).toEqual(newTask()); // so the next text is a remote activity's
});

test('where nobody can tell what an earlier try has sent, a remote activity asks before anything else', () => {
  const { turns } = afterSteps(atFirst(), { done: [], goesOnRemotely: false, at: now, recalled: { kind: 'unknown' } });
  expect(turns.map(({ case: of }) => decide(of, now).step.type)).toEqual(['recall']);
});

test('a task counts its time from when it began, whatever time replay tells', () => {
  const began = { done: [listed], goesOnRemotely: false, at: now };
  expect(afterSteps({ ...atFirst(), at: now - 60_000 }, began).task.localMs).toBe(40);
});

test('where nothing came back after a code, a reading has to say what it did, and what followed', () => {
  const world = createWorld({ options: { localFirst: true } }).run();
  expect(world.state).toBe('awaiting_code');
  const { case: asked } = receive(world.case, { type: 'code', answers: 'oob', factor: 'sms', code: world.rightCode() });
  const ahead: Ahead = { decision: decide(asked, now), task: newTask(), at: now };
  const lost = lostAhead(ahead, { kind: 'lost' }, now + 7_000, 'a');
  expect(lost.done).toEqual([
    { type: 'confirm', outcome: { kind: 'lost', ahead: true }, at: now + 7_000, challengeId: 'a' },
  ]);
  expect(afterSteps(ahead, lost).turns.at(-1)?.case.task).toMatchObject({ type: 'code', doubt: 'lost_ahead' });
});

test.each([
  ['list', 'lost', true],
  ['delete', 'lost', true],
  ['confirm', 'lost', false],
  ['associate', 'lost', false],
  ['confirm', 'unavailable', true],
  ['associate', 'unavailable', true],
] as const)('after a %s that is %s, the step goes on remotely: %s', (type, kind, goesOn) => {
  expect(goesOnRemotely(type, { kind })).toBe(goesOn);
});

test('a misconfigured tenant is not asked again', () => {
  expect(goesOnRemotely('list', { kind: 'fatal', failure: 'configuration', message: 'no grant' })).toBe(false);
});

test('messages that came while steps were performed stay in line, once each', () => {
  const { case: then } = receive(atFirst().decision.case, { type: 'resend' });
  const came = cancel(receive(then, { type: 'changePhoneNumber', phoneNumber: '+14155550124' }).case, 'a reason');
  const wentOn = { ...then, inbox: [], spread: 0.25 }; // it has obeyed what was in line
  expect(withMessagesSince(then, came, wentOn)).toEqual({
    ...wentOn,
    inbox: [{ id: 1, command: { type: 'changePhoneNumber', phoneNumber: '+14155550124' } }],
    received: 2,
    cancelled: { reason: 'a reason' },
  });
});
