import { ownBuildId } from '../build-id';
import type { ConfigReader } from './reader';
import { buildId, deploymentName, flag } from './variables';

/** One version of the workers, as Temporal knows it. */
export interface WorkerVersion {
  /** The workers of all versions together have this name (Temporal: Worker Deployment). */
  readonly deploymentName: string;
  readonly buildId: string;
}

/** The name of the deployment: for workers, and for whoever directs enrollments to their versions. */
export const readDeploymentName = (reader: ConfigReader): string =>
  reader.withDefault('TEMPORAL_DEPLOYMENT_NAME', deploymentName, 'mfa-enrollment');

/** The version that this worker polls as; absent: it is not versioned. Names as Temporal's Worker Controller sets them. */
export function readVersioning(reader: ConfigReader): WorkerVersion | undefined {
  const isOn = reader.withDefault('TEMPORAL_WORKER_VERSIONING', flag, false);
  const name = readDeploymentName(reader);
  const given = reader.optional('TEMPORAL_WORKER_BUILD_ID', buildId) ?? ownBuildId();
  if (!isOn) return undefined;
  if (given === undefined && !reader.isSet('TEMPORAL_WORKER_BUILD_ID')) {
    reader.fault('TEMPORAL_WORKER_BUILD_ID', 'a name for this build: what runs from its sources has none');
  }
  if (given === undefined) return undefined;
  return Object.freeze({ deploymentName: name, buildId: given });
}
