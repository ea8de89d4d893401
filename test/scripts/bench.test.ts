import { describe, expect, it } from '@jest/globals';
import { figuresOf, nothingMeasured, type RunFigures } from '../../scripts/bench/measure';
import { median, percentile, spreadOf } from '../../scripts/bench/percentiles';
import { inTurn, planOf, titleOf } from '../../scripts/bench/plan';
import { plotOf } from '../../scripts/bench/plot';
import { runLoad } from '../../scripts/bench/load';
import { engineCpu, markdownOf, tableOf } from '../../scripts/bench/table';
import type { BenchReport } from '../../scripts/bench/run';

const figures = (perSecond: number, more: Partial<RunFigures> = {}): RunFigures => ({
  perSecond,
  start: { p50: 10, p95: 20 },
  code: { p50: 30, p95: 40, p99: 50 },
  next: { p50: 31, p95: 41 },
  cpu: { worker: 60, 'Temporal server': 40, tenant: 5, driver: 7 },
  wrong: { notCompleted: 1, textsTooMany: 2, textsLost: 3 },
  reasons: {},
  ...more,
});

const report = (more: Partial<BenchReport> = {}): BenchReport => {
  const cell = { tenant: 'at-once', load: { kind: 'closed', atOnce: 20 }, cases: 100 } as const;
  const rows = [
    { engine: 'ours', runs: [figures(10), figures(14), figures(11)] },
    { engine: 'restate', runs: [figures(40)] },
    { engine: 'bare', runs: [] },
  ] as const;
  return {
    at: '2026-01-02T03:04:05.000Z',
    runs: 3,
    cells: [{ ...cell, title: titleOf(cell), rows }],
    missing: {},
    crash: {},
    ...more,
  };
};

describe('percentiles', () => {
  it('are measured values, by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0, 0.5, 0.95, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 50, 95, 99, 100]);
    expect(percentile([7], 0.99)).toBe(7);
  });

  it('are refused when nothing was measured', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  it('leave what was measured in its order', () => {
    const values = [3, 1, 2];
    percentile(values, 0.5);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('the spread of several runs', () => {
  it('is the median with the least and the most', () => {
    expect(spreadOf([10, 2, 3])).toEqual({ median: 3, least: 2, most: 10 });
  });

  it('has the mean of the two in the middle for an even number', () => {
    expect(median([4, 1, 2, 9])).toBe(3);
  });
});

describe('the plan', () => {
  const options = { cases: 100, atOnce: [1, 50], perSecond: [5, 15], tenants: ['at-once', 'slow'] } as const;

  it('has each load against each tenant', () => {
    expect(planOf(options).map((cell) => titleOf(cell))).toEqual([
      '1 at once, tenant answers at once',
      '50 at once, tenant answers at once',
      '5 started per second, tenant answers at once',
      '15 started per second, tenant answers at once',
      '1 at once, tenant answers after 80 ms, 1 % of answers lost',
      '50 at once, tenant answers after 80 ms, 1 % of answers lost',
      '5 started per second, tenant answers after 80 ms, 1 % of answers lost',
      '15 started per second, tenant answers after 80 ms, 1 % of answers lost',
    ]);
  });

  it('bounds an open load in time and has fewer enrollments one at a time', () => {
    expect(planOf(options).map(({ cases }) => cases)).toEqual([20, 100, 40, 100, 20, 100, 40, 100]);
  });

  it('lets every engine begin a run', () => {
    expect([0, 1, 2, 3].map((run) => inTurn(['a', 'b', 'c'], run).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
    expect(inTurn([], 1)).toEqual([]);
  });
});

describe('a load', () => {
  it('that is closed has never more at once than it says, and runs each item once', async () => {
    let now = 0;
    let most = 0;
    const seen: number[] = [];
    await runLoad({ kind: 'closed', atOnce: 3 }, [1, 2, 3, 4, 5, 6, 7], async (item) => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(item);
      now -= 1;
    });
    expect(most).toBe(3);
    expect(seen.toSorted((one, other) => one - other)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('that is open begins the next while those before still run, and says when each was to begin', async () => {
    const intended: number[] = [];
    let release: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (release = resolve));
    await runLoad({ kind: 'open', perSecond: 100 }, ['a', 'b', 'c'], async (_, at) => {
      intended.push(at);
      if (intended.length === 3) release();
      await all;
    });
    const [first = 0, second = 0, third = 0] = intended.toSorted((one, other) => one - other);
    expect(second - first).toBeCloseTo(10);
    expect(third - first).toBeCloseTo(20);
  });
});

describe('figures of a run', () => {
  it('are for each enrollment that was completed', () => {
    const run = figuresOf({
      ...nothingMeasured(),
      done: 4,
      ms: 2_000,
      start: [1],
      code: [1, 2, 3],
      next: [4],
      cpu: { worker: 100 },
    });
    expect(run).toMatchObject({ perSecond: 2, code: { p50: 2, p95: 3, p99: 3 }, cpu: { worker: 25 } });
  });

  it('are not there when none was completed', () => {
    expect(figuresOf(nothingMeasured())).toBeUndefined();
  });

  it('count to an engine its own processes only, and to a script in the driver the driver', () => {
    expect(engineCpu({ worker: 60, 'Temporal server': 40, tenant: 5, driver: 7 })).toBe(100);
    expect(engineCpu({ tenant: 5, driver: 7 })).toBe(7);
  });
});

describe('the tables', () => {
  it('have the median of the runs with their spread, and sums of what went wrong', () => {
    const line = markdownOf(report())
      .split('\n')
      .find((each) => each.startsWith('| this product'));
    expect(line?.split('|').map((cell) => cell.trim())).toEqual([
      ...['', 'this product', '11.0 (10.0–14.0)', '30.0 (30.0–30.0)', '40.0', '50.0', '31.0', '10.0', '20.0', '100'],
      ...['3', '6', ''],
    ]);
  });

  it('name an engine that could not be started, with the reason, and one that completed nothing', () => {
    const text = markdownOf(report({ missing: { dbos: 'no PostgreSQL\nwith a stack' } }));
    expect(text).toMatch(/DBOS on PostgreSQL +\| not measured: no PostgreSQL +\|/);
    expect(text).toMatch(/bare script, in memory +\| nothing was completed/);
  });

  it('tell why enrollments were not completed', () => {
    const rows = [{ engine: 'temporal', runs: [figures(1, { reasons: { 'refused | twice': 2 } })] }] as const;
    const [cell] = report().cells;
    const text = markdownOf(report({ cells: cell === undefined ? [] : [{ ...cell, rows }] }));
    expect(text).toMatch(/Temporal, plain sample +\| 2 +\| refused \/ twice/);
  });

  it('tell the times after a kill in seconds', () => {
    const text = markdownOf(report({ crash: { ours: { median: 1500, times: [1500], confirmed: 10, waited: 10 } } }));
    expect(text).toMatch(/this product +\| 1\.50 +\| 1\.50 +\| 10 of 10/);
  });

  it('keep their columns aligned', () => {
    expect(tableOf(['a', 'b'], [['long cell', '1'], ['x']])).toBe(
      ['| a         | b   |', '| --------- | --- |', '| long cell | 1   |', '| x         |     |'].join('\n'),
    );
  });
});

describe('the plot', () => {
  const bars = (svg: string) =>
    [...svg.matchAll(/<rect x="250"[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));

  it('draws bars in proportion to the medians, and leaves out what completed nothing', () => {
    const [ours = 0, restate = 0, ...rest] = bars(plotOf(report()));
    expect(ours / restate).toBeCloseTo(11 / 40, 2);
    expect(rest).toHaveLength(2); // the second panel
  });

  it('is drawn when nothing was measured at all', () => {
    expect(bars(plotOf(report({ cells: [] })))).toEqual([]);
  });
});
