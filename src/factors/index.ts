import { email } from './email';
import { otp } from './otp';
import { sms } from './sms';
import { voice } from './voice';

/** The registry: a new factor is a file beside this one and a word here. Types, schemas, routes, sentences and the command line derive from it. */
export const factors = { sms, otp, voice, email };

export type FactorName = keyof typeof factors;

/** In the order in which they are registered. */
export const factorNames = Object.keys(factors) as FactorName[]; // Object.keys forgets the key type; the object is closed

export const isFactorName = (value: unknown): value is FactorName =>
  typeof value === 'string' && Object.hasOwn(factors, value);

/** Which kind of code answers a challenge of this factor: a binding code (`oob`) or a code of an app (`otp`). */
export const answeredBy = (name: FactorName): 'oob' | 'otp' =>
  factors[name].delivery.type === 'setupKey' ? 'otp' : 'oob';

/** The order a new user goes through when the caller names none. */
export const defaultPlan: readonly FactorName[] = ['sms', 'otp'];

export type { AssociateRequest, Authenticator, DeliveryBucket } from './factor';
