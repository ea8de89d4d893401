import type { Load } from './load';

/** How the emulated tenant answers: at once; or after 80 ms, and one answer in a hundred gets lost after its call has had its effect. */
export const tenantModes = ['at-once', 'slow'] as const;
export type TenantMode = (typeof tenantModes)[number];

/** One load against one tenant: a row of the table for each engine. */
export interface Cell {
  readonly tenant: TenantMode;
  readonly load: Load;
  /** Enrollments of each engine in each run. */
  readonly cases: number;
}

export interface PlanOptions {
  /** Enrollments in the busiest rows. */
  readonly cases: number;
  readonly atOnce: readonly number[];
  readonly perSecond: readonly number[];
  readonly tenants: readonly TenantMode[];
}

/** Open loads last so long at most, in seconds. */
const openSeconds = 8;

/** All cells, in the order in which they are run. One at a time gets a fifth of the enrollments: each takes its whole time alone. */
export function planOf({ cases, atOnce, perSecond, tenants }: PlanOptions): readonly Cell[] {
  return tenants.flatMap((tenant) => [
    ...atOnce.map((count) => ({
      tenant,
      load: { kind: 'closed', atOnce: count } as const,
      cases: count === 1 ? Math.ceil(cases / 5) : cases,
    })),
    ...perSecond.map((rate) => ({
      tenant,
      load: { kind: 'open', perSecond: rate } as const,
      cases: Math.min(cases, rate * openSeconds),
    })),
  ]);
}

export const titleOf = ({ tenant, load }: Pick<Cell, 'tenant' | 'load'>): string =>
  `${load.kind === 'closed' ? `${load.atOnce} at once` : `${load.perSecond} started per second`}, tenant answers ${
    tenant === 'at-once' ? 'at once' : 'after 80 ms, 1 % of answers lost'
  }`;

/** The order of the engines in one run: each run begins with another, so that none always follows the same neighbour's load. */
export function inTurn<Item>(items: readonly Item[], run: number): readonly Item[] {
  const first = items.length === 0 ? 0 : run % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
