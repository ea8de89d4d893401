import { redactFreeText } from './redact';

// Prefixes of phone numbers to which an operator has stopped all texts and calls (docs/decisions/0016-sending-limits.md).

export interface StoppedPrefix {
  /** A plus sign and 1 to 7 digits, such as `+88213`: too short to be anybody's number. */
  readonly prefix: string;
  /** Why, in up to 200 characters, without numbers and whatever looks like a credential. */
  readonly reason: string;
  /** Epoch ms. */
  readonly since: number;
}

/** More than that is no switch for an emergency any more: use PHONE_COUNTRIES. */
export const mostStoppedPrefixes = 100;

/** The prefix as it is kept; `undefined` for anything but 1 to 7 digits, with or without a plus sign. */
export function parsePrefix(value: unknown): string | undefined {
  const digits = typeof value === 'string' ? /^\+?([1-9]\d{0,6})$/.exec(value)?.[1] : undefined;
  return digits === undefined ? undefined : `+${digits}`;
}

/** The prefix that stops texts to this number (E.164), if one does. */
export const stoppedBy = (stopped: readonly StoppedPrefix[], phoneNumber: string): StoppedPrefix | undefined =>
  stopped.find(({ prefix }) => phoneNumber.startsWith(prefix));

/** Stops a prefix at `now` (epoch ms). One that is stopped already keeps its time and gets the newer reason. `undefined`: too many are stopped. */
export function stop(
  stopped: readonly StoppedPrefix[],
  { prefix, reason }: Pick<StoppedPrefix, 'prefix' | 'reason'>,
  now: number,
): readonly StoppedPrefix[] | undefined {
  const known = stopped.find((each) => each.prefix === prefix);
  const others = stopped.filter((each) => each !== known);
  if (others.length >= mostStoppedPrefixes) return undefined;
  return [...others, { prefix, reason, since: known?.since ?? now }].sort((one, other) =>
    one.prefix < other.prefix ? -1 : 1,
  );
}

export const resume = (stopped: readonly StoppedPrefix[], prefix: string): readonly StoppedPrefix[] =>
  stopped.filter((each) => each.prefix !== prefix);

/** What is to be stopped, as a message brings it; `undefined` for anything else. */
export function parseStop(value: unknown): Pick<StoppedPrefix, 'prefix' | 'reason'> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const prefix = parsePrefix('prefix' in value ? value.prefix : undefined);
  const reason = 'reason' in value && typeof value.reason === 'string' ? value.reason.trim() : '';
  if (prefix === undefined || reason === '') return undefined;
  return { prefix, reason: redactFreeText(reason.slice(0, 1000)).slice(0, 200) };
}

/** The list as it was kept; `undefined` for anything that is no such list. */
export function parseStopped(value: unknown): readonly StoppedPrefix[] | undefined {
  if (!Array.isArray(value) || value.length > mostStoppedPrefixes) return undefined;
  const parsed = value.flatMap((each: unknown): StoppedPrefix[] => {
    const stopped = parseStop(each);
    const since = typeof each === 'object' && each !== null && 'since' in each ? each.since : undefined;
    return stopped !== undefined && typeof since === 'number' && Number.isSafeInteger(since) && since >= 0
      ? [{ ...stopped, since }]
      : [];
  });
  return parsed.length === value.length ? parsed : undefined;
}
