import { pick, type Draw } from './draw';

/** A payload as Temporal carries it: `data` in the form that `metadata.encoding` names. */
export interface PlainPayload {
  readonly metadata: Readonly<Record<string, Uint8Array>>;
  readonly data: Uint8Array;
}

export interface PlainSignal {
  readonly name: string;
  readonly payloads: readonly PlainPayload[];
}

/** A value as any Temporal client writes it that does not encrypt. */
export const plainJson = (value: unknown): PlainPayload => payload('json/plain', JSON.stringify(value));

const payload = (encoding: string, data: string | Uint8Array): PlainPayload => ({
  metadata: { encoding: Buffer.from(encoding) },
  data: Buffer.from(data),
});

const signalNames = ['submitBindingCode', 'submitOtp', 'provideToken', 'noSuchSignal'] as const;

const large = 'x'.repeat(100 * 1024);

/** Each with its weight. None is six digits, which would be a guess at a code and cost an attempt. */
const shapes: readonly (readonly [weight: number, payloads: readonly PlainPayload[]])[] = [
  ...[null, true, 12345, -1.5, '', 'abcdef', '12345', '1234567', ' ', [], [[['1']]], {}].map(
    (value) => [3, [plainJson(value)]] as const,
  ),
  ...[{ code: null }, { code: '12345' }, { code: { code: '1' } }, { code: ['1'], challengeId: 7 }].map(
    (value) => [3, [plainJson(value)]] as const,
  ),
  ...[{ accessToken: '' }, { accessToken: 5 }, { accessToken: 'no.token.atall', expiresIn: 600 }].map(
    (value) => [3, [plainJson(value)]] as const,
  ),
  [3, []],
  [3, [plainJson('12345'), plainJson('12345'), plainJson({})]],
  [3, [payload('json/plain', '{"code":')]],
  [3, [payload('binary/null', '')]],
  [3, [payload('binary/plain', Buffer.from([0, 255, 1, 254]))]],
  [3, [payload('text/unheard-of', 'code')]],
  [3, [payload('binary/encrypted', 'nothing that was encrypted')]],
  [3, [{ metadata: {}, data: Buffer.from('code') }]],
  [1, [plainJson(large)]],
  [1, [plainJson({ code: large })]],
  [1, [payload('binary/plain', large)]],
];

/**
 * Signals that mean nothing, of every shape, the same ones for the same seed. None of them asks for a text or for the end: a
 * case that ignores them goes on as if they had not come.
 */
export const floodOf = (draw: Draw, index: number, count: number): readonly PlainSignal[] =>
  Array.from({ length: count }, (_, position) => ({
    name: pick(
      draw('signal name', index, position),
      signalNames.map((name) => [1, name] as const),
    ),
    payloads: pick(draw('signal shape', index, position), shapes),
  }));
