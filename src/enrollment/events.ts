import type { FactorName } from '../factors';
import { defined } from './defined';
import { currentFactor, isSettled, type Enrollment } from './enrollment';
import { noticeTypes, outcomes, type EnrollmentStatus } from './status';
import { newNotices } from './timeline';
import { viewOf } from './view';

// What other systems are told of an enrollment (docs/webhooks.md). Names are public: receivers compare them.

const prefix = 'enrollment.';
type Name = 'state_changed' | (typeof outcomes)[number] | (typeof noticeTypes)[number];
type ChangeType = `enrollment.${Name}`;
export type EventType = ChangeType | typeof linkCreated;

/** A sign-in link of a campaign, for the system that sends it to the user. Whoever holds it opens the user's sign-in page. */
export const linkCreated = 'enrollment.link_created';

/** Each outcome has a type of its own, and so has each notice. `state_changed`: the state or the factor under way is another one. */
export const eventTypes: readonly EventType[] = [
  ...(['state_changed', ...outcomes, ...noticeTypes] as const).map((name) => `${prefix}${name}` as const),
  linkCreated,
];

export const isEventType = (value: unknown): value is EventType => eventTypes.some((type) => type === value);

/** One thing that happened to an enrollment. Holds no token, no code, no key; numbers are masked, as everywhere in a status. */
export interface EnrollmentChanged {
  /** The same each time it is sent: receivers know a repeated one by it. */
  readonly id: string;
  readonly type: ChangeType;
  /** Grows by one with each event of an enrollment, from 1. */
  readonly sequence: number;
  /** When it happened: ISO 8601, UTC. */
  readonly at: string;
  /** Of `factor_confirmed`: which one. */
  readonly factor?: FactorName;
  /** When the event was made, which is later than what happened by less than one step. */
  readonly status: EnrollmentStatus;
}

/** A link that is to be handed over. The link itself is made at the moment it is sent, so that it is kept nowhere. */
export interface LinkCreated {
  readonly id: string;
  readonly type: typeof linkCreated;
  /** When it was asked for: ISO 8601, UTC. */
  readonly at: string;
  readonly campaignId: string;
  /** Auth0's user_id: to whom it is to be sent. */
  readonly userId: string;
  /** 0: the first link of this user; 1 and more: a reminder. */
  readonly reminder: number;
  /** 128 bits: the link's own name. Sent again it is the same link, which works once. */
  readonly linkId: string;
  /** The life of the link, from when it is sent. */
  readonly linkSeconds: number;
  /** Where users reach the API; without a final slash. */
  readonly publicUrl: string;
}

/** What is sent to other systems. */
export type OutgoingEvent = EnrollmentChanged | LinkCreated;

/** How far the events of an enrollment have come: the next ones are what differs from it. Goes along when a run continues as new. */
export interface Told {
  /** Of the last event; 0 before the first. */
  readonly sequence: number;
  /** As it was when the last look was taken; absent before the first. */
  readonly enrollment?: Enrollment;
}

export const nothingTold: Told = { sequence: 0 };

/**
 * What happened since the last look, oldest first: the notices, then where the enrollment is now. What came and went in between is
 * not seen: an enrollment is looked at whenever it rests. `runId` names the enrollment and goes into the ids; `now` in epoch ms.
 */
export function eventsSince(
  told: Told,
  after: Enrollment,
  { runId, now, tokenExpiresAt }: { readonly runId: string; readonly now: number; readonly tokenExpiresAt?: number },
): { readonly told: Told; readonly events: readonly EnrollmentChanged[] } {
  const { enrollment: before } = told;
  if (before === after) return { told, events: [] };
  const happened = [
    ...newNotices(before ?? {}, after).map(({ type, at, factor }) => ({ name: type, at, ...defined({ factor }) })),
    ...stateChange(before, after, now),
  ];
  if (happened.length === 0) return { told: { ...told, enrollment: after }, events: [] };
  const status = viewOf(after, now, tokenExpiresAt);
  const events = happened.map(({ name, at, ...rest }, index): EnrollmentChanged => {
    const sequence = told.sequence + index + 1;
    return {
      id: `evt_${runId}_${sequence}`,
      type: `${prefix}${name}`,
      sequence,
      at: new Date(at).toISOString(),
      ...rest,
      status,
    };
  });
  return { told: { sequence: told.sequence + events.length, enrollment: after }, events };
}

interface Happened {
  readonly name: Name;
  readonly at: number;
  readonly factor?: FactorName;
}

function stateChange(before: Enrollment | undefined, after: Enrollment, now: number): readonly Happened[] {
  if (isSettled(after)) {
    return before !== undefined && isSettled(before) ? [] : [{ name: after.state, at: after.endedAt }];
  }
  const same =
    before !== undefined &&
    before.state === after.state &&
    (isSettled(before) ? undefined : currentFactor(before)) === currentFactor(after);
  return same ? [] : [{ name: 'state_changed', at: now }];
}

/** Does this event say that nothing more will come where it is delivered? A link is delivered by a run of its own. */
export const isLast = ({ type }: Pick<OutgoingEvent, 'type'>): boolean =>
  type === linkCreated || outcomes.some((outcome) => type === `${prefix}${outcome}`);

/** Events as a message brings them; `undefined` for anything else. Only what the payload codec opened gets here. */
export function parseEvents(value: unknown): readonly OutgoingEvent[] | undefined {
  return Array.isArray(value) && value.length <= 100 && value.every(isEvent) ? value : undefined;
}

const isEvent = (value: unknown): value is OutgoingEvent =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  'type' in value &&
  isEventType(value.type) &&
  'at' in value &&
  typeof value.at === 'string' &&
  (value.type === linkCreated ? isLink(value) : isChange(value));

const isChange = (value: object): boolean =>
  'sequence' in value &&
  Number.isSafeInteger(value.sequence) &&
  'status' in value &&
  typeof value.status === 'object' &&
  value.status !== null;

const isLink = (value: object): boolean => {
  const { campaignId, userId, reminder, linkId, linkSeconds, publicUrl }: Record<string, unknown> = { ...value };
  return (
    [campaignId, userId, linkId, publicUrl].every((text) => typeof text === 'string') &&
    [reminder, linkSeconds].every((number) => Number.isSafeInteger(number))
  );
};
