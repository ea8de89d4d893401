/** One event of a stream, or the pause that the server asks for before the next connection. */
export type StreamMessage =
  | { readonly type: 'event'; readonly event: string; readonly data: string }
  | { readonly type: 'retry'; readonly ms: number }
  | { readonly type: 'comment' };

/** Longer than any event of this API; what exceeds it is not one. Characters. */
const longestEvent = 1_000_000;

/**
 * Reads server-sent events (WHATWG HTML, 9.2.6) from bytes. Small enough to be here, so that the package needs no other one.
 * An event that the connection breaks off is dropped, as the standard says.
 */
export async function* readEventStream(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<StreamMessage> {
  const decoder = new TextDecoder(); // drops a byte order mark
  let rest = '';
  let event = '';
  let data: string[] = [];
  for await (const chunk of bytes) {
    rest += decoder.decode(chunk, { stream: true });
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(rest); // a CR at the end may be half of a CRLF
      if (end === null) break;
      const line = rest.slice(0, end.index);
      rest = rest.slice(end.index + end[0].length);
      if (line === '') {
        if (data.length > 0) yield { type: 'event', event: event || 'message', data: data.join('\n') };
        event = '';
        data = [];
        continue;
      }
      const [, field = '', value = ''] = /^([^:]*)(?:: ?)?(.*)$/s.exec(line) ?? [];
      if (field === '') yield { type: 'comment' };
      else if (field === 'event') event = value;
      else if (field === 'data') data.push(value);
      else if (field === 'retry' && /^\d+$/.test(value)) yield { type: 'retry', ms: Number(value) };
    }
    const length = rest.length + data.reduce((sum, line) => sum + line.length, 0);
    if (length > longestEvent) throw new RangeError(`An event has more than ${longestEvent} characters.`);
  }
}
