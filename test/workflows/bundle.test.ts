import { beforeAll, expect, test } from '@jest/globals';
import { bundleWorkflowCode, DefaultLogger, type LogEntry } from '@temporalio/worker';
import { workflowBundleOptions } from '../../src/worker/bundle';

let modules: readonly string[];
const warnings: LogEntry[] = [];

/** The same as the build and a versioned worker make; the other bundle is this one without `workflows/versioned`. */
beforeAll(async () => {
  const { code } = await bundleWorkflowCode({
    ...workflowBundleOptions('versioned'),
    logger: new DefaultLogger('WARN', (entry) => warnings.push(entry)),
  });
  // webpack writes above every module where it came from; of one that it has left out, "(ignored)".
  modules = [...code.matchAll(/^ *!\*\*\* (.+?) \*\*\*!$/gm)].map(([, name]) => name ?? '');
}, 60_000);

const unique = (names: readonly string[]) => [...new Set(names)].sort();

test('what runs in the sandbox is the workflow, the rules, the factors and the converters: no activity, no client of Auth0, no configuration', () => {
  const ours = unique(modules.flatMap((name) => /^\.\/src\/(.+)\.ts$/.exec(name)?.[1] ?? []));
  expect(ours).toEqual(
    expect.arrayContaining(['workflows/versioned', 'workflows/mfa-enrollment', 'enrollment/decide', 'factors/index']),
  );
  expect(ours.filter((name) => !/^(workflows|enrollment|factors)\//.test(name))).toEqual([
    'temporal/failure-converter',
    'temporal/payload-converter',
    'temporal/payload-marker',
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
