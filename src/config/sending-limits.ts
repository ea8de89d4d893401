import { z } from 'zod';
import { defined } from '../enrollment/defined';
import type { ConfigReader } from './reader';

/** Texts and calls in any 24 hours; absent: no limit. */
export interface SendingLimitsConfig {
  readonly textsPerNumber?: number;
  readonly textsPerCaller?: number;
}

const expected = 'a whole number from 1 to 9999999, or unlimited';
const perDay = z
  .string()
  .regex(/^([1-9]\d{0,6}|unlimited)$/, expected)
  .transform((text) => (text === 'unlimited' ? Infinity : Number(text)));

/** `TEXTS_PER_NUMBER_PER_DAY` and `TEXTS_PER_CALLER_PER_DAY`; why these defaults: docs/decisions/0016-sending-limits.md. */
export function readSendingLimits(reader: ConfigReader): SendingLimitsConfig {
  const perNumber = reader.withDefault('TEXTS_PER_NUMBER_PER_DAY', perDay, 10);
  const perCaller = reader.withDefault('TEXTS_PER_CALLER_PER_DAY', perDay, 10_000);
  return Object.freeze(
    defined({
      textsPerNumber: perNumber === Infinity ? undefined : perNumber,
      textsPerCaller: perCaller === Infinity ? undefined : perCaller,
    }),
  );
}
