import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { openMetrics } from '../../src/api/metrics';
import { createOpenCounts, openQueries } from '../../src/temporal/open-counts';

/** A Temporal that counts so, and the queries that it got. */
function temporalThat(count: (query: string) => number | Error) {
  const asked: string[] = [];
  const client = {
    workflow: {
      count: async (query: string) => {
        asked.push(query);
        const answer = count(query);
        if (answer instanceof Error) throw answer;
        return { count: answer };
      },
    },
    withDeadline: (_deadline: unknown, call: () => Promise<unknown>) => call(),
  } as unknown as Parameters<typeof createOpenCounts>[0]; // of all that a client can do, what is used
  return { client, asked };
}

describe('open runs', () => {
  const counted = (query: string) =>
    ({ [openQueries.waitingFor('operator')]: 3, [openQueries.stuck]: 2, [openQueries.undelivered]: 1 })[query] ?? 0;

  test('are counted by who has to act, with those that are stuck and those with events that have not arrived', async () => {
    const { client } = temporalThat(counted);
    expect(await createOpenCounts(client)()).toEqual({
      waitingFor: { user: 0, onboarding: 0, operator: 3, auth0: 0, nobody: 0 },
      stuck: 2,
      undelivered: 1,
    });
  });

  test('are asked for once for all who ask within some seconds, and again after a failure', async () => {
    let down = true;
    const { client, asked } = temporalThat(() => (down ? new Error('down') : 0));
    const counts = createOpenCounts(client, { lifeMs: 600_000 });
    await expect(counts()).rejects.toThrow('down');
    down = false;
    asked.length = 0;
    await Promise.all([counts(), counts()]);
    await counts();
    expect(asked).toHaveLength(7);
  });

  test('are told as Prometheus text; while Temporal does not answer, nothing is said about them', async () => {
    let down = false;
    const { client } = temporalThat((query) => (down ? new Error('down') : counted(query)));
    const registry = new Registry();
    const failures: unknown[] = [];
    openMetrics(registry, createOpenCounts(client, { lifeMs: 0 }), (error) => failures.push(error));
    const text = await registry.metrics();
    expect(text).toContain('mfa_enrollments_open{who="operator"} 3');
    expect(text).toContain('mfa_runs_stuck 2');
    expect(text).toContain('mfa_webhooks_undelivered 1');
    down = true;
    const without = await registry.metrics();
    expect(without).not.toMatch(/^mfa_enrollments_open\{/m);
    expect(without).not.toMatch(/^mfa_(runs_stuck|webhooks_undelivered) /m);
    expect(failures.length).toBeGreaterThan(0);
  });
});
