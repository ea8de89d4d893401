import { expect, test } from '@jest/globals';
import type { Enrollments } from '../../src/api/enrollments';
import { ApiProblem } from '../../src/api/problems';
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
