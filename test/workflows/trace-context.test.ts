import { expect, test } from '@jest/globals';
import { defaultPayloadConverter, type Headers, type Payload } from '@temporalio/common';
import { interceptors } from '../../src/workflows/trace-context';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const headersOf = (value: unknown): Headers => ({ '_tracer-data': defaultPayloadConverter.toPayload(value) });

/** The headers of an activity that follows from a signal with these headers. */
async function passedOn(...heard: readonly Headers[]): Promise<Headers> {
  const { inbound: [inbound] = [], outbound: [outbound] = [] } = interceptors();
  for (const headers of heard) {
    await inbound?.handleSignal?.({ signalName: 'resendCode', args: [], headers }, () => Promise.resolve());
  }
  let told: Headers = {};
  const input = { headers: {}, activityType: 'confirm', args: [], options: {}, seq: 1 };
  await outbound?.scheduleActivity?.(input, (next) => {
    told = next.headers;
    return Promise.resolve();
  });
  return told;
}

test('the trace of a message goes on to what follows from it, without what else its sender had in the header', async () => {
  expect(await passedOn(headersOf({ traceparent, tracestate: 'a=b', baggage: 'user=ada' }))).toEqual(
    headersOf({ traceparent }),
  );
});

test('the newest trace counts, and a message without one changes nothing', async () => {
  const newer = traceparent.replace('0af7', 'ffff');
  expect(await passedOn(headersOf({ traceparent }), headersOf({ traceparent: newer }), {})).toEqual(
    headersOf({ traceparent: newer }),
  );
});

test.each<readonly [string, Payload]>([
  ['no trace', defaultPayloadConverter.toPayload({ traceparent: '+14155550123' })],
  ['no object', defaultPayloadConverter.toPayload(null)],
  ['no JSON', { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{') }],
  ['of an encoding nobody knows', { metadata: { encoding: Buffer.from('x/y') }, data: Buffer.from('z') }],
  ['too long', defaultPayloadConverter.toPayload({ traceparent, more: 'x'.repeat(1_000) })],
])('a header that is %s stops nothing and goes no further', async (_what, payload) => {
  expect(await passedOn({ '_tracer-data': payload })).toEqual({});
});
