import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { callMetrics, openMetrics, unreadableMetrics, updateMetrics } from '../../src/api/metrics';
import { workflowMetrics } from '../../src/enrollment/metrics';
import { processMetrics } from '../../src/worker/metrics';
import { testApp } from '../api/support';
import { codeIn, table } from '../docs/markdown';
import { alerts, expectedAlerts, expressions, recordings, scrapeJobs } from './files';
import { samplesOf, selectedBy } from './promql';

const page = 'docs/monitoring.md';
const firstCodes = (rows: readonly string[][]) => rows.map(([cell]) => codeIn(cell)[0] ?? '');

describe('rules, alerts and the dashboard', () => {
  test.each(expressions)(
    '$at is PromQL, asks for recordings that there are, and names a job that is scraped',
    ({ expr }) => {
      const recorded = recordings.map(({ record }) => record);
      for (const { metric, labels } of selectedBy(expr)) {
        if (metric.includes(':')) expect(recorded).toContain(metric);
        if (labels['job'] !== undefined) expect(scrapeJobs).toContain(labels['job']);
      }
    },
  );

  test('every recording is used, and made once', () => {
    const used = expressions.flatMap(({ expr }) => selectedBy(expr).map(({ metric }) => metric));
    const recorded = recordings.map(({ record }) => record);
    expect(recorded.filter((name) => !used.includes(name))).toEqual([]);
    expect(new Set(recorded).size).toBe(recorded.length);
  });

  test('every alert is named once, leads to its heading of the runbook, and is shown to fire by a unit test', () => {
    const names = alerts.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    for (const { alert, annotations } of alerts) {
      expect(annotations.runbook_url).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    }
    expect([...new Set(expectedAlerts)].sort()).toEqual(names.sort());
  });

  test('what is no PromQL is found out, and what an expression asks for is read', () => {
    expect(() => selectedBy('sum(rate(x[5m])')).toThrow(SyntaxError);
    expect(selectedBy('sum by (le) (rate(x_bucket{job="a", who=~"b|c"}[5m])) / y > 2')).toEqual([
      { metric: 'x_bucket', labels: { job: 'a', who: 'b|c' } },
      { metric: 'y', labels: {} },
    ]);
    expect(samplesOf('# HELP x y\nx_bucket{who="a",le="+Inf"} 3\ny 1\n')).toEqual([
      { metric: 'x_bucket', labels: { who: 'a', le: '+Inf' } },
      { metric: 'y', labels: {} },
    ]);
  });
});

describe(page, () => {
  test('has each alert, and no other', () => {
    expect(firstCodes(table(page, 'alert', 'severity'))).toEqual(alerts.map(({ alert }) => alert));
    expect(table(page, 'alert', 'severity').map(([, severity]) => severity)).toEqual(
      alerts.map(({ labels }) => labels.severity),
    );
  });

  test('has each metric of the API, and no other', async () => {
    const registry = new Registry();
    updateMetrics(registry);
    callMetrics(registry);
    unreadableMetrics(registry);
    openMetrics(
      registry,
      () => Promise.reject(new Error('not asked')),
      () => undefined,
    );
    const { app } = await testApp({}, { registry });
    const registered = (await registry.getMetricsAsJSON()).map(({ name }) => name);
    expect(firstCodes(table(page, 'metric of the API', 'kind')).sort()).toEqual(registered.sort());
    await app.close();
  });

  test('has each metric of the worker, and no other', () => {
    const histograms: readonly string[] = [
      workflowMetrics.wait.name,
      processMetrics.auth0Call.name,
      processMetrics.auth0Turn.name,
    ];
    const names = [...Object.values(workflowMetrics), ...Object.values(processMetrics)].map(({ name }) =>
      histograms.includes(name) ? name : `${name}_total`,
    );
    expect(firstCodes(table(page, 'metric of the worker', 'kind')).sort()).toEqual(names.sort());
  });
});
