import {
  ApplicationFailure,
  condition,
  defineUpdate,
  makeContinueAsNewFunc,
  setHandler,
  upsertMemo,
} from '@temporalio/workflow';
import { failureTypes } from '../enrollment/failures';
import { parseStop, parseStopped, resume, stop, type StoppedPrefix } from '../enrollment/stopped-prefixes';
import { hasGrown, waitForKeyOf } from './long-run';

export const stoppedPrefixesType = 'mfaStoppedPrefixes';
/** There is one for each namespace. */
export const stoppedPrefixesId = 'mfa-stopped-prefixes';
/** The member of the memo that holds the list: workers and API read it there, which needs no query (docs/decisions/0011-status-in-memo.md). */
export const stoppedPrefixesMemo = 'stoppedPrefixes';

export interface StoppedPrefixesInput {
  /** What is stopped already. */
  readonly stopped: readonly StoppedPrefix[];
}

/** Refused as `malformed` for what is no prefix with a reason, or was not sealed; as `too_many` when 100 are stopped. */
export const stopPrefix = defineUpdate<readonly StoppedPrefix[], [Pick<StoppedPrefix, 'prefix' | 'reason'>]>('stop');
/** Lifts the stop of exactly this prefix. One that is not stopped changes nothing. */
export const resumePrefix = defineUpdate<readonly StoppedPrefix[], [Pick<StoppedPrefix, 'prefix' | 'reason'>]>(
  'resume',
);

/** The prefixes to which an operator has stopped all texts and calls. Ends when there are none. */
export async function mfaStoppedPrefixes(input: StoppedPrefixesInput): Promise<void> {
  let stopped = stoppedAtStart(input);
  let changes = 0;
  const publish = (next: readonly StoppedPrefix[]): readonly StoppedPrefix[] => {
    changes += 1;
    stopped = next;
    upsertMemo({ [stoppedPrefixesMemo]: next });
    return next;
  };
  const refuse = (value: unknown): void => {
    if (parseStop(value) !== undefined) return;
    throw ApplicationFailure.nonRetryable('Expected {prefix, reason}, sealed: a prefix of 1 to 7 digits.', 'malformed');
  };
  setHandler(
    stopPrefix,
    (value) => {
      const given = parseStop(value);
      const next = given && stop(stopped, given, Date.now());
      if (next === undefined) throw ApplicationFailure.nonRetryable('Too many prefixes are stopped.', 'too_many');
      return publish(next);
    },
    { description: 'Stops all texts and calls to numbers that begin so: {prefix, reason}', validator: refuse },
  );
  setHandler(resumePrefix, ({ prefix }) => publish(resume(stopped, prefix)), {
    description: 'Lifts the stop of this prefix: {prefix, reason}',
    validator: refuse,
  });

  await condition(() => changes > 0 && (stopped.length === 0 || hasGrown(changes)));
  if (stopped.length === 0) return;
  const next = makeContinueAsNewFunc<typeof mfaStoppedPrefixes>({ memo: { [stoppedPrefixesMemo]: stopped } });
  await next({ stopped });
}

function stoppedAtStart(input: unknown): readonly StoppedPrefix[] {
  waitForKeyOf(input);
  const stopped =
    typeof input === 'object' && input !== null && 'stopped' in input ? parseStopped(input.stopped) : undefined;
  if (stopped !== undefined) return stopped;
  throw ApplicationFailure.nonRetryable(
    'Stopped prefixes begin with {stopped: [{prefix, reason, since}]}.',
    failureTypes.invalidInput,
  );
}
