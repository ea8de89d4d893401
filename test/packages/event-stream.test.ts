import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createParser } from 'eventsource-parser';
import { readEventStream } from '../../packages/client/src/event-stream';

async function read(chunks: readonly Uint8Array[]): Promise<object[]> {
  const messages: object[] = [];
  async function* bytes() {
    yield* chunks;
  }
  for await (const message of readEventStream(bytes())) if (message.type === 'event') messages.push(message);
  return messages;
}

/** Another reading of the same standard. */
function readByLibrary(text: string): object[] {
  const messages: object[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => messages.push({ type: 'event', event: event || 'message', data }),
  });
  parser.feed(text);
  return messages;
}

test('a stream is read as the standard says, wherever its bytes are cut', async () => {
  const line = fc.constantFrom(
    'event: a',
    'event:b',
    'data: {"x":1}',
    'data:  é€😀',
    'data',
    ': hi',
    'id: 7',
    'odd',
    '',
  );
  const newline = fc.constantFrom('\n', '\r\n');
  const text = fc.array(fc.tuple(line, newline)).map((lines) => lines.flat().join(''));
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat({ max: 300 }), { maxLength: 5 }), async (content, cuts) => {
      const bytes = Buffer.from(content);
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((one, other) => one - other), bytes.length];
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      expect(await read(chunks)).toEqual(readByLibrary(content));
    }),
  );
});

test('an event without an end is refused before it fills the memory', async () => {
  const chunk = Buffer.from(`data: ${'x'.repeat(600_000)}`);
  await expect(read([chunk, chunk])).rejects.toThrow(/more than 1000000 characters/);
});
