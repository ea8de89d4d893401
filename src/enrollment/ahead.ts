import { remember } from './case';
import { decide, recallStep, type Decision } from './decide';
import { afterLocal, newTask, recallIfRetried, type TaskSoFar } from './dispatch';
import { learn, type Learnt } from './learn';
import type { Fault, Performed, RecallOutcome } from './steps';

// Steps that are performed inside one workflow task, one after the other, before the workflow hears of the first
// (docs/decisions/0019-local-first.md). Who performs them asks the same rules as the workflow does, so what is recorded is what
// came of each step; which steps they were follows from the case.

/** How far a workflow task has come: the step that is next, what the task has done so far, and when it was decided (epoch ms). */
export interface Ahead {
  readonly decision: Pick<Decision, 'case' | 'step'>;
  readonly task: TaskSoFar;
  readonly at: number;
}

/**
 * What only the try of the first workflow task that is at work knows. On replay the same moment of the same run is told another time
 * and another length of its history, where the task took so long that Temporal was asked for more time. So the workflow decides
 * nothing by it: it hands it to the local activity, whose result is recorded.
 */
export interface FirstTry {
  /** When it began (epoch ms). */
  readonly at: number;
  /** A try of the task went before, and nobody knows what it has done. */
  readonly isRetried: boolean;
}

/** What came of one step. */
export interface StepDone {
  readonly type: Performed['type'];
  readonly outcome: Performed['outcome'];
  /** Epoch ms of workflow time. */
  readonly at: number;
  /** The id of the challenge that it may have brought. */
  readonly challengeId: string;
}

export interface PerformedAhead {
  /** In the order in which they were performed. */
  readonly done: readonly StepDone[];
  /** The step after these had no effect here, or may be repeated: it goes on as a remote activity. */
  readonly goesOnRemotely: boolean;
  /** Nothing came back: steps that are not among these may have been performed too. */
  readonly lost?: true;
  /** When these began (epoch ms); absent: when the workflow says. */
  readonly at?: number;
  /** What an earlier try of the first workflow task has done, and nothing was done after it was found out; absent: nothing. */
  readonly recalled?: EarlierTry;
}

/** It has reserved a text, or nobody can tell now. */
export type EarlierTry = Extract<RecallOutcome, { kind: 'reserved' }> | { readonly kind: 'unknown' };

/** What a task has learnt from one step, and how far it has come by that. */
export interface Advanced extends Ahead {
  readonly learnt: Learnt;
  readonly decision: Decision;
}

/** Goes on after the step that was next. Pure. Throws where the rules give another step than the one that was performed. */
export function goAhead({ decision, task, at }: Ahead, done: StepDone): Advanced {
  const { case: of, step } = decision;
  if (step.type !== done.type) {
    throw new Error(`the step ${done.type} was performed in this workflow task, and the rules give ${step.type}`);
  }
  const performed = { type: done.type, step, outcome: done.outcome } as Performed; // both are of this type
  const learnt = learn(of, performed, done.at, done.challengeId, { mindsLostCalls: true });
  return {
    learnt,
    decision: decide(learnt.case, done.at),
    task: afterLocal(task, performed, done.at - at),
    at: done.at,
  };
}

/** What a task's steps have come to: each change in turn, with its answers; and what the task has done so far. Pure; throws as `goAhead`. */
export function afterSteps(
  from: Ahead,
  { done, lost, at = from.at, recalled }: PerformedAhead,
): { readonly turns: readonly Learnt[]; readonly task: TaskSoFar } {
  const ahead = { ...from, at };
  if (recalled !== undefined) return { turns: [afterEarlierTry(ahead, recalled)], task: newTask() };
  const turns: Learnt[] = [];
  let reached = ahead;
  for (const [number, each] of done.entries()) {
    const next = goAhead(reached, each);
    turns.push(next.learnt);
    // After the last one the workflow decides for itself: messages may have come.
    if (number < done.length - 1) turns.push(next.decision);
    reached = next;
  }
  if (lost === true && ahead.task.isFirst) {
    const { case: last } = turns.at(-1) ?? ahead.decision;
    turns.push({ case: recallIfRetried(last, false, ahead.at), answers: [] });
  }
  return { turns, task: lost === true ? newTask() : reached.task };
}

/** Where it is not known what an earlier try did, a remote activity finds out. */
function afterEarlierTry({ decision: { case: of }, at }: Ahead, recalled: EarlierTry): Learnt {
  if (recalled.kind === 'unknown') return { case: remember(of, { recall: 'needed' }), answers: [] };
  return learn(of, { type: 'recall', step: recallStep(of), outcome: recalled }, at, '', { mindsLostCalls: true });
}

/**
 * What is known when nothing came back of a task's steps, as when their worker stood still: the first may have had its effect, and so
 * may those after it. After a lost answer the list is read before anything else happens, and a text is told by its counter
 * (`recallIfRetried`).
 */
export function lostAhead({ decision }: Ahead, fault: Fault, at: number, challengeId: string): PerformedAhead {
  const { step } = decision;
  if (step.type === 'wait' || step.type === 'close' || goesOnRemotely(step.type, fault)) {
    return { done: [], goesOnRemotely: true, lost: true };
  }
  const withMore: Fault = fault.kind === 'lost' ? { ...fault, ahead: true } : fault;
  return { done: [{ type: step.type, outcome: withMore, at, challengeId }], goesOnRemotely: false, lost: true };
}

/** After this fault inside a workflow task, is the step performed as a remote activity? */
export const goesOnRemotely = (type: Performed['type'], { kind }: Fault): boolean =>
  kind !== 'fatal' && (kind === 'unavailable' || type === 'list' || type === 'delete');

/** The name that this goes by in Temporal's timeline: that of its first step. */
export function nameAhead({ decision: { step } }: Ahead) {
  switch (step.type) {
    case 'list':
    case 'associate':
    case 'confirm':
    case 'delete':
      return `${step.type}AndGoOn` as const;
    default:
      throw new Error(`the step ${step.type} is never performed inside a workflow task`);
  }
}

/** What an operator reads in the event of all that is performed in one go. */
export const summaryAhead = ({ decision: { step } }: Ahead): string =>
  'summary' in step ? `${step.summary}, and what follows` : '';
