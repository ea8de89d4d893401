import { readTenant, type TenantConfig } from '../../auth0/management/tenant';
import { applicationChecks } from './application';
import type { Check, Expected, Verdict } from './checks';
import { factorChecks } from './factors';
import { reachableChecks } from './reachable';
import type { Where } from './where';

export type Finding = Verdict & Pick<Check, 'id' | 'title'> & { readonly where: Where };

export interface Report {
  /** The worst of all: something to change, else something not checked, else all right. */
  readonly status: Verdict['status'];
  readonly checks: readonly Finding[];
}

export const checks: readonly Check[] = [...reachableChecks, ...applicationChecks, ...factorChecks];

/** Reads the tenant once and judges it, check by check. */
export async function examine(tenant: TenantConfig, expected: Expected): Promise<Report> {
  const facts = await readTenant(tenant);
  const found = checks.map(({ id, title, where, judge }): Finding => ({ id, title, where, ...judge(facts, expected) }));
  const status = (['change', 'unknown'] as const).find((each) => found.some((finding) => finding.status === each));
  return { status: status ?? 'ok', checks: found };
}
