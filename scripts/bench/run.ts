import { createTenant } from '../stack/tenant';
import { startStack, type Stack } from '../stack';
import { startCheckout } from './checkout';
import { crashTimes, type CrashTimes } from './crash';
import { engineNames, type BenchTenant, type Engine, type EngineName } from './engine';
import { bare } from './engines/bare';
import { throughApi } from './engines/ours';
import { figuresOf, measure, nothingMeasured, type RunFigures } from './measure';
import { inTurn, planOf, titleOf, type Cell, type PlanOptions, type TenantMode } from './plan';
import { rivalNames, startRivals } from './rivals';

export interface BenchOptions extends PlanOptions {
  readonly engines: readonly EngineName[];
  readonly runs: number;
  /** The folder of another checkout, for the engine `before`. */
  readonly compare?: string;
  /** So many enrollments of each engine go before, and are not counted. */
  readonly warmUp: number;
  /** Also kill each engine while enrollments wait for a code. */
  readonly crash: boolean;
  readonly say: (line: string) => void;
}

/** One engine under one load. */
export interface Row {
  readonly engine: EngineName;
  /** One for each run in which anything was completed. */
  readonly runs: readonly RunFigures[];
}

export interface BenchReport {
  readonly at: string;
  readonly runs: number;
  readonly cells: readonly (Cell & { readonly title: string; readonly rows: readonly Row[] })[];
  /** Engines that could not be started, and why. */
  readonly missing: Readonly<Partial<Record<EngineName, string>>>;
  readonly crash: Readonly<Partial<Record<EngineName, CrashTimes>>>;
}

/** In each run the engines take turns twice where each turn then has two rounds of all at once: fewer would measure how a load begins and ends. */
const slicesOf = ({ load, cases }: Cell): number => (load.kind === 'closed' && cases < 4 * load.atOnce ? 1 : 2);

/** All engines at once on this machine, one of them at work at a time. */
export async function runBench(options: BenchOptions): Promise<BenchReport> {
  const { engines: names, warmUp, say } = options;
  const stack = await startStack({
    compiled: true,
    logLevel: 'warn',
    apiVariables: { API_CALLS_PER_MINUTE: '1000000' },
  });
  const stops: (() => Promise<void>)[] = [() => stack.stop()];
  try {
    const benchTenant: BenchTenant = { tenant: createTenant(stack), stack, pid: () => stack.services.emulator.pid };
    const missing: Partial<Record<EngineName, string>> = {};
    const rivals = await startRivals(
      rivalNames.filter((name) => names.includes(name)),
      stack,
      benchTenant,
      say,
    );
    stops.push(() => rivals.stop());
    for (const [name, reason] of rivals.missing) missing[name] = reason;
    const before = await startBefore(options, missing);
    if (before) stops.push(before.stop);
    const engines = inOrder(names, [
      ...ownEngines(stack, benchTenant),
      ...rivals.engines,
      ...(before === undefined ? [] : [before.engine]),
    ]);

    const warm: Engine[] = [];
    for (const engine of engines) {
      const tried = nothingMeasured();
      await measure(engine, { kind: 'closed', atOnce: 10 }, warmUp, `warm-up-${engine.name}`, tried);
      if (tried.done > 0) warm.push(engine);
      else missing[engine.name] = `no enrollment was completed: ${Object.keys(tried.reasons)[0] ?? 'unknown'}`;
      say(`${engine.name}: ${tried.done} of ${warmUp} to warm up`);
    }
    const cells = await measureAll(warm, options);
    const crash: Partial<Record<EngineName, CrashTimes>> = {};
    if (options.crash) {
      await setTenants(warm, 'at-once');
      for (const engine of warm) {
        const times = await crashTimes(engine, say);
        if (times) crash[engine.name] = times;
      }
    }
    return { at: new Date().toISOString(), runs: options.runs, cells, missing, crash };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function startBefore(
  { engines, compare, say }: BenchOptions,
  missing: Partial<Record<EngineName, string>>,
): Promise<Awaited<ReturnType<typeof startCheckout>> | undefined> {
  if (compare === undefined || !engines.includes('before')) return undefined;
  try {
    const started = await startCheckout(compare);
    say('before: started');
    return started;
  } catch (error) {
    missing.before = error instanceof Error ? error.message.slice(0, 500) : 'unknown';
    return undefined;
  }
}

const ownEngines = (stack: Stack, tenant: BenchTenant): readonly Engine[] => [
  {
    name: 'ours',
    tenant,
    processes: {
      worker: () => stack.services.worker.pid,
      API: () => stack.services.api.pid,
      ...(stack.services.temporal === undefined ? {} : { 'Temporal server': () => stack.services.temporal?.pid }),
    },
    histories: {
      address: stack.temporal,
      namespace: stack.namespace,
      taskQueue: stack.taskQueue,
      workflowType: 'mfaEnrollment',
    },
    crashes: stack.services.worker,
    ...throughApi(stack),
  },
  { name: 'bare', tenant, processes: {}, ...bare(stack) },
];

const inOrder = (names: readonly EngineName[], engines: readonly Engine[]): readonly Engine[] =>
  engineNames
    .filter((name) => names.includes(name))
    .flatMap((name) => engines.filter((engine) => engine.name === name));

async function measureAll(engines: readonly Engine[], options: BenchOptions): Promise<BenchReport['cells']> {
  const { runs, say } = options;
  const cells = planOf(options);
  const figures = new Map<string, RunFigures[]>();
  const keyOf = (cell: Cell, engine: Engine) => `${titleOf(cell)} ${engine.name}`;
  for (let run = 0; run < runs; run += 1) {
    let mode: TenantMode | undefined;
    for (const [number, cell] of cells.entries()) {
      if (cell.tenant !== mode) await setTenants(engines, cell.tenant);
      mode = cell.tenant;
      const taken = new Map(engines.map((engine) => [engine, nothingMeasured()]));
      const slices = slicesOf(cell);
      for (let slice = 0; slice < slices; slice += 1) {
        const size = Math.ceil((cell.cases * (slice + 1)) / slices) - Math.ceil((cell.cases * slice) / slices);
        for (const engine of inTurn(engines, run + slice)) {
          const into = taken.get(engine);
          if (into === undefined || size === 0) continue;
          await measure(engine, cell.load, size, `${engine.name}-${run}-${number}-${slice}`, into);
        }
      }
      for (const [engine, measured] of taken) {
        const one = figuresOf(measured);
        const key = keyOf(cell, engine);
        if (one !== undefined) figures.set(key, [...(figures.get(key) ?? []), one]);
      }
      say(`run ${run + 1} of ${runs}: ${titleOf(cell)}`);
    }
  }
  return cells.map((cell) => ({
    ...cell,
    title: titleOf(cell),
    rows: engines.map((engine) => ({ engine: engine.name, runs: figures.get(keyOf(cell, engine)) ?? [] })),
  }));
}

/** The calls of an enrollment; what the API asks the tenant for beside them (its keys) stays undisturbed. */
const routes = ['GET /mfa/authenticators', 'POST /mfa/associate', 'POST /oauth/token'];

async function setTenants(engines: readonly Engine[], mode: TenantMode): Promise<void> {
  for (const tenant of new Set(engines.flatMap((engine) => engine.tenant?.tenant ?? []))) {
    await tenant.disarm();
    if (mode === 'at-once') continue;
    for (const route of routes) {
      await tenant.arm({ route, type: 'delay', ms: 80, count: -1 });
      await tenant.arm({ route, type: 'resetAfter', probability: 0.01, count: -1 });
    }
  }
}
