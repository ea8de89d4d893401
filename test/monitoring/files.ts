import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const read = (path: string): string => readFileSync(join(__dirname, '../../deploy', path), 'utf8');

const alert = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
});
const recording = z.strictObject({ record: z.string(), expr: z.string() });
const rulesIn = <Rule extends z.ZodType>(path: string, rule: Rule) =>
  z
    .strictObject({
      groups: z.array(
        z.strictObject({ name: z.string(), interval: z.string().optional(), rules: z.array(rule).min(1) }),
      ),
    })
    .parse(parse(read(path)))
    .groups.flatMap(({ rules }) => rules);

export const alerts = rulesIn('prometheus/alerts.yml', alert);
export const recordings = rulesIn('prometheus/recording.yml', recording);
export const scrapeJobs = z
  .looseObject({ scrape_configs: z.array(z.looseObject({ job_name: z.string() })) })
  .parse(parse(read('prometheus/prometheus.yml')))
  .scrape_configs.map(({ job_name }) => job_name);

const target = z.looseObject({ expr: z.string() });
const panels = z
  .looseObject({ panels: z.array(z.looseObject({ title: z.string(), targets: z.array(target).default([]) })) })
  .parse(JSON.parse(read('grafana/mfa-enrollment.json'))).panels;

/** Every expression that rules, alerts and the dashboard have, with where it stands. */
export const expressions: readonly { readonly at: string; readonly expr: string }[] = [
  ...alerts.map(({ alert: name, expr }) => ({ at: `alert ${name}`, expr })),
  ...recordings.map(({ record, expr }) => ({ at: `rule ${record}`, expr })),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ at: `panel ${title}`, expr }))),
];
/** The scenarios of the rules' unit tests: which alerts each of them expects. */
export const expectedAlerts = z
  .looseObject({
    tests: z.array(
      z.looseObject({
        name: z.string(),
        promql_expr_test: z.array(z.looseObject({ exp_samples: z.array(z.looseObject({ labels: z.string() })) })),
      }),
    ),
  })
  .parse(parse(read('prometheus/tests.yml')))
  .tests.flatMap(({ promql_expr_test }) => promql_expr_test)
  .flatMap(({ exp_samples }) => exp_samples)
  .map(({ labels }) => /alertname="(\w+)"/.exec(labels)?.[1] ?? '');
