import { Connection } from '@temporalio/client';
import { startStack, type Stack } from '../stack';
import { createTenant } from '../stack/tenant';
import { enrollBare } from './bare';
import { enrollDurable } from './durable';
import { createStopwatch, type Percentiles, type Watches } from './stopwatch';

export interface BenchOptions {
  readonly cases: number;
  readonly atOnce: number;
  readonly say: (line: string) => void;
}

/** Milliseconds, but for `perSecond`. */
export interface Figures {
  readonly perSecond: number;
  readonly firstChallenge: Percentiles;
  readonly code: Percentiles;
  readonly whole: Percentiles;
}

export interface BenchReport {
  readonly cases: number;
  readonly atOnce: number;
  readonly bare: Figures;
  readonly durable: Figures;
  readonly history: { readonly events: number; readonly bytes: number };
}

type Enroll = (userId: string, watches: Watches) => Promise<void>;

/** Slices, so that what else the machine does falls on both ways alike. */
const slices = 4;

/** Both ways on one stack, in turns. Throws when a single enrollment does not end with both factors. */
export async function runBench({ cases, atOnce, say }: BenchOptions): Promise<BenchReport> {
  const stack = await startStack({
    compiled: true,
    logLevel: 'warn',
    apiVariables: { API_CALLS_PER_MINUTE: '1000000' },
  });
  try {
    const tenant = createTenant(stack);
    const ways = { bare: createWay(enrollBare(stack, tenant)), durable: createWay(enrollDurable(stack, tenant)) };
    await ways.durable.run(await users(tenant, 'warm-up', Math.min(20, cases)), atOnce);
    ways.durable.forget();
    for (let slice = 0; slice < slices; slice += 1) {
      const size = Math.ceil((cases * (slice + 1)) / slices) - Math.ceil((cases * slice) / slices);
      for (const [name, way] of Object.entries(ways)) {
        await way.run(await users(tenant, `${name}-${slice}`, size), atOnce);
        say(`${name}: slice ${slice + 1} of ${slices}`);
      }
    }
    const history = await historyOf(stack);
    return { cases, atOnce, bare: ways.bare.figures(), durable: ways.durable.figures(), history };
  } finally {
    await stack.stop();
  }
}

function createWay(enroll: Enroll) {
  const fresh = (): Watches => ({
    firstChallenge: createStopwatch(),
    code: createStopwatch(),
    whole: createStopwatch(),
  });
  let watches = fresh();
  let done = 0;
  let ms = 0;

  return {
    async run(userIds: readonly string[], atOnce: number): Promise<void> {
      const waiting = [...userIds];
      const began = performance.now();
      const lane = async () => {
        for (let userId = waiting.pop(); userId !== undefined; userId = waiting.pop()) {
          const of = userId;
          await watches.whole.time(() => enroll(of, watches));
        }
      };
      await Promise.all(Array.from({ length: atOnce }, lane));
      ms += performance.now() - began;
      done += userIds.length;
    },
    forget() {
      [watches, done, ms] = [fresh(), 0, 0];
    },
    figures: (): Figures => ({
      perSecond: (done * 1000) / ms,
      firstChallenge: watches.firstChallenge.percentiles(),
      code: watches.code.percentiles(),
      whole: watches.whole.percentiles(),
    }),
  };
}

async function users(tenant: ReturnType<typeof createTenant>, name: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push(await tenant.createUser(`${name}-${index}@example.com`));
  return ids;
}

/** Means over the runs that Temporal lists. */
async function historyOf({ temporal, namespace, taskQueue }: Stack): Promise<BenchReport['history']> {
  const connection = await Connection.connect({ address: temporal });
  try {
    const { executions } = await connection.workflowService.listWorkflowExecutions({
      namespace,
      query: `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Completed'`,
      pageSize: 500,
    });
    const mean = (of: (execution: (typeof executions)[number]) => number) =>
      Math.round(executions.reduce((sum, each) => sum + of(each), 0) / executions.length);
    return {
      events: mean(({ historyLength }) => Number(historyLength ?? 0)),
      bytes: mean(({ historySizeBytes }) => Number(historySizeBytes ?? 0)),
    };
  } finally {
    await connection.close();
  }
}
