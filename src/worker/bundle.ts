import { workflowConverterPaths } from '../temporal/data-converter';

/**
 * How the workflow bundle is made: by `npm run build`, by a worker that runs from sources, and by tests. Paths of .ts or .js files, as this
 * file is one. Throws where the workflows are not: a production image has the bundle alone.
 */
export const workflowBundleOptions = () => ({
  workflowsPath: require.resolve('../workflows'),
  preloadModules: [require.resolve('../workflows/preload')],
  workflowInterceptorModules: [require.resolve('../workflows/trace-context')],
  ...workflowConverterPaths,
});
