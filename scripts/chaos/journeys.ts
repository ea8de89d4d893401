import { pick, type Draw } from './draw';

/** What the people around a case do. All of them mean to end with both factors, but for those who cancel. */
export const journeys = {
  straight: 'does everything right',
  wrongCodes: 'types a wrong code before each right one',
  resend: 'asks for a second text, and answers with either of the two',
  newNumber: 'gave a wrong number, and gives another one',
  noToken: 'starts without a token, and brings it later',
  shortToken: 'brings a token that dies too soon, then another one',
  refreshToken: 'brings a token that dies too soon, with a refresh token',
  hadSms: 'had the text message factor before',
  hadLeftover: 'had an unconfirmed record before, which is not ours to remove',
  cancelsEarly: 'cancels at the first challenge',
  cancelsHalfWay: 'cancels with one factor active',
} as const;

export type JourneyName = keyof typeof journeys;

export const cancels = (journey: JourneyName): boolean => journey === 'cancelsEarly' || journey === 'cancelsHalfWay';

const weights: Readonly<Record<JourneyName, number>> = {
  straight: 28,
  wrongCodes: 14,
  resend: 12,
  newNumber: 8,
  noToken: 8,
  shortToken: 5,
  refreshToken: 5,
  hadSms: 6,
  hadLeftover: 4,
  cancelsEarly: 5,
  cancelsHalfWay: 5,
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
