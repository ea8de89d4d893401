import { blotted } from '../enrollment/free-text';
import { isE164 } from '../enrollment/phone-number';
import { isFactorName, type FactorName } from '../factors';
import type { ConfirmCodeResult, MfaEnrollmentInput, TokenInput } from './messages';

/** What people and systems ask of a case. Signals and updates both end as one of these, so both go the same way. */
export type Command =
  | {
      readonly type: 'code';
      /** Which kind of challenge the sender answers. */
      readonly answers: 'oob' | 'otp';
      readonly factor?: FactorName;
      readonly code: string;
      readonly challengeId?: string;
      /** Set when the code has been dealt with. */
      result?: CodeResult;
    }
  | { readonly type: 'resend'; done?: true }
  | { readonly type: 'changePhoneNumber'; readonly phoneNumber: string; done?: true }
  | { readonly type: 'token'; readonly token: TokenInput; done?: true };

export type CodeCommand = Extract<Command, { type: 'code' }>;

export type CodeResult = Pick<ConfirmCodeResult, 'result'> & { /** Epoch ms. */ readonly retryAt?: number };

/** More than this many unanswered commands come from a fault or an attack; the rest is dropped and counted. */
export const inboxBound = 20;

/** Six digits; blanks and dashes, which people type and paste, are dropped. `undefined` for anything else. */
export function parseCode(value: unknown): string | undefined {
  const text = isObject(value) ? value['code'] : value;
  if (typeof text !== 'string') return undefined;
  const digits = text.replace(/[\s-]/g, '');
  return /^\d{6}$/.test(digits) ? digits : undefined;
}

/** The challenge that a signal's payload names, if it names one. */
export const parseChallengeId = (value: unknown): string | undefined =>
  isObject(value) && typeof value['challengeId'] === 'string' ? value['challengeId'] : undefined;

/** Ten years, in seconds: more is no life of anything here, and far more is beyond what dates can hold. */
const longestLife = 315_360_000;

const isLife = (value: unknown): value is number => typeof value === 'number' && value > 0 && value <= longestLife;

/** A token as callers send it; `undefined` when it is none. A life that is no number of seconds up to ten years counts as unsaid. */
export function parseToken(value: unknown): TokenInput | undefined {
  if (!isObject(value)) return undefined;
  const { accessToken, expiresIn, refreshToken } = value;
  if (typeof accessToken !== 'string' || accessToken === '') return undefined;
  const life = isLife(expiresIn) ? { expiresIn } : {};
  return {
    accessToken,
    ...life,
    ...(typeof refreshToken === 'string' && refreshToken !== '' ? { refreshToken } : {}),
  };
}

export function parsePhoneNumber(value: unknown): string | undefined {
  const phoneNumber = isObject(value) ? value['phoneNumber'] : undefined;
  return typeof phoneNumber === 'string' && isE164(phoneNumber) ? phoneNumber : undefined;
}

/** Anybody with access to Temporal can start a run by hand: is this what a run can begin with? */
export const isEnrollmentInput = (value: unknown): value is MfaEnrollmentInput =>
  isObject(value) &&
  typeof value['userId'] === 'string' &&
  Array.isArray(value['factors']) &&
  value['factors'].length > 0 &&
  new Set(value['factors']).size === value['factors'].length &&
  value['factors'].every(isFactorName) &&
  (value['phoneNumber'] === undefined || parsePhoneNumber(value) !== undefined) &&
  (value['token'] === undefined || parseToken(value['token']) !== undefined) &&
  (value['options'] === undefined || areOptions(value['options']));

const areOptions = (value: unknown): boolean =>
  isObject(value) &&
  (value['lifetimeSeconds'] === undefined || isLife(value['lifetimeSeconds'])) &&
  [undefined, 'keep', 'remove'].some((policy) => policy === value['partialPolicy']);

/** Why somebody cancels: kept short and without numbers, since it is shown to everybody who may see the case. */
export function parseReason(value: unknown): string | undefined {
  const reason = isObject(value) ? value['reason'] : undefined;
  return typeof reason === 'string' && reason.trim() !== '' ? blotted(reason.trim()).slice(0, 200) : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
