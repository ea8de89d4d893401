import { otp } from './otp';
import { sms } from './sms';

/** The registry: a new factor is a file beside this one and a word here. Everything else derives from it. */
export const factors = { sms, otp };

export type FactorName = keyof typeof factors;

/** In the order in which they are registered. */
export const factorNames = Object.keys(factors) as FactorName[]; // Object.keys forgets the key type; the object is closed

export const isFactorName = (value: unknown): value is FactorName =>
  typeof value === 'string' && Object.hasOwn(factors, value);

/** The order a new user goes through when the caller names none. */
export const defaultPlan: readonly FactorName[] = ['sms', 'otp'];

export type { AssociateRequest, Authenticator } from './factor';
