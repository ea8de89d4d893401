import type { Logger } from 'pino';
import type { WorkerVersion } from '../config/versioning';
import { createWorkerDeployment, type WorkerDeploymentParts } from '../temporal/worker-deployment';

/**
 * A versioned worker gets nothing before some version of its deployment is current, and nothing else would say so: warns of it. Never rejects:
 * the worker runs without this look.
 */
export async function warnWithoutCurrentVersion(
  { deploymentName, buildId }: WorkerVersion,
  parts: Omit<WorkerDeploymentParts, 'deploymentName'>,
  logger: Pick<Logger, 'warn'>,
): Promise<void> {
  try {
    const deployment = await createWorkerDeployment({ ...parts, deploymentName }).describe();
    if (deployment?.current !== undefined) return;
    logger.warn(
      { deploymentName, buildId },
      `No version of ${deploymentName} is current, so no version gets new enrollments: run "mfa rollout set-current ${buildId}".`,
    );
  } catch (error) {
    logger.warn({ err: error }, `It is not known whether a version of ${deploymentName} is current.`);
  }
}
