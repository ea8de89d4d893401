import { workflowConverterPaths } from '../temporal/data-converter';

/**
 * For which workers a bundle is: those that poll as a version of a deployment, or those that do not. Temporal refuses a versioning behavior from
 * the latter.
 */
export type BundleKind = 'versioned' | 'unversioned';

/**
 * How a workflow bundle is made: by `npm run build`, by a worker that runs from sources, and by tests. Paths of .ts or .js files, as this
 * file is one. Throws where the workflows are not: a production image has the bundles alone.
 */
export const workflowBundleOptions = (kind: BundleKind = 'unversioned') => ({
  workflowsPath: kind === 'versioned' ? require.resolve('../workflows/versioned') : require.resolve('../workflows'),
  preloadModules: [require.resolve('../workflows/preload')],
  workflowInterceptorModules: [require.resolve('../workflows/trace-context')],
  ...workflowConverterPaths,
});

/** The names of the files in `dist/` that `npm run build` makes. */
export const bundleFiles: Readonly<Record<BundleKind, string>> = {
  versioned: 'workflow-bundle.versioned.js',
  unversioned: 'workflow-bundle.js',
};
