import { pick, type Draw } from './draw';

/** What the people around a case do. All of them mean to end with both factors, except those who cancel. */
export const journeys = {
  straight: 'does everything right',
  wrongCodes: 'types a wrong code before each right one',
  resend: 'asks for a second text, and answers with either of the two',
  newNumber: 'gave a wrong number, and gives another one',
  noToken: 'starts without a token, and brings it later',
  shortToken: 'brings a token that dies too soon, then another one',
  refreshToken: 'brings a token that dies too soon, with a refresh token',
  hadSms: 'had the text message factor before',
  hadLeftover: 'had an unconfirmed authenticator before, which is not ours to remove',
  otherUsersToken: 'brings a token of another user over HTTP, and then the right one',
  otherUsersSignal: 'sends a token of another user as a plain signal, and then brings the right one',
  otherUsersRefreshToken: 'brings a token that dies too soon, with a refresh token of another user, then the right one',
  signalFlood: 'sends 1,500 meaningless signals in the middle of the case',
  cancelsEarly: 'cancels at the first challenge',
  cancelsHalfWay: 'cancels with one factor active',
} as const;

export type JourneyName = keyof typeof journeys;

export const cancels = (journey: JourneyName): boolean => journey === 'cancelsEarly' || journey === 'cancelsHalfWay';

/** Is a second user around, whose tokens are brought for this case? */
export const involvesOtherUser = (journey: JourneyName): boolean =>
  journey === 'otherUsersToken' || journey === 'otherUsersSignal' || journey === 'otherUsersRefreshToken';

const weights: Readonly<Record<JourneyName, number>> = {
  straight: 22,
  wrongCodes: 12,
  resend: 12,
  newNumber: 8,
  noToken: 7,
  shortToken: 5,
  refreshToken: 5,
  hadSms: 6,
  hadLeftover: 4,
  otherUsersToken: 3,
  otherUsersSignal: 3,
  otherUsersRefreshToken: 3,
  signalFlood: 2,
  cancelsEarly: 4,
  cancelsHalfWay: 4,
};

/** The journey of the case with this index: the same for the same seed. The first ones go through all journeys once. */
export function journeyOf(draw: Draw, index: number): JourneyName {
  const names = Object.keys(weights) as JourneyName[]; // the keys of `weights`, which are all journeys
  return (
    names[index] ??
    pick(
      draw('journey', index),
      names.map((name) => [weights[name], name] as const),
    )
  );
}
