import { cancels, type JourneyName } from './journeys';
import type { View } from './person';
import type { TrueRecord } from '../stack/tenant';

/** What can be wrong with a case once everything is quiet. Each must be 0. */
export const faults = {
  lost: 'asked for, and nowhere to be found',
  stuck: 'not ended',
  falselyConfirmed: 'says active where the tenant does not, or the reverse',
  wrongOutcome: 'ended otherwise than what people did allows',
  wrongClosing: 'the run closed otherwise than its outcome says',
  orphans: 'left an unconfirmed record of its own',
  tookAway: 'removed a record that was there before it',
  tooManyTexts: 'more texts than it counted, or than the bound',
} as const;
export type Fault = keyof typeof faults;

export interface Ended {
  readonly journey: JourneyName;
  /** The last that the API told of the case; undefined: it never was there. */
  readonly view: Pick<View, 'state' | 'factors' | 'textsLeft' | 'endedAt'> | undefined;
  /** How Temporal says the run closed. */
  readonly closed: string | undefined;
  /** Texts that reached the user's phone from our case. */
  readonly texts: number;
  readonly recordsBefore: readonly TrueRecord[];
  readonly recordsAfter: readonly TrueRecord[];
}

/** Auth0's bucket per user: what one case can send within the hour. */
export const textBound = 10;

/** Compares what a case says with what the tenant knows. */
export function judge({ journey, view, closed, texts, recordsBefore, recordsAfter }: Ended): readonly Fault[] {
  if (view === undefined) return ['lost'];
  if (view.endedAt === undefined) return ['stuck'];
  const before = new Set(recordsBefore.map(({ id }) => id));
  const after = new Set(recordsAfter.map(({ id }) => id));
  const checks: Readonly<Record<Exclude<Fault, 'lost' | 'stuck'>, boolean>> = {
    falselyConfirmed: view.factors.some(({ factor, active }) => active !== isActive(recordsAfter, factor)),
    wrongOutcome: !allowed(journey).includes(view.state),
    wrongClosing: closed !== (view.state === 'cancelled' ? 'CANCELED' : 'COMPLETED'),
    orphans: recordsAfter.some(({ id, active, kind }) => !active && kind !== 'recovery-code' && !before.has(id)),
    tookAway: [...before].some((id) => !after.has(id)),
    tooManyTexts: texts > textBound || texts > textBound - view.textsLeft,
  };
  return (Object.keys(checks) as (keyof typeof checks)[]).filter((fault) => checks[fault]); // keys of the object above
}

const isActive = (records: readonly TrueRecord[], factor: string): boolean =>
  records.some((record) => record.active && (record.channel ?? record.kind) === factor);

/** Who cancels may be too late: every code was accepted before. */
const allowed = (journey: JourneyName): readonly string[] =>
  cancels(journey) ? ['cancelled', 'completed'] : ['completed'];
