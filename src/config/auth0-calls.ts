import { z } from 'zod';
import { defined } from '../enrollment/defined';
import type { ConfigReader } from './reader';

/** How many calls the tenant takes from all workers together; without `callsPerSecond` that is not known. */
export interface Auth0CallsConfig {
  readonly callsPerSecond?: number;
  /** At once; absent: those of one second, and at least 10. */
  readonly callsBurst?: number;
}

const expectedRate = 'a number above 0 and up to 99999 such as 5 or 0.5, or unlimited';
const rate = z
  .string()
  .regex(/^(?:\d{1,5}(?:\.\d{1,3})?|unlimited)$/, expectedRate)
  .transform((text) => (text === 'unlimited' ? Infinity : Number(text)))
  .refine((number) => number > 0, expectedRate);
const burst = z
  .string()
  .regex(/^[1-9]\d{0,5}$/, 'a whole number from 1 to 999999')
  .transform(Number);

/** `AUTH0_CALLS_PER_SECOND` and `AUTH0_CALLS_BURST`; what they are for: docs/decisions/0020-tenant-budget.md. */
export function readAuth0Calls(reader: ConfigReader): Auth0CallsConfig {
  const perSecond = reader.withDefault('AUTH0_CALLS_PER_SECOND', rate, Infinity);
  const callsBurst = reader.optional('AUTH0_CALLS_BURST', burst);
  if (reader.isSet('AUTH0_CALLS_BURST') && perSecond === Infinity) {
    reader.fault('AUTH0_CALLS_PER_SECOND', 'a number together with AUTH0_CALLS_BURST');
  }
  return Object.freeze(defined({ callsPerSecond: perSecond === Infinity ? undefined : perSecond, callsBurst }));
}
