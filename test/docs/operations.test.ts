import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { updateMetrics } from '../../src/api/metrics';
import { failureTypes } from '../../src/enrollment/failures';
import { problemCodes } from '../../src/enrollment/problems';
import { waitingForWhats } from '../../src/enrollment/status';
import { testApp } from '../api/support';
import { codeIn, table } from './markdown';

const page = 'docs/operations.md';
const firstCodes = (rows: readonly string[][]) => rows.map(([cell]) => codeIn(cell)[0]);

test('every problem code has an entry that says what to do', () => {
  expect(firstCodes(table(page, 'code', 'what to do'))).toEqual(problemCodes);
});

test('everything that an enrollment can wait for has an entry', () => {
  expect(firstCodes(table(page, '`what`', 'usual `who`'))).toEqual(waitingForWhats);
});

test('every type of failure has an entry', () => {
  expect(firstCodes(table(page, 'type', 'meaning'))).toEqual(Object.values(failureTypes));
});

test('the table of metrics has each one of the API, and no other', async () => {
  const registry = new Registry();
  updateMetrics(registry);
  const { app } = await testApp({}, { registry });
  const registered = (await registry.getMetricsAsJSON()).map(({ name }) => name);
  expect(firstCodes(table(page, 'metric', 'kind')).sort()).toEqual(registered.sort());
  await app.close();
});
