import type { EnrollmentIds } from '../temporal/ids';

/**
 * The page of an enrollment in Temporal's web interface at `uiUrl` (without a final slash); undefined where there is no such interface,
 * and for an id that is not ours. It is the page of the first run, which leads on to the ones after it.
 */
export function createTemporalUrls(
  ids: Pick<EnrollmentIds, 'parseEnrollmentId'>,
  namespace: string,
  uiUrl: string | undefined,
): (id: string) => string | undefined {
  return (id) => {
    const run = ids.parseEnrollmentId(id);
    if (run === undefined || uiUrl === undefined) return undefined;
    const path = ['namespaces', namespace, 'workflows', run.workflowId, run.runId, 'timeline'].map(encodeURIComponent);
    return `${uiUrl}/${path.join('/')}`;
  };
}
