import { isNativeError } from 'node:util/types';
import { redacted } from './secret';
import { shownText } from './shown-members';

/**
 * An error as an operator may read it: name, code, message and stack, then the same of each cause. Nothing else that hangs on
 * the error is printed, for other people's errors carry requests and answers; what looks like a credential in a message is
 * redacted.
 */
export const errorText = (error: unknown): string => chain(error, 0).join('\nCaused by: ');

/** Is it an error, also of another realm such as a workflow's sandbox? */
export const isError = (value: unknown): value is Error => value instanceof Error || isNativeError(value);

/** A word such as `ECONNREFUSED`, which says more than the message of a failed connection; other codes are not shown. */
export function errorCode(error: Error): string | undefined {
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Za-z][A-Za-z_]{1,60}$/.test(code) ? code : undefined;
}

/** Causes may form a circle. */
const deepest = 8;

function chain(error: unknown, depth: number): readonly string[] {
  if (error === undefined || depth >= deepest) return [];
  return [textOf(error), ...causesOf(error).flatMap((cause) => chain(cause, depth + 1))];
}

function causesOf(error: unknown): readonly unknown[] {
  if (!isError(error)) return [];
  const several: unknown = 'errors' in error ? error.errors : undefined; // an AggregateError's
  const causes: readonly unknown[] = Array.isArray(several) ? several : [];
  return [error.cause, ...causes.slice(0, deepest)];
}

function textOf(error: unknown): string {
  if (!isError(error)) return typeof error === 'string' ? shownText(error) : `${redacted} (${typeof error})`;
  const code = errorCode(error);
  const frames = /(?:\n {4}at .*)+$/.exec(error.stack ?? '')?.[0] ?? '';
  return `${error.name}${code === undefined ? '' : ` [${code}]`}: ${shownText(error.message)}${frames}`;
}
