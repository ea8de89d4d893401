import { randomUUID } from 'node:crypto';
import { cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import {
  goAhead,
  goesOnRemotely,
  type Ahead,
  type EarlierTry,
  type FirstTry,
  type PerformedAhead,
  type StepDone,
} from '../enrollment/ahead';
import { decide, recallStep } from '../enrollment/decide';
import { mayBeLocal } from '../enrollment/dispatch';
import { faultOfFailure } from '../enrollment/failures';
import { priorityOf, type EffectStep, type Fault, type Performed } from '../enrollment/steps';
import type { StepActivities } from './steps';

/**
 * One activity under a name for each step that it may begin with: Temporal's web interface shows the name of a local activity, and not
 * its summary.
 */
export function createPerformAhead(steps: StepActivities) {
  /**
   * Performs the step that is next, and those that follow from it, as long as they may be performed inside the workflow task. It asks
   * the rules what follows, as the workflow would: each time the workflow is asked instead costs a switch into its sandbox and an
   * event. Never fails for a step: its fault is what came of it. `first`: of the first workflow task of a run; a second try of it finds
   * out first what the one before has done.
   */
  async function performAhead(from: Ahead, first?: FirstTry): Promise<PerformedAhead> {
    const began = performance.now();
    const { at } = first ?? from;
    const now = () => at + Math.round(performance.now() - began); // workflow time, whatever this machine's clock says
    if (first === undefined) return performFrom(from, now);
    const recalled = first.isRetried && from.task.isFirst ? await earlierTry(steps, from) : undefined;
    if (recalled !== undefined) return { done: [], goesOnRemotely: false, at, recalled };
    // The workflow has decided as of the start of the run; its token may have ended while no worker was there.
    const isStill = decide(from.decision.case, at).step.type === from.decision.step.type;
    return { ...(isStill ? await performFrom({ ...from, at }, now) : { done: [], goesOnRemotely: false }), at };
  }

  async function performFrom(from: Ahead, now: () => number): Promise<PerformedAhead> {
    const done: StepDone[] = [];
    for (let ahead = from; ;) {
      const { case: of, step } = ahead.decision;
      const isOver = step.type === 'wait' || step.type === 'close' || cancellationSignal().aborted;
      if (isOver || !mayBeLocal(of, step, ahead.task)) return { done, goesOnRemotely: false };
      const outcome = await outcomeOf(steps, step, ahead.task.isFirst);
      if (isFault(outcome) && goesOnRemotely(step.type, outcome)) return { done, goesOnRemotely: true };
      const one = { type: step.type, outcome, at: now(), challengeId: randomUUID() };
      done.push(one);
      ahead = goAhead(ahead, one);
    }
  }
  return {
    listAndGoOn: performAhead,
    associateAndGoOn: performAhead,
    confirmAndGoOn: performAhead,
    deleteAndGoOn: performAhead,
  };
}

/** What the counter of texts knows of an earlier try; undefined: it has reserved no text, and so sent none. */
async function earlierTry(steps: StepActivities, { decision }: Ahead): Promise<EarlierTry | undefined> {
  try {
    const recalled = await steps.recallFirstText(recallStep(decision.case).input);
    return recalled.kind === 'reserved' ? recalled : undefined;
  } catch {
    return { kind: 'unknown' }; // a remote activity asks again, where an operator sees it
  }
}

async function outcomeOf(steps: StepActivities, step: EffectStep, isFirst: boolean): Promise<Performed['outcome']> {
  try {
    return await call(steps, step, isFirst);
  } catch (error) {
    return error instanceof ApplicationFailure ? faultOfFailure(error) : { kind: 'lost' };
  }
}

function call(steps: StepActivities, step: EffectStep, isFirst: boolean): Promise<Performed['outcome']> {
  switch (step.type) {
    case 'list':
      return steps.listAuthenticators(step.input, priorityOf(step.purpose));
    case 'associate': {
      const isFirstText = isFirst && step.input.phoneNumber !== undefined;
      return steps.associate({ ...step.input, ...(isFirstText ? { firstOfRun: 'inTask' } : {}) });
    }
    case 'confirm':
      return steps.confirm(step.input);
    case 'delete':
      return steps.deleteAuthenticator(step.input);
    case 'refresh':
    case 'recall':
      throw new Error(`the step ${step.type} is never performed inside a workflow task`);
  }
}

const isFault = (outcome: Performed['outcome']): outcome is Fault =>
  outcome.kind === 'lost' || outcome.kind === 'unavailable' || outcome.kind === 'fatal';
