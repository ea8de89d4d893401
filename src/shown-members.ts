import { isE164, maskPhoneNumber } from './enrollment/phone-number';
import { problemCodes } from './enrollment/problems';
import { redacted } from './secret';

// What an operator may be shown of an enrollment's data: in payloads that the codec server decodes, and in the log. Both are
// lists of what may be shown, so a member that somebody adds later stays hidden until it is named here.

/** What a member that may be shown holds. A value that does not look like it is redacted all the same. */
type Kind =
  /** A closed word such as `awaiting_code`: letters, with `_`, `-`, `:` or `.` between them. */
  | 'word'
  /** A name that somebody gave: of an enrollment, a run, an authenticator, a user. Never four digits and more alone. */
  | 'identifier'
  /** The name of a caller or of a person who acts through one: as an identifier, and with spaces between words. */
  | 'name'
  /** A sentence. What looks like a credential in it is redacted, the rest is shown. */
  | 'text'
  /** The code of a problem, which is a word. The code that a person typed has the same member name and is never shown. */
  | 'problemCode'
  /** Shown masked. */
  | 'phoneNumber'
  /** A plus sign and 1 to 7 digits: too short to be anybody's number. */
  | 'phonePrefix'
  /** A number of any size. Without this, a number that could be somebody's code or phone number is not shown. */
  | 'number';

export type ShownMembers = Readonly<Record<string, Kind>>;

/** Of the payloads of an enrollment: inputs, messages, results, memo, failures. Elements of a list go by the name of the list. */
export const shownInPayloads: ShownMembers = {
  state: 'word',
  factor: 'word',
  factors: 'word',
  name: 'word',
  type: 'word',
  kind: 'word',
  result: 'word',
  problem: 'word',
  tokenProblem: 'word',
  failure: 'word',
  blockedOn: 'word',
  bucket: 'word',
  answers: 'word',
  doubt: 'word',
  lost: 'word',
  phase: 'word',
  wanted: 'word',
  kept: 'word',
  acceptedHere: 'word',
  associating: 'word',
  who: 'word',
  what: 'text',
  authenticatorType: 'word',
  oobChannel: 'word',
  partialPolicy: 'word',
  opaqueTokens: 'word',
  scope: 'word',

  id: 'identifier',
  userId: 'identifier',
  challengeId: 'identifier',
  authenticatorId: 'identifier',
  knownIds: 'identifier',
  activeIds: 'identifier',
  stale: 'identifier',
  candidates: 'identifier',
  firstRunId: 'identifier',
  // Keyed hashes: whose hand did something.
  caller: 'identifier',
  person: 'identifier',

  message: 'text',
  nextAction: 'text',
  reason: 'text',
  stack_trace: 'text',
  // What Temporal's web interface asks a run about itself.
  currentDetails: 'text',
  description: 'text',

  code: 'problemCode',
  phoneNumber: 'phoneNumber',
  verifiedPhoneNumber: 'phoneNumber',

  prefix: 'phonePrefix',
  why: 'word',

  messagesPerRun: 'number',
  cap: 'number',
  granted: 'number',
  count: 'number',
};

/** Of log lines: who did what to which enrollment, and what Temporal's SDK says of its own work. No user and no number. */
export const shownInLogs: ShownMembers = {
  state: 'word',
  factor: 'word',
  result: 'word',
  type: 'word',
  kind: 'word',
  event: 'word',
  command: 'word',
  answers: 'word',
  signal: 'word',
  method: 'word',
  sdkComponent: 'word',
  why: 'word',
  target: 'word',

  challengeId: 'identifier',
  // Keyed hashes: whose hand did something.
  hand: 'identifier',
  handPerson: 'identifier',
  enrollment: 'identifier',
  namespace: 'identifier',
  taskQueue: 'identifier',
  workflowId: 'identifier',
  workflowType: 'identifier',
  runId: 'identifier',
  workflowRunId: 'identifier',
  activityId: 'identifier',
  activityType: 'identifier',
  buildId: 'identifier',
  trace_id: 'identifier',
  identity: 'identifier',
  auth0: 'identifier',
  ip: 'identifier',

  action: 'text', // a word, or a method and the pattern of a route
  caller: 'name',
  person: 'name',
  subject: 'text',
  reason: 'text',
  message: 'text',
  error: 'text',

  code: 'problemCode',
  prefix: 'phonePrefix',
  webhook: 'identifier',
  campaign: 'identifier',

  payloads: 'number',
  unreadable: 'number',
  responseTime: 'number',
  historyLength: 'number',
  historySize: 'number',
};

/**
 * `value` as far as it may be shown. Numbers and booleans are, and times in ISO 8601; a string only under a member that
 * `members` names, and standing alone (a summary, a signal's argument) as a text.
 */
export const shown = (value: unknown, members: ShownMembers): unknown =>
  typeof value === 'string' ? shownText(value) : shownMember('', value, members, 0);

/** The members of an object as far as they may be shown. */
export const shownMembers = (value: object, members: ShownMembers): Record<string, unknown> =>
  shownObject(value, members, 0);

/** A text without what looks like a credential: runs of six digits and more, and long unbroken strings, as tokens and keys are. */
export const shownText = (text: string): string =>
  text.replace(textParts, (part) => (isHarmlessText(part) ? part : redacted));

/** Deeper data is nothing of ours. */
const deepest = 12;

function shownMember(name: string, value: unknown, members: ShownMembers, depth: number): unknown {
  switch (typeof value) {
    case 'boolean':
    case 'undefined':
      return value;
    case 'string':
      return isTime(value) ? value : shownString(value, kindOf(name, members));
    case 'number':
      return isHarmlessNumber(name, value) || kindOf(name, members) === 'number' ? value : redacted;
    case 'object':
      if (value === null) return null;
      if (depth >= deepest) return redacted;
      if (Array.isArray(value)) return value.map((element) => shownMember(name, element, members, depth + 1));
      return isPlain(value) ? shownObject(value, members, depth) : redacted;
    default:
      return redacted;
  }
}

const shownObject = (value: object, members: ShownMembers, depth: number): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value).map(([name, member]) => [shownText(name), shownMember(name, member, members, depth + 1)]),
  );

/** Not an instance of some class, whose members are nobody's to show. Also of another realm, as a workflow's sandbox is. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null; // typed any
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const kindOf = (name: string, members: ShownMembers): Kind | undefined =>
  Object.hasOwn(members, name) ? members[name] : undefined;

function shownString(value: string, kind: Kind | undefined): string {
  switch (kind) {
    case 'word':
      return /^[A-Za-z](?:[A-Za-z]|[_:.-](?=[A-Za-z])){0,59}$/.test(value) ? value : redacted;
    case 'identifier':
      return /^(?![\d\s+()-]{4,}$)(?!ey[JA])[\x21-\x7e]{1,255}$/.test(value) ? value : redacted;
    case 'name':
      return /^(?![\d\s+()-]{4,}$)(?!ey[JA])(?!.*(?:^| )\+?\d{6,}(?: |$))[\x20-\x7e]{1,255}$/.test(value)
        ? value
        : redacted;
    case 'text':
      return shownText(value);
    case 'problemCode':
      return problemCodes.some((code) => code === value) ? value : redacted;
    case 'phoneNumber':
      if (isE164(value)) return maskPhoneNumber(value);
      return /^[•X*]+\d{0,4}$/.test(value) ? value : redacted;
    case 'phonePrefix':
      return /^\+[1-9]\d{0,6}$/.test(value) ? value : redacted;
    case 'number':
    case undefined:
      return redacted;
  }
}

/** Small counts, epoch milliseconds of this age (2017 to 2096), and what its name calls a length of time: none of it can be a code or a phone number. */
const isHarmlessNumber = (name: string, value: number): boolean =>
  Math.abs(value) < 1000 || (value > 1.5e12 && value < 4e12) || /(?:Ms|Seconds|At|In|After)$/.test(name);

const time = String.raw`(?:19|20)\d\d-[01]\d-[0-3]\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)?`;
const octet = String.raw`(?:25[0-5]|2[0-4]\d|1?\d?\d)`;
const address = String.raw`${octet}(?:\.${octet}){3}(?![\d.])`;

const isTime = matching(time);
const isAddress = matching(address);
const isHarmlessText = (part: string): boolean => isTime(part) || isAddress(part) || areWords(part);

/** `wrong-kind`, `WorkflowTaskFailed`: words that are joined. A credential of 20 characters has digits or capitals in a row. */
const areWords = (part: string): boolean =>
  part.split(/[_-]|(?=[A-Z])/).every((word) => word === '' || /^[A-Z]?[a-z]+$/.test(word));

/** What in a text may be a credential: a JWT, an oob_code, an otpauth address, an unbroken string, six digits with what people put between. */
const textParts = new RegExp(
  [
    String.raw`\b${time}`,
    String.raw`\b${address}`,
    String.raw`\bey[\w-]{8,}(?:\.[\w-]*){1,4}`,
    String.raw`\b(?:Fe26\.|otpauth:)\S+`,
    String.raw`[A-Za-z0-9+=_-]{20,}`,
    String.raw`\+?\d(?:[\s().-]{0,2}\d){5,}`,
  ].join('|'),
  'g',
);

function matching(pattern: string): (text: string) => boolean {
  const whole = new RegExp(`^(?:${pattern})$`);
  return (text) => whole.test(text);
}
