import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { createOpenStreams } from '../../src/api/open-streams';
import { createWatches } from '../../src/api/watches';
import { ApiProblem } from '../../src/problems';
import type { Enrollments } from '../../src/temporal/enrollments';
import { as, awaitingCode, id, inState, testApp } from './support';

const completed = inState('completed');
const events = `/v1/enrollments/${id}/events`;

/** Asks until it holds, or fails with the last reason. */
async function eventually(expectation: () => void): Promise<void> {
  for (let tries = 500; ; tries -= 1) {
    try {
      return expectation();
    } catch (error) {
      if (tries === 0) throw error;
      await sleep(10);
    }
  }
}

/** Enrollments that can be watched: each look waits until the test lets it happen. */
function watched() {
  const looks: { readonly id: string; readonly signal: AbortSignal }[] = [];
  let next: (look: { view?: typeof awaitingCode; error?: Error }) => void = () => undefined;
  let wanted: Promise<{ view?: typeof awaitingCode; error?: Error }>;
  const renew = () => (wanted = new Promise((resolve) => (next = resolve)));
  void renew();
  const watch: Enrollments['watch'] = async function* (of, signal) {
    looks.push({ id: of, signal });
    yield awaitingCode;
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
    for (;;) {
      const look = await Promise.race([wanted, stopped]);
      if (look === undefined) return;
      if (look.error !== undefined) throw look.error;
      yield look.view;
      if (look.view === completed) return;
    }
  };
  const show = async (look: { view?: typeof awaitingCode; error?: Error }) => {
    next(look);
    void renew();
    await sleep(0);
  };
  return { watch, looks, show };
}

describe('listeners of one enrollment', () => {
  test('share one look, and each hears every change until the outcome', async () => {
    const { watch, looks, show } = watched();
    const watches = createWatches({ watch });
    const { signal } = new AbortController();
    const listeners = [1, 2, 3].map(async () => {
      const heard = [];
      for await (const view of watches.watch(id, signal)) heard.push(view?.state);
      return heard;
    });
    await sleep(0);
    expect(looks.map((look) => look.id)).toEqual([id]);
    await show({ view: completed });
    const all = ['awaiting_code', 'completed'];
    expect(await Promise.all(listeners)).toEqual([all, all, all]);
    expect(watches.size).toBe(0);
  });

  test('one that comes later begins with the newest look', async () => {
    const { watch, looks } = watched();
    const watches = createWatches({ watch });
    const { signal } = new AbortController();
    const first = watches.watch(id, signal);
    expect((await first.next()).value).toEqual(awaitingCode);
    const second = watches.watch(id, signal);
    expect((await second.next()).value).toEqual(awaitingCode);
    expect(looks).toHaveLength(1);
    await Promise.all([first.return(), second.return()]);
  });

  test('looking ends when the last one has gone, and not before', async () => {
    const { watch, looks } = watched();
    const watches = createWatches({ watch });
    const [one, other] = [new AbortController(), new AbortController()];
    const listen = async (signal: AbortSignal) => {
      for await (const view of watches.watch(id, signal)) void view;
    };
    const listeners = [listen(one.signal), listen(other.signal)];
    await sleep(0);
    one.abort();
    await listeners[0];
    expect(looks[0]?.signal.aborted).toBe(false);
    other.abort();
    await listeners[1];
    expect(looks[0]?.signal.aborted).toBe(true);
    expect(watches.size).toBe(0);
    const third = watches.watch(id, new AbortController().signal);
    expect((await third.next()).value).toEqual(awaitingCode);
    expect(looks).toHaveLength(2);
    await third.return();
  });

  test('a look that fails fails for all of them, and the next listener looks anew', async () => {
    const { watch, looks, show } = watched();
    const watches = createWatches({ watch });
    const { signal } = new AbortController();
    const listeners = [1, 2].map(async () => {
      for await (const view of watches.watch(id, signal)) void view;
    });
    const outcomes = Promise.allSettled(listeners);
    await sleep(0);
    await show({ error: new ApiProblem('enrollment_not_found') });
    expect(await outcomes).toEqual([
      { status: 'rejected', reason: expect.any(ApiProblem) },
      { status: 'rejected', reason: expect.any(ApiProblem) },
    ]);
    const next = watches.watch(id, signal);
    expect((await next.next()).value).toEqual(awaitingCode);
    expect(looks).toHaveLength(2);
    await next.return();
  });

  test('one that does not listen keeps a bounded number of changes, the newest', async () => {
    let told = 0;
    const watches = createWatches({
      watch: async function* () {
        for (; told < 100; told += 1) yield { ...awaitingCode, attemptsLeft: told };
        yield completed;
      },
    });
    const slow = watches.watch(id, new AbortController().signal);
    await slow.next();
    await eventually(() => expect(told).toBe(100));
    await sleep(0);
    const heard = [];
    for await (const view of slow) heard.push(view);
    expect(heard).toHaveLength(16);
    expect(heard.at(-1)).toEqual(completed);
  });
});

describe('event streams', () => {
  test('of one caller are capped with 429, of the process with 503, and a stream that ends makes room', () => {
    const streams = createOpenStreams({ perCaller: 2, perProcess: 3 });
    const [first] = [streams.open('a'), streams.open('a')];
    expect(() => streams.open('a')).toThrow(expect.objectContaining({ code: 'too_many_requests' }));
    streams.open('b');
    expect(() => streams.open('c')).toThrow(expect.objectContaining({ code: 'unavailable' }));
    first?.();
    first?.(); // counts once
    streams.open('c');
    expect(() => streams.open('a')).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  test('one too many is a problem with Retry-After, and room comes back when a stream has ended', async () => {
    const { watch, looks, show } = watched();
    const { app } = await testApp({ watch }, { streamLimits: { perCaller: 1, perProcess: 10 } });
    const open = app.inject({ url: events, headers: as('ops') });
    await eventually(() => expect(looks).toHaveLength(1));
    const refused = await app.inject({ url: events, headers: as('ops') });
    expect(refused.statusCode).toBe(429);
    expect(refused.json()).toMatchObject({ code: 'too_many_requests' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await show({ view: completed });
    expect((await open).body).toContain('"state":"completed"');
    const next = app.inject({ url: events, headers: as('ops') });
    await eventually(() => expect(looks).toHaveLength(2));
    await app.close();
    expect((await next).statusCode).toBe(200);
  });

  test('a stream that does not begin is not counted', async () => {
    const { app } = await testApp(
      {
        // eslint-disable-next-line require-yield -- it ends before its first look
        watch: async function* () {
          throw new ApiProblem('enrollment_not_found');
        },
      },
      { streamLimits: { perCaller: 1, perProcess: 1 } },
    );
    for (let n = 0; n < 3; n += 1) {
      expect((await app.inject({ url: events, headers: as('ops') })).statusCode).toBe(404);
    }
  });

  test('ends when the credential that opened it expires, and says so', async () => {
    const { watch } = watched();
    const { app } = await testApp(
      { watch },
      {
        authenticate: async () => ({
          name: 'jwt:x',
          kind: 'jwt',
          scopes: ['enrollments:read'],
          namesPersons: false,
          expiresAt: Date.now() + 50,
        }),
      },
    );
    const { body } = await app.inject({ url: events, headers: as('ops') });
    expect(body).toContain('event: enrollment');
    expect(body).toMatch(
      /event: problem\ndata: \{"type":"urn:mfa-enrollment:problem:unauthorized".*has expired.*\n\n$/,
    );
  });
});
