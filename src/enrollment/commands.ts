import { factorNames, isFactorName, type FactorName } from '../factors';
import { isHash, parseActor, type Actor } from './actor';
import { defined } from './defined';
import type { Inherited } from './enrollment';
import { limits } from './limits';
import { isE164 } from './phone-number';
import { redactFreeText } from './redact';
import type { OpaqueTokens } from './token-owner';
import type { GivenToken } from './tokens';

// What people and systems ask of an enrollment, and how it is read from messages. Signals are durable before anyone looks
// at them, so every parser takes any value and throws on none.

/** A code of the user. */
export interface CodeCommand {
  readonly type: 'code';
  /** Which kind of challenge the sender answers: a binding code that was sent (`oob`), or a code of an app (`otp`). */
  readonly answers: 'oob' | 'otp';
  /** The factor the sender names; a signal names none. */
  readonly factor?: FactorName;
  readonly code: string;
  readonly challengeId?: string;
  /** Whose hand sent it; absent when nobody can tell. */
  readonly by?: Actor;
  /** It came as plain text, from somebody who writes to Temporal directly. */
  readonly unsealed?: true;
}

/** Signals and updates both end as one of these, so both go the same way. */
export type Command =
  | CodeCommand
  | { readonly type: 'resend' }
  | {
      readonly type: 'changePhoneNumber';
      readonly phoneNumber: string;
      /** Its keyed hash, by which the enrollment is found from then on. */
      readonly phoneNumberHash?: string;
      readonly by?: Actor;
    }
  /** The user has saved the recovery code. */
  | { readonly type: 'acknowledgeRecoveryCode'; readonly by?: Actor }
  | {
      readonly type: 'token';
      readonly token: GivenToken;
      /** The token is refused when the user was shown something else. */
      readonly shown?: Shown;
      /** The user agreed to what was shown. */
      readonly consent?: true;
    };

/** What the user was shown before they signed in. */
export interface Shown {
  /** How often the number had been changed when its last digits were shown. */
  readonly phoneNumberChanges: number;
}

/** A command in line. Its answer carries the same id. */
export type Received = { readonly id: number; readonly command: Command };

/** What became of a code. */
export type CodeResult =
  'confirmed' | 'already_confirmed' | 'rejected' | 'rate_limited' | 'expired' | 'token_needed' | 'unavailable';

/** Why a message is refused, as the `type` of the ApplicationFailure that its sender gets. */
export const refusalTypes = [
  'malformed',
  'wrong_step',
  'stale_challenge',
  'rate_limited',
  'resend_too_soon',
  'too_many_texts',
  'not_resendable',
  'token_of_another_user',
  'token_unreadable',
  'second_person_needed',
  'number_changed',
  'busy',
  'settled',
] as const;
export type RefusalType = (typeof refusalTypes)[number];

export interface Refusal {
  readonly type: RefusalType;
  /** One sentence that never repeats what was sent. */
  readonly message: string;
  /** Epoch ms. */
  readonly retryAt?: number;
}

/** What becomes of a command. Each gets exactly one. */
export type Answer = { readonly id: number } & (
  | { readonly type: 'done' }
  | { readonly type: 'code'; readonly result: CodeResult; /** Epoch ms. */ readonly retryAt?: number }
  | { readonly type: 'refused'; readonly refusal: Refusal }
);

/** How a run begins. Numbers are seconds where not said otherwise; defaults are in limits.ts. */
export interface EnrollmentInput {
  /** Auth0's user_id: 1 to 255 characters. */
  readonly userId: string;
  /** In order, each once. */
  readonly factors: readonly FactorName[];
  /** E.164. */
  readonly phoneNumber?: string;
  readonly token?: GivenToken;
  readonly options?: EnrollmentOptions;
  readonly inherited?: Inherited;
  /** Whose hand started it, and so set its number. */
  readonly startedBy?: Actor;
}

export interface EnrollmentOptions {
  /** Life of the whole enrollment. */
  readonly lifetimeSeconds?: number;
  /** What becomes of factors that did get active when the enrollment ends without all of them. */
  readonly partialPolicy?: 'keep' | 'remove';
  /** Whether tokens are used whose user cannot be read (docs/decisions/0012-whose-token.md). */
  readonly opaqueTokens?: OpaqueTokens;
  /** Messages after which the run continues as new; for tests of that. */
  readonly messagesPerRun?: number;
  /**
   * Steps are performed inside the workflow task where that is safe (docs/decisions/0019-local-first.md). Every worker that may
   * get the run has to know this option; without it all steps are remote activities, as in runs that are older than it.
   */
  readonly localFirst?: boolean;
  /**
   * Whether an earlier try of the first workflow task has sent a text is asked inside that task's local activity. Without it the length of
   * the history tells, as in runs that are older than this option; that is another one on replay where the task took long. Every worker
   * that may get the run has to know this option.
   */
  readonly recallInTask?: boolean;
  /**
   * `acknowledge`: where the user has agreed on the page of a sign-in link, an enrollment that has given a recovery code is not over
   * before somebody says that the user has saved it, or its deadline comes. Absent: it is over as soon as every factor is read back.
   */
  readonly recoveryCode?: 'acknowledge';
  /**
   * Somebody wants to hear of this enrollment by webhook (docs/decisions/0025-webhooks.md). `keyId`: of the key that its public id is made
   * under. Every worker that may get the run has to know this option.
   */
  readonly webhooks?: { readonly keyId: string };
}

/** Six digits; blanks and dashes, which people type and paste, are dropped. `undefined` for anything else. */
export function parseCode(value: unknown): string | undefined {
  const text = isObject(value) ? value['code'] : value;
  if (typeof text !== 'string' || text.length > 100) return undefined;
  const digits = text.replace(/[\s-]/g, '');
  return /^\d{6}$/.test(digits) ? digits : undefined;
}

/** The challenge that a payload names, if it names one: 1 to 100 characters. */
export function parseChallengeId(value: unknown): string | undefined {
  const id = isObject(value) ? value['challengeId'] : undefined;
  return typeof id === 'string' && id !== '' && id.length <= 100 ? id : undefined;
}

/**
 * A code signal as a command; `undefined` when its payload holds no code, or a hand that is none. `sealed`: it came encrypted by
 * our codec; only then is it believed whose hand it is.
 */
export function parseCodeSignal(answers: 'oob' | 'otp', payload: unknown, sealed: boolean): CodeCommand | undefined {
  const code = parseCode(payload);
  if (code === undefined) return undefined;
  const factor = isObject(payload) && isFactorName(payload['factor']) ? payload['factor'] : undefined;
  const sentBy = sealed && isObject(payload) ? payload['by'] : undefined;
  const by = parseActor(sentBy);
  if (sentBy !== undefined && by === undefined) return undefined;
  return {
    type: 'code',
    answers,
    code,
    ...defined({ factor, challengeId: parseChallengeId(payload), by }),
    ...(sealed ? {} : { unsealed: true }),
  };
}

const longestTokenLength = 8192;
const isToken = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= longestTokenLength;
const isLife = (value: unknown): value is number =>
  typeof value === 'number' && value > 0 && value <= limits.longestLifetimeSeconds;
const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value > 0 && value <= Number.MAX_SAFE_INTEGER / 1000;

/**
 * A token as callers send it; `undefined` when it is none, or longer than 8192 characters. A life that is no number of
 * seconds up to ten years counts as unsaid.
 */
export function parseToken(value: unknown): GivenToken | undefined {
  if (!isObject(value) || !isToken(value['accessToken'])) return undefined;
  const { accessToken, expiresIn, expiresAt, refreshToken } = value;
  return {
    accessToken,
    ...defined({
      expiresIn: isLife(expiresIn) ? expiresIn : undefined,
      expiresAt: isTime(expiresAt) ? expiresAt : undefined,
      refreshToken: isToken(refreshToken) ? refreshToken : undefined,
    }),
  };
}

/** What somebody was shown, as it comes with a token; `undefined` when it is nothing of the kind. */
export function parseShown(value: unknown): Shown | undefined {
  const changes = isObject(value) ? value['phoneNumberChanges'] : undefined;
  return typeof changes === 'number' && Number.isSafeInteger(changes) && changes >= 0
    ? { phoneNumberChanges: changes }
    : undefined;
}

export function parsePhoneNumber(value: unknown): string | undefined {
  const phoneNumber = isObject(value) ? value['phoneNumber'] : undefined;
  return typeof phoneNumber === 'string' && isE164(phoneNumber) ? phoneNumber : undefined;
}

/** The keyed hash that comes with a phone number: 1 to 64 characters of base64url; `undefined` for anything else. */
export function parsePhoneNumberHash(value: unknown): string | undefined {
  const hash = isObject(value) ? value['phoneNumberHash'] : undefined;
  return isHash(hash) ? hash : undefined;
}

/** What a start must be, for whoever sent something else. */
export const inputExpected =
  `An enrollment begins with {userId, factors, phoneNumber?, token?, options?, startedBy?}: a userId of 1 to 255 characters; factors out of ` +
  `${factorNames.join(', ')}, each once; an E.164 number; options {lifetimeSeconds?, partialPolicy?, opaqueTokens?, localFirst?, recallInTask?, recoveryCode?, webhooks?}: ` +
  `up to ten years, keep or remove, refuse or accept, true or false, true or false, acknowledge, {keyId}.`;

/** Anybody with access to Temporal can start a run by hand: is this what a run can begin with? */
export const isEnrollmentInput = (value: unknown): value is EnrollmentInput =>
  isObject(value) &&
  typeof value['userId'] === 'string' &&
  value['userId'] !== '' &&
  value['userId'].length <= 255 &&
  Array.isArray(value['factors']) &&
  value['factors'].length > 0 &&
  new Set(value['factors']).size === value['factors'].length &&
  value['factors'].every(isFactorName) &&
  (value['phoneNumber'] === undefined || parsePhoneNumber(value) !== undefined) &&
  (value['token'] === undefined || parseToken(value['token']) !== undefined) &&
  (value['options'] === undefined || areOptions(value['options'])) &&
  (value['inherited'] === undefined || isInherited(value['inherited'])) &&
  (value['startedBy'] === undefined || parseActor(value['startedBy']) !== undefined);

const areOptions = (value: unknown): boolean =>
  isObject(value) &&
  (value['lifetimeSeconds'] === undefined || isLife(value['lifetimeSeconds'])) &&
  [undefined, 'keep', 'remove'].some((policy) => policy === value['partialPolicy']) &&
  [undefined, 'refuse', 'accept'].some((rule) => rule === value['opaqueTokens']) &&
  (value['messagesPerRun'] === undefined || isLife(value['messagesPerRun'])) &&
  [undefined, true, false].some((choice) => choice === value['localFirst']) &&
  [undefined, true, false].some((choice) => choice === value['recallInTask']) &&
  [undefined, 'acknowledge'].some((choice) => choice === value['recoveryCode']) &&
  (value['webhooks'] === undefined || isKeyId(value['webhooks']));

const isKeyId = (value: unknown): boolean =>
  isObject(value) && typeof value['keyId'] === 'string' && /^[\w-]{1,64}$/.test(value['keyId']);

const isInherited = (value: unknown): boolean =>
  isObject(value) &&
  isBucket(value['attempts']) &&
  isObject(value['deliveries']) &&
  isBucket(value['deliveries']['phone']) &&
  isBucket(value['deliveries']['email']) &&
  (value['lastDeliveryAt'] === undefined || isTime(value['lastDeliveryAt']));

/** Bounded so that no sum of its numbers leaves what a date can show. */
const isBucket = (value: unknown): boolean =>
  isObject(value) &&
  isWithin(value['capacity'], 1, 1_000) &&
  isWithin(value['refillMs'], 1, 1e9) &&
  isWithin(value['level'], 0, 1_000) &&
  isWithin(value['since'], 0, Number.MAX_SAFE_INTEGER / 1000);

const isWithin = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && value >= least && value <= most;

/** Why somebody cancels: kept short and without numbers, since it is shown to everybody who may see the enrollment. */
export function parseReason(value: unknown): string | undefined {
  const reason = isObject(value) ? value['reason'] : undefined;
  return typeof reason === 'string' && reason.trim() !== ''
    ? redactFreeText(reason.trim().slice(0, 1000)).slice(0, 200)
    : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
