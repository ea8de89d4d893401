import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import pino from 'pino';
import { secret } from '../src/secret';

const hidden = secret('hunter2');

test('reveal gives the value', () => {
  expect(hidden.reveal()).toBe('hunter2');
});

test.each([
  ['interpolation', () => `${hidden.toString()} ${String(hidden)}`],
  ['inspection, also of what is hidden', () => inspect({ hidden }, { showHidden: true, depth: 9 })],
  ['JSON', () => JSON.stringify({ hidden })],
  ['an error message', () => new Error(`bad ${String(hidden)}`).message],
  ['a log line', () => logged({ hidden })],
])('%s shows [redacted] in its place', (_how, print) => {
  expect(print()).toContain('[redacted]');
  expect(print()).not.toContain('hunter2');
});

function logged(fields: object): string {
  const lines: string[] = [];
  pino({}, { write: (line: string) => void lines.push(line) }).info(fields);
  return lines.join('');
}
