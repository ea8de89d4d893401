import type { JourneyName } from './journeys';
import type { View } from './view';

/** What somebody around a case does next. */
export type Move =
  | 'nothing'
  | 'cancel'
  | 'bringToken'
  | 'bringOtherUsersToken'
  | 'signalOtherUsersToken'
  | 'sendFlood'
  | 'changeNumber'
  | 'askForSecondText'
  | 'askAgain'
  | 'answerText'
  | 'answerApp';

/** How a move that is made once is remembered: once in a case, or once in each state for those of the other user. */
export const mark = (move: Move, { state }: Pick<View, 'state'>): string =>
  move === 'bringOtherUsersToken' || move === 'signalOtherUsersToken' ? `${move} in ${state}` : move;

/**
 * The next move on this journey. `done` holds the marks of what was done. Whoever waits for something that comes by itself (an
 * answer of Auth0, the end of a cool-down) does nothing.
 */
export function nextMove(
  journey: JourneyName,
  now: Pick<View, 'state' | 'factors' | 'waitingFor' | 'challenge'>,
  done: ReadonlySet<string>,
): Move {
  const firstTime = (move: Move) => !done.has(mark(move, now));
  const isHalfWay = now.factors.some(({ state }) => state === 'confirmed' || state === 'accepted');
  if (journey === 'cancelsHalfWay' && isHalfWay && firstTime('cancel')) return 'cancel';
  switch (now.state) {
    case 'awaiting_token':
      return otherUsersMove(journey, firstTime) ?? 'bringToken';
    case 'associating':
      return mustAskAgain(now) ? 'askAgain' : 'nothing';
    case 'awaiting_code':
      if (journey === 'cancelsEarly' && firstTime('cancel')) return 'cancel';
      if (journey === 'signalFlood' && firstTime('sendFlood')) return 'sendFlood';
      if (now.waitingFor.who === 'nobody') return 'nothing';
      if (mustAskAgain(now)) return 'askAgain';
      return otherUsersMove(journey, firstTime) ?? codeMove(journey, now, firstTime);
    default:
      return 'nothing';
  }
}

/** The case says so, or it waits for an operator, who has looked and asks again. */
const mustAskAgain = ({ waitingFor: { who, what } }: Pick<View, 'waitingFor'>): boolean =>
  what === 'resend' || who === 'operator';

function otherUsersMove(journey: JourneyName, firstTime: (move: Move) => boolean): Move | undefined {
  if (journey === 'otherUsersToken' && firstTime('bringOtherUsersToken')) return 'bringOtherUsersToken';
  if (journey === 'otherUsersSignal' && firstTime('signalOtherUsersToken')) return 'signalOtherUsersToken';
  return undefined;
}

function codeMove(
  journey: JourneyName,
  { challenge }: Pick<View, 'challenge'>,
  firstTime: (move: Move) => boolean,
): Move {
  if (challenge?.type !== 'oob') return 'answerApp';
  if (journey === 'newNumber' && firstTime('changeNumber')) return 'changeNumber';
  if (journey === 'resend' && firstTime('askForSecondText')) return 'askForSecondText';
  return 'answerText';
}
