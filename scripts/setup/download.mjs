import { progress } from './progress.mjs';

const answerWithin = 10_000;
const wholeWithin = 300_000;

/**
 * Fetches a URL into memory; ten seconds for an answer to begin, five minutes for all of it, progress shown.
 *
 * @throws Error with a one-line reason
 */
export async function download(url, what) {
  const given = new globalThis.AbortController();
  const timer = setTimeout(() => given.abort(), answerWithin);
  const shown = progress(what);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([given.signal, AbortSignal.timeout(wholeWithin)]) });
    clearTimeout(timer);
    if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`);
    const total = Number(response.headers.get('content-length'));
    const chunks = [];
    let received = 0;
    for await (const chunk of response.body) {
      chunks.push(chunk);
      received += chunk.length;
      shown.bytes(received, total);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error.name === 'AbortError') throw new Error(`no answer within ${answerWithin / 1000} s`, { cause: error });
    if (error.name === 'TimeoutError') throw new Error(`not done within ${wholeWithin / 1000} s`, { cause: error });
    if (error.message === 'fetch failed') throw new Error(`no connection (${error.cause?.code})`, { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
    shown.stop();
  }
}
