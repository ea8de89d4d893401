import { beforeAll, expect, test } from '@jest/globals';
import { bundleWorkflowCode, DefaultLogger, type LogEntry } from '@temporalio/worker';
import { workflowConverterPaths } from '../../src/temporal/data-converter';

let modules: readonly string[];
const warnings: LogEntry[] = [];

/** The same as the build and the worker make. */
beforeAll(async () => {
  const { code } = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../src/workflows'),
    ...workflowConverterPaths,
    logger: new DefaultLogger('WARN', (entry) => warnings.push(entry)),
  });
  // webpack writes above every module where it came from; of one that it has left out, "(ignored)".
  modules = [...code.matchAll(/^ *!\*\*\* (.+?) \*\*\*!$/gm)].map(([, name]) => name ?? '');
}, 60_000);

const unique = (names: readonly string[]) => [...new Set(names)].sort();

test('what runs in the sandbox is these files of ours: no activity, no client of Auth0, no configuration', () => {
  const ours = modules.flatMap((name) => /^\.\/src\/(.+)\.ts$/.exec(name)?.[1] ?? []);
  expect(unique(ours)).toEqual([
    'enrollment/bucket',
    'enrollment/details',
    'enrollment/enrollment',
    'enrollment/failures',
    'enrollment/free-text',
    'enrollment/limits',
    'enrollment/orphans',
    'enrollment/phone-number',
    'enrollment/problems',
    'enrollment/tokens',
    'enrollment/view',
    'factors/factor',
    'factors/index',
    'factors/otp',
    'factors/sms',
    'temporal/failure-converter',
    'temporal/payload-converter',
    'workflows/auth0-calls',
    'workflows/commands',
    'workflows/ending',
    'workflows/handlers',
    'workflows/inbox',
    'workflows/index',
    'workflows/live-case',
    'workflows/messages',
    'workflows/mfa-enrollment',
    'workflows/patches',
    'workflows/presentation',
    'workflows/reading',
    'workflows/search-attributes',
    'workflows/step-associate',
    'workflows/step-code',
    'workflows/step-token',
    'workflows/step-verify',
    'workflows/validators',
  ]);
});

test('and these packages', () => {
  const packages = modules.flatMap((name) => /^\.\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? []);
  expect(unique(packages)).toEqual(['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc']);
});

test('and nothing else: no module of Node, and none that was left out', () => {
  expect(unique(modules.filter((name) => !/^\.\/(src|node_modules)\//.test(name)))).toEqual([]);
  expect(warnings).toEqual([]);
});
