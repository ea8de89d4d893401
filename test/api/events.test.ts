import { expect, test } from '@jest/globals';
import { ApiProblem } from '../../src/problems';
import type { EnrollmentView } from '../../src/temporal/enrollments/runs';
import { as, awaitingCode, id, inState, testApp } from './support';

const url = `/v1/enrollments/${id}/events`;
const completed = inState('completed');
const event = (number: number, name: string, data: unknown) =>
  `id: ${number}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

async function events(watch: () => AsyncGenerator<EnrollmentView | undefined, void, undefined>) {
  const { app } = await testApp({ watch });
  return app.inject({ url, headers: as('ops') });
}

test('a stream tells where the case is and each change, and ends with the outcome', async () => {
  const answer = await events(async function* () {
    yield awaitingCode;
    yield undefined;
    yield completed;
  });
  expect(answer.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  expect(answer.body).toBe(
    `retry: 3000\n\n${event(1, 'enrollment', awaitingCode)}${event(2, 'enrollment', completed)}`,
  );
});

test('an unknown case is a problem, not a stream', async () => {
  // eslint-disable-next-line require-yield -- it ends before its first look
  const answer = await events(async function* () {
    throw new ApiProblem('enrollment_not_found');
  });
  expect(answer.statusCode).toBe(404);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
});

test('a stream that breaks says so in its last event', async () => {
  const answer = await events(async function* () {
    yield awaitingCode;
    throw new ApiProblem('enrollment_not_found');
  });
  expect(answer.body).toContain('event: problem\ndata: {"type":"urn:mfa-enrollment:problem:enrollment_not_found"');
});

test('closing the API ends the streams that are open', async () => {
  let watched = (_signal: AbortSignal) => {};
  const watching = new Promise<AbortSignal>((resolve) => (watched = resolve));
  const { app } = await testApp({
    async *watch(_id, signal) {
      yield awaitingCode;
      watched(signal);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  });
  const answer = app.inject({ url, headers: as('ops') });
  expect((await watching).aborted).toBe(false);
  await app.close();
  expect((await answer).body).toContain('event: enrollment');
});
