import { inspect } from 'node:util';

/** A value that must not reach a log, an error or a dump by accident: only `reveal` gives it. */
export interface Secret<Value = string> {
  reveal(): Value;
  toString(): '[secret]';
  toJSON(): '[secret]';
}

/** Wraps a value so that printing, inspecting, interpolating and JSON all show `[secret]`. */
export function secret<Value>(value: Value): Secret<Value> {
  const hidden = () => '[secret]' as const;
  return Object.freeze({ reveal: () => value, toString: hidden, toJSON: hidden, [inspect.custom]: hidden });
}
