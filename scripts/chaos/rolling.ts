import { EventEmitter, once, setMaxListeners } from 'node:events';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { defined } from '../../src/enrollment/defined';
import { createWorkerDeployment, type Directed, type WorkerDeployment } from '../../src/temporal/worker-deployment';
import { startStack, type Stack, type StackOptions } from '../stack';
import type { Service } from '../stack/service';
import { createTenant } from '../stack/tenant';
import { createDraw } from './draw';
import type { JourneyName } from './journeys';
import { play, type PersonParts } from './person';
import { reportOn, type ChaosReport, type Result } from './report';
import { arrange } from './run';
import { createSignals } from './signals';
import { hindranceOf } from './truth';

export interface RollingOptions {
  readonly seed: string;
  /** How many enrollments begin at each restart. */
  readonly peopleEach: number;
  /** How often every process is restarted. */
  readonly rounds: number;
  /** Workers of each of the two versions. */
  readonly workersEach: number;
  readonly apis: number;
  /** When the people lose their patience. */
  readonly minutes: number;
  readonly server?: NonNullable<StackOptions['server']>;
  /** What people do, in turn. */
  readonly journeys: readonly JourneyName[];
  /** A folder, emptied first, that keeps database and logs. */
  readonly folder?: string;
  readonly compiled?: boolean;
  readonly say?: (line: string) => void;
}

export interface RollingReport {
  readonly passed: boolean;
  /** Compared with the tenant, as after chaos. */
  readonly enrollments: ChaosReport;
  readonly restarts: readonly {
    readonly process: string;
    /** Exit code after SIGTERM, or the signal that had to end it. */
    readonly exit: number | string;
    /** Enrollments that were under way. */
    readonly open: number;
  }[];
  /** How many enrollments ended on each version. */
  readonly versions: Readonly<Record<string, number>>;
  /** Calls to the API that had an answer, and tries that had none or a 503 and were made again at another API. */
  readonly calls: { readonly answered: number; readonly madeAgain: number };
}

const deploymentName = 'mfa-enrollment';
/** The versions of the workers. Half of the enrollments begin before the newer one is current. */
const [older, newer] = ['1-older', '2-newer'] as const;

/**
 * Two versions of the workers and several APIs on one Temporal server; one process after another is restarted with SIGTERM, while new enrollments
 * begin at each restart, and half-way the newer version becomes current. Then every enrollment is compared with the tenant. Throws only when the run
 * itself cannot go on.
 */
export async function runRolling(options: RollingOptions): Promise<RollingReport> {
  const { folder, compiled, server, apis, workersEach } = options;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  const stack = await startStack({
    ...defined({ server, compiled, remains: folder }),
    ...{ logLevel: 'warn', apis, workers: 2 * workersEach },
    apiVariables: { API_CALLS_PER_MINUTE: '1000000' },
    workerVariables: (index) => ({
      TEMPORAL_WORKER_VERSIONING: 'true',
      TEMPORAL_DEPLOYMENT_NAME: deploymentName,
      TEMPORAL_WORKER_BUILD_ID: versionAt(index),
    }),
  });
  try {
    const connection = await Connection.connect({ address: stack.temporal });
    try {
      return await runOn(stack, connection, options);
    } finally {
      await connection.close();
    }
  } finally {
    await stack.stop();
  }
}

const versionAt = (index: number): string => (index % 2 === 0 ? older : newer);

async function runOn(stack: Stack, connection: Connection, options: RollingOptions): Promise<RollingReport> {
  const { seed, peopleEach, rounds, journeys, say = () => undefined } = options;
  const began = Date.now();
  const draw = createDraw(seed);
  const tenant = createTenant(stack);
  const signals = createSignals(connection, stack.namespace);
  const { namespace, taskQueue } = stack;
  const deployment = createWorkerDeployment({
    connection,
    namespace,
    taskQueue,
    deploymentName,
    identity: 'rehearsal',
  });
  const order = Array.from({ length: rounds }, () => inTurn(stack)).flat();
  const people = order.length * peopleEach;
  const arranged = await arrange(
    tenant,
    Array.from({ length: people }, (_, index) => index),
    draw,
    (index) => journeys[index % journeys.length] ?? 'straight',
  );
  await untilDone(deployment, (each) => each.setCurrent(older));
  say(`${people} users are there; ${older} is current`);

  const end = AbortSignal.timeout(options.minutes * 60_000);
  setMaxListeners(0, end);
  const reached = new EventEmitter();
  const calls = { answered: 0, madeAgain: 0 };
  const parts: PersonParts = {
    ...{ stack, tenant, signals, draw },
    apis: stack.apis.map(({ address }) => address),
    reached: (moment) => void reached.emit(moment),
    lookEveryMs: 300,
    onAnswer: (tries) => {
      calls.answered += 1;
      calls.madeAgain += tries;
    },
  };
  let open = 0;
  const playing: Promise<Result>[] = [];
  const restarts: RollingReport['restarts'][number][] = [];
  for (const [turn, service] of order.entries()) {
    if (turn === Math.floor(order.length / 2)) {
      await untilDone(deployment, (each) => each.setCurrent(newer));
      say(`${newer} is current`);
    }
    const begun = once(reached, 'start', { signal: end });
    for (const one of arranged.slice(turn * peopleEach, (turn + 1) * peopleEach)) {
      open += 1;
      const played = play(parts, one.plan, end).then(async (result): Promise<Result> => {
        open -= 1;
        return { ...one, ...result, hindrance: hindranceOf(await tenant.requests(one.plan.userId)) };
      });
      played.catch(() => undefined); // awaited below, when all processes have been restarted
      playing.push(played);
    }
    await begun;
    await sleep(600 * draw('after', turn));
    const underWay = open;
    await service.stop();
    restarts.push({ process: service.name, exit: service.exit ?? 'none', open: underWay });
    await service.start();
    say(`${service.name} was restarted with ${underWay} enrollments under way`);
  }
  const results = await Promise.all(playing);
  const seconds = (Date.now() - began) / 1000;
  const report = await reportOn({
    seed,
    seconds,
    stack,
    tenant,
    connection,
    results,
    dealt: [],
    signals: signals.taken,
  });
  const versions = await versionsOf(connection, stack, people);
  const passed =
    report.passed &&
    restarts.every(({ exit }) => exit === 0) &&
    (versions[older] ?? 0) + (versions[newer] ?? 0) === people;
  return { passed, enrollments: report, restarts, versions, calls };
}

/** One round: an API, a worker of each version, the next API, and so on. */
function inTurn({ apis, workers }: Stack): readonly Service[] {
  const turns = Math.max(apis.length, Math.ceil(workers.length / 2));
  return Array.from({ length: turns }, (_, turn) => [
    apis[turn]?.service,
    workers[2 * turn],
    workers[2 * turn + 1],
  ]).flatMap((some) => some.filter((service) => service !== undefined));
}

/** A version is known to Temporal a moment after its worker is ready, and its task queues follow a change a moment after it was taken. */
async function untilDone(
  deployment: WorkerDeployment,
  direct: (deployment: WorkerDeployment) => Promise<Directed>,
): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    const answer = await direct(deployment);
    if (answer.type === 'done' && answer.propagated) return;
    const reason = answer.type === 'refused' ? answer.reason : 'it is still telling its task queues';
    if (Date.now() > until) throw new Error(`Temporal does not direct enrollments: ${reason}`);
    await sleep(200);
  }
}

/** By Temporal's lists, which are a moment behind. */
async function versionsOf(
  { workflowService }: Connection,
  { namespace }: Stack,
  people: number,
): Promise<Readonly<Record<string, number>>> {
  const ended = "WorkflowType = 'mfaEnrollment' AND ExecutionStatus IN ('Completed', 'Canceled')";
  const countOf = async (version: string): Promise<number> => {
    const query = `${ended} AND TemporalWorkerDeploymentVersion = '${deploymentName}:${version}'`;
    return Number((await workflowService.countWorkflowExecutions({ namespace, query })).count);
  };
  for (let tries = 0; ; tries += 1) {
    const counts = { [older]: await countOf(older), [newer]: await countOf(newer) };
    if (tries === 20 || counts[older] + counts[newer] === people) return counts;
    await sleep(250);
  }
}
