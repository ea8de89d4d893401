import { inspect } from 'node:util';

/** Stands in place of what is not shown. */
export const redacted = '[redacted]' as const;

/** A value that must not reach a log, an error or a dump by accident: only `reveal` gives it. */
export interface Secret<Value = string> {
  reveal(): Value;
  toString(): typeof redacted;
  toJSON(): typeof redacted;
}

/** Wraps a value so that printing, inspecting, interpolating and JSON all show `[redacted]`. */
export function secret<Value>(value: Value): Secret<Value> {
  const hidden = () => redacted;
  return Object.freeze({ reveal: () => value, toString: hidden, toJSON: hidden, [inspect.custom]: hidden });
}
