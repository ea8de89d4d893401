import {
  ApplicationFailure,
  condition,
  continueAsNew,
  defineSignal,
  defineUpdate,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { failureTypes } from '../enrollment/failures';
import {
  forgottenAt,
  nothingSent,
  parseReservation,
  parseReservationId,
  parseSendingCount,
  recall,
  release,
  reserve,
  type Recalled,
  type Reservation,
  type Reserved,
  type SendingCount,
} from '../enrollment/sending-limit';
import { hasGrown, waitForKeyOf } from './long-run';

export const sendingLimitType = 'mfaSendingLimit';

/** What a run begins with: the reservation that started it, or what the run before it had counted. */
export type SendingLimitInput = { readonly first: Reservation } | { readonly counted: SendingCount };

/** Refused as `malformed` when the argument is no reservation, or was not sealed by the payload codec. */
export const reserveTexts = defineUpdate<Reserved, [Reservation]>('reserve');
/** The note of a reservation, by its id. Refused as `reserve` is. */
export const recallText = defineUpdate<Recalled, [{ readonly id: string }]>('recall');
/** A text that was reserved was surely not sent. A signal, for nobody waits for it. */
export const releaseText = defineSignal<[unknown?]>('release');

/**
 * Counts the texts and calls to one phone number, or those of one caller, so that they stay within a cap in any 24 hours
 * whatever enrollments and processes come and go. Ends by itself when nothing is left to remember.
 */
export async function mfaSendingLimit(input: SendingLimitInput): Promise<void> {
  let count = countAtStart(input);
  let messages = 0;
  // Before the updates: a counter that nobody has asked yet gets what was released since together with the first question.
  setHandler(
    releaseText,
    (value) => {
      messages += 1;
      const id = parseReservationId(value);
      if (id !== undefined) count = release(count, id, Date.now());
    },
    { description: 'What was reserved under this id was surely not sent: {id}' },
  );
  setHandler(
    reserveTexts,
    (reservation) => {
      messages += 1;
      const { count: next, reserved } = reserve(count, reservation, Date.now());
      count = next;
      return reserved;
    },
    {
      description: 'Asks whether so many more may be sent: {id, wanted, cap}',
      validator: (value: unknown) => {
        if (parseReservation(value) !== undefined) return;
        throw ApplicationFailure.nonRetryable('A reservation is {id, wanted, cap}, sealed.', 'malformed');
      },
    },
  );
  setHandler(
    recallText,
    ({ id }) => {
      messages += 1;
      return recall(count, id, Date.now());
    },
    {
      description: 'What was noted with a reservation: {id}',
      validator: (value: unknown) => {
        if (parseReservationId(value) !== undefined) return;
        throw ApplicationFailure.nonRetryable('A reservation is recalled by {id}, sealed.', 'malformed');
      },
    },
  );

  for (let until = forgottenAt(count, Date.now()); until > Date.now(); until = forgottenAt(count, Date.now())) {
    if (await condition(() => hasGrown(messages), until - Date.now()))
      await continueAsNew<typeof mfaSendingLimit>({ counted: count });
  }
}

function countAtStart(input: unknown): SendingCount {
  waitForKeyOf(input);
  const given = typeof input === 'object' && input !== null ? input : {};
  const counted = 'counted' in given ? parseSendingCount(given.counted) : undefined;
  const first = 'first' in given ? parseReservation(given.first) : undefined;
  if (counted !== undefined) return counted;
  if (first !== undefined) return reserve(nothingSent, first, workflowInfo().startTime.getTime()).count;
  throw ApplicationFailure.nonRetryable(
    'A sending limit begins with {first: {id, wanted, cap}}.',
    failureTypes.invalidInput,
  );
}
