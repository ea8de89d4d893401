import {
  allHandlersFinished,
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  condition,
  isCancellation,
  makeContinueAsNewFunc,
  patched,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { Case } from '../enrollment/case';
import { inputExpected, isEnrollmentInput } from '../enrollment/commands';
import { decide } from '../enrollment/decide';
import { defined } from '../enrollment/defined';
import { afterSteps, type FirstTry } from '../enrollment/ahead';
import { afterTry, firstTask, mayBeLocal, newTask, recallIfRetried, type TaskSoFar } from '../enrollment/dispatch';
import type { Told } from '../enrollment/events';
import { failureTypes } from '../enrollment/failures';
import { learn, leavesDoubt } from '../enrollment/learn';
import { openCase } from '../enrollment/token-choice';
import type { EnrollmentStatus } from '../enrollment/status';
import { isSealed, Unreadable, type UnreadableReason } from '../enrollment/unsealed';
import { createAlarm } from './alarm';
import { cancelOwnRun, perform, performAhead } from './auth0-calls';
import { listen, view } from './handlers';
import { hasGrown } from './long-run';
import type { MfaEnrollmentInput } from './messages';
import { count } from './metrics';
import { createPublisher } from './publish';
import { askToCancel, catchUp, goOn, nowOf, openRun, type Run } from './run';
import { createTeller, type Teller } from './tell';

/**
 * Takes one Auth0 user through an ordered list of factors, and ends with the truth.
 *
 * Expected endings are results: `completed`, `partial` and `expired` close the run as Completed, `cancelled` as Canceled.
 * A misconfigured tenant, our own malformed request, or an Auth0 that is down past the deadline closes it as Failed.
 */
export async function mfaEnrollment(input: MfaEnrollmentInput): Promise<EnrollmentStatus> {
  requireSealed(input);
  if (!isEnrollmentInput(input)) throw ApplicationFailure.nonRetryable(inputExpected, failureTypes.invalidInput);
  const { task, stoppedAt, ...begun } =
    input.continued === undefined ? begin(input) : { opened: input.continued, task: newTask() };
  const opened = doubtingUndo(begun.opened);
  const run = openRun(opened, stoppedAt);
  listen(run);
  const cancellation = hearCancellation(run);
  const teller = createTeller(opened.webhooks?.keyId, input.told);

  await CancellationScope.nonCancellable(async () => {
    try {
      await enroll(run, input, task, teller);
    } finally {
      run.over = true; // nobody who asked is left without an answer
    }
    if (run.current.enrollment.state === 'cancelled' && !cancellation.heard) {
      await cancelOwnRun();
      await condition(() => cancellation.heard, '1 minute', { summary: 'Closing' });
    }
    await condition(allHandlersFinished);
    if (teller.busy) await teller.handedOver();
  });

  const { enrollment, failure } = run.current;
  if (failure !== undefined) throw ApplicationFailure.nonRetryable(failure.message, failureTypes[failure.type]);
  if (enrollment.state === 'cancelled' && cancellation.heard) {
    throw new CancelledFailure('The enrollment was cancelled');
  }
  return view(run);
}

/**
 * Before the first workflow task of a run completes, its history holds the start and the task itself. Not so on replay, where the worker
 * had asked for more time: who decides by it decides otherwise then.
 */
const isFirstTry = (): boolean => workflowInfo().historyLength === 3;

/** What the worker at work knows, and replay does not. */
const firstTry = (): FirstTry => ({ at: Date.now(), isRetried: !isFirstTry() });

/** The case at its beginning, its first task, and where time stands until something is recorded. */
function begin(input: MfaEnrollmentInput) {
  const startedAt = workflowInfo().startTime.getTime();
  count('start');
  const opened = openCase(input, startedAt, Math.random());
  if (opened.localFirst === true && input.options?.recallInTask === true) {
    return { opened, task: firstTask(opened, true, startedAt), stoppedAt: startedAt };
  }
  const isFirst = isFirstTry(); // a run that is older than the option goes on as it began
  return {
    opened: recallIfRetried(opened, isFirst, startedAt),
    task: firstTask(opened, isFirst, startedAt),
    stoppedAt: undefined,
  };
}

/** A run that may take factors back, and is not older than the rule, doubts them first (`Case`). */
const doubtingUndo = (of: Case): Case =>
  of.partialPolicy === 'remove' && of.doubtsUndo !== true && patched('undo-doubted-first')
    ? { ...of, doubtsUndo: true }
    : of;

/**
 * A start that nobody with a payload key made is none. One whose key is missing waits: an error that is no ApplicationFailure
 * fails the workflow task alone, and Temporal tries that again until the key is back.
 */
function requireSealed(input: unknown): void {
  if (input instanceof Unreadable && input.reason in waitingFor) throw new Error(waitingFor[input.reason]);
  if (!isSealed(input)) {
    throw ApplicationFailure.nonRetryable(
      'The input of an enrollment must be sealed by the payload codec, for this very workflow id.',
      failureTypes.invalidInput,
    );
  }
}

const waitingFor: Partial<Record<UnreadableReason, string>> = {
  key_missing:
    'The input of this enrollment is sealed with a key that is not in PAYLOAD_KEYS. It goes on when that key is back.',
  old_format:
    'The input of this enrollment has the first format of sealed payloads. It goes on with PAYLOAD_READ_V1=true.',
};

/** Decides, performs and learns until the enrollment is settled. What is decided stands in src/enrollment. */
async function enroll(run: Run, input: MfaEnrollmentInput, first: TaskSoFar, teller: Teller): Promise<void> {
  const publish = createPublisher(teller);
  const alarm = createAlarm();
  const localFirst = run.current.localFirst === true; // a run that is older than this option goes on as it began
  let task = first;
  let fallsOver: TaskSoFar | undefined; // the task inside which the next step was tried already, without effect
  for (;;) {
    run.inTask = localFirst;
    if (isLong(run)) {
      run.continuing = true;
      if (teller.busy) {
        await teller.handedOver(); // signals may come meanwhile, so everything is looked at again
        continue;
      }
      if (allHandlersFinished()) await continueAsNew(run.current, input, teller.told);
    }
    const now = nowOf(run);
    const decision = decide(run.current, now);
    const { case: next, step } = decision;
    goOn(run, decision);
    const show = () => publish(run.current, nowOf(run), step.type === 'wait');
    const endTask = () => {
      run.inTask = false;
      run.stoppedAt = undefined;
      show();
    };
    if (!localFirst) show();
    switch (step.type) {
      case 'close':
        if (localFirst) endTask();
        return;
      case 'wait': {
        if (localFirst) endTask();
        const changed = () => run.current !== next || (run.continuing ? allHandlersFinished() : isLong(run));
        if (localFirst) await alarm.until(step.until, changed);
        else await condition(changed, Math.max(1, step.until - Date.now()), { summary: step.summary });
        [task, fallsOver] = [newTask(), undefined];
        break;
      }
      default: {
        if (fallsOver === undefined && mayBeLocal(next, step, task)) {
          const ahead = { decision: { case: next, step }, task, at: now };
          const performed = await performAhead(ahead, run.stoppedAt === undefined ? undefined : firstTry());
          run.stoppedAt = undefined;
          const { turns, task: reached } = afterSteps(ahead, performed);
          catchUp(run, next, turns);
          task = reached;
          fallsOver = performed.goesOnRemotely ? ahead.task : undefined;
          break;
        }
        if (localFirst) endTask();
        const performed = await perform(afterTry(step, fallsOver));
        [task, fallsOver] = [newTask(), undefined];
        const mindsLostCalls = leavesDoubt(run.current, performed) && (localFirst || patched('minds-lost-calls'));
        goOn(run, learn(run.current, performed, Date.now(), uuid4(), { mindsLostCalls }));
      }
    }
  }
}

const isLong = ({ messages, current }: Run): boolean => hasGrown(messages, current.messagesPerRun);

/** The same enrollment in a fresh run, with everything this one knows. Memo and search attributes go along. */
async function continueAsNew(
  continued: Case,
  { userId, factors }: MfaEnrollmentInput,
  told: Told | undefined,
): Promise<never> {
  const { memo, typedSearchAttributes } = workflowInfo();
  const next = makeContinueAsNewFunc<(input: MfaEnrollmentInput) => Promise<EnrollmentStatus>>({
    // What somebody put into the memo in clear would come out of here sealed.
    ...(memo === undefined
      ? {}
      : { memo: Object.fromEntries(Object.entries(memo).filter(([, value]) => isSealed(value))) }),
    typedSearchAttributes,
  });
  return next({ userId, factors, continued, ...defined({ told }) });
}

/** A cancel request of Temporal's own goes the same way as the signal: what is under way finishes first. */
function hearCancellation(run: Run): { heard: boolean } {
  const cancellation = { heard: false };
  CancellationScope.current().cancelRequested.catch((error: unknown) => {
    if (!isCancellation(error)) return;
    cancellation.heard = true;
    askToCancel(run, undefined);
  });
  return cancellation;
}
