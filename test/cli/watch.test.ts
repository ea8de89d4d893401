import { expect, test } from '@jest/globals';
import { ApiProblem, problemBody } from '../../src/problems';
import type { Enrollments } from '../../src/temporal/enrollments';
import { awaitingCode, id, inState } from '../api/support';
import { mfa, serve, serveApi } from './support';

const looks = (...states: Parameters<typeof inState>[0][]): Enrollments['watch'] =>
  async function* () {
    for (const state of states) yield inState(state);
  };

test('mfa watch prints a line for each change and ends with 0 when every factor is active', async () => {
  const { env } = await serveApi({ watch: looks('associating', 'awaiting_code', 'completed') });
  const ran = await mfa(['watch', id], { env: env('ops') });
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  const states = ran.stdout.trimEnd().split('\n');
  expect(states).toEqual(['associating', 'awaiting_code', 'completed'].map((state) => expect.stringContaining(state)));
});

test.each(['partial', 'expired', 'cancelled', 'failed'] as const)('mfa watch ends with 1 at %s', async (outcome) => {
  const { env } = await serveApi({ watch: looks(outcome) });
  expect((await mfa(['watch', id], { env: env('ops') })).exitCode).toBe(1);
});

test('mfa watch --json prints one JSON value a line', async () => {
  const { env } = await serveApi({ watch: looks('associating', 'completed') });
  const { stdout } = await mfa(['watch', id, '--json'], { env: env('ops') });
  const seen = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { state: string });
  expect(seen.map(({ state }) => state)).toEqual(['associating', 'completed']);
});

test('mfa watch opens a stream again that ends before the outcome, and repeats nothing', async () => {
  const streams = [looks('associating'), looks('associating', 'completed')];
  const { env } = await serveApi({ watch: (...of) => (streams.shift() ?? looks())(...of) });
  const ran = await mfa(['watch', id], { env: env('ops') });
  expect(ran.exitCode).toBe(0);
  expect(ran.stdout.trimEnd().split('\n')).toHaveLength(2);
});

test('mfa watch opens a stream again that breaks off', async () => {
  let streams = 0;
  const api = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const state = ++streams === 1 ? 'associating' : 'completed';
    response.write(`event: enrollment\ndata: ${JSON.stringify(inState(state))}\n\n`, () => {
      if (streams === 1) response.socket?.destroy();
      else response.end();
    });
  });
  const ran = await mfa(['watch', id], { env: { MFA_API: api, MFA_API_KEY: 'some-key' } });
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
});

test.each([
  ['before its first event', false],
  ['in the middle', true],
])('a problem %s ends mfa watch with its own exit code', async (_name, late) => {
  const { env } = await serveApi({
    async *watch() {
      if (late) yield awaitingCode;
      throw new ApiProblem('enrollment_not_found');
    },
  });
  const ran = await mfa(['watch', id], { env: env('ops') });
  expect(ran).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('There is no such enrollment.') });
});

test('Ctrl-C ends mfa watch with 130', async () => {
  const interrupted = new AbortController();
  const { env } = await serveApi({
    async *watch(_id, signal) {
      yield awaitingCode;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  });
  const ran = await mfa(['watch', id], {
    env: env('ops'),
    signal: interrupted.signal,
    onOutput: () => interrupted.abort(),
  });
  expect(ran.exitCode).toBe(130);
});

test('mfa watch with a key that may not read ends with 4', async () => {
  const { api } = await serveApi({});
  const ran = await mfa(['watch', id], { env: { MFA_API: api, MFA_API_KEY: 'no-such-key' } });
  expect(ran.exitCode).toBe(4);
});

test('mfa watch with nothing at the address ends with 3', async () => {
  const ran = await mfa(['watch', id], { env: { MFA_API: 'http://127.0.0.1:1', MFA_API_KEY: 'some-key' } });
  expect(ran.exitCode).toBe(3);
});

const serving = 'text/event-stream';

/** An API that is away after its first event: it answers as `later` says, one answer for each try, then with the outcome. */
async function comesBack(...later: (503 | 429 | 'cut')[]) {
  let tries = 0;
  const api = await serve((request, response) => {
    tries += 1;
    const answer = tries === 1 ? undefined : later[tries - 2];
    if (answer === 'cut') return void request.socket.destroy();
    if (answer !== undefined) {
      const code = answer === 503 ? 'unavailable' : 'too_many_requests';
      response.writeHead(answer, { 'content-type': 'application/problem+json' });
      return void response.end(JSON.stringify(problemBody(new ApiProblem(code, { retryAfter: 40 }), 'r-1')));
    }
    response.writeHead(200, { 'content-type': serving });
    const state = tries === 1 ? 'associating' : 'completed';
    response.end(`event: enrollment\ndata: ${JSON.stringify(inState(state))}\n\n`);
  });
  return { env: { MFA_API: api, MFA_API_KEY: 'some-key' }, tries: () => tries };
}

test.each<[string, (503 | 429 | 'cut')[]]>([
  ['cuts every connection', ['cut', 'cut', 'cut', 'cut', 'cut', 'cut']],
  ['is not ready', [503, 503]],
  ['has too many callers', [429]],
])('mfa watch outlives an API that %s for a while after its first event, and says so', async (_name, later) => {
  const { env } = await comesBack(...later);
  const waited: number[] = [];
  const ran = await mfa(['watch', id], { env, wait: async (ms) => void waited.push(ms) });
  expect(ran).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('It is tried again for up to 5 minutes.') });
  expect(ran.stderr).toContain('mfa: The API answers again.\n');
  expect(ran.stdout.trimEnd().split('\n')).toHaveLength(2);
  if (later[0] !== 'cut') expect(Math.max(...waited)).toBe(40_000); // as the API has asked
});

test('mfa watch waits longer and longer, gives up after 5 minutes without a word, and says how to go on', async () => {
  const { env, tries } = await comesBack(...Array.from({ length: 1000 }, () => 503 as const));
  const waited: number[] = [];
  let now = Date.parse('2026-11-24T09:00:00.000Z');
  const wait = async (ms: number) => {
    waited.push(ms);
    now += ms;
  };
  const ran = await mfa(['watch', id], { env, wait, clock: () => now });
  expect(ran).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(`Go on later with: mfa watch ${id}`) });
  expect(now - Date.parse('2026-11-24T09:00:00.000Z')).toBeGreaterThanOrEqual(300_000);
  expect(tries()).toBe(waited.length + 1);
});

test('the pauses of mfa watch grow up to 15 seconds', async () => {
  const cuts = Array.from({ length: 30 }, () => 'cut' as const);
  const { env } = await comesBack(...cuts);
  const waited: number[] = [];
  await mfa(['watch', id], { env, wait: async (ms) => void waited.push(ms) });
  const bounds = [1000, 2000, 4000, 8000, 15_000, 15_000].map((most) => [most / 2, most] as const);
  for (const [index, [least, most]] of bounds.entries()) {
    expect(waited[index]).toBeGreaterThanOrEqual(least);
    expect(waited[index]).toBeLessThanOrEqual(most);
  }
});

test('Ctrl-C while the API is away ends mfa watch with 130', async () => {
  const { env } = await comesBack(...Array.from({ length: 20 }, () => 'cut' as const));
  const interrupted = new AbortController();
  const wait = async () => interrupted.abort();
  expect((await mfa(['watch', id], { env, wait, signal: interrupted.signal })).exitCode).toBe(130);
});
