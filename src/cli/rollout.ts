import { ownBuildId } from '../build-id';
import { readDeploymentName } from '../config/versioning';
import { buildId as buildIdText } from '../config/variables';
import { defined } from '../enrollment/defined';
import { identity } from '../temporal/connection';
import {
  createWorkerDeployment,
  earlierVersion,
  type Deployment,
  type Directed,
  type WorkerDeployment,
} from '../temporal/worker-deployment';
import { exitCodes } from './exit-codes';
import { Failure, usage } from './failure';
import { withTemporal } from './temporal';
import type { Terminal } from './terminal';

/** What a subcommand of `mfa rollout` works with. */
export interface Rollout {
  /** The deployment as it is. Throws Failure when there is none. */
  describe(): Promise<Deployment>;
  /** The version that `given` names; when absent, the one that this installation was built as. */
  buildId(given: string | undefined): string;
  /**
   * Directs new enrollments, once Temporal does not refuse it any more, for at most so many seconds. Answers whether all of Temporal follows it by
   * now. Throws Failure with Temporal's reason.
   */
  direct(
    act: (deployment: WorkerDeployment) => Promise<Directed>,
    waitSeconds: number,
  ): Promise<{ readonly propagated: boolean }>;
  /** Moves what is pinned to a version. Throws Failure when no worker polls as the other one. */
  movePinned(from: string, to: string): Promise<{ readonly moved: number; readonly left: number }>;
  /** Sets the current version back, or ends the ramp where there is one. Answers what was done. */
  rollBack(to: string | undefined, movesPinned: boolean): Promise<RolledBack>;
  /** Looks at a version until it is drained, for at most so many seconds. Answers how it was at the end. */
  drain(buildId: string, waitSeconds: number): Promise<Deployment['versions'][number]>;
}

export interface RolledBack {
  readonly from?: string;
  /** Absent where only a ramp was ended and workers without versioning are current. */
  readonly to?: string;
  readonly endedRamp: boolean;
  readonly propagated: boolean;
  readonly moved?: number;
  readonly left?: number;
}

const lookEveryMs = 500;

/** Connects to Temporal (`TEMPORAL_*`) for as long as `act` takes. Throws Failure that says what to do. */
export const withRollout = <Result>(
  { env, wait, now, signal }: Pick<Terminal, 'env' | 'wait' | 'now' | 'signal'>,
  act: (rollout: Rollout) => Promise<Result>,
): Promise<Result> =>
  withTemporal(env, readDeploymentName, ({ connection, namespace, taskQueue, more: deploymentName }) => {
    const parts = { connection, namespace, taskQueue, deploymentName, identity: identity('mfa-rollout') };
    const deployment = createWorkerDeployment(parts);

    async function describe(): Promise<Deployment> {
      const found = await deployment.describe();
      if (found !== undefined) return found;
      throw new Failure(
        exitCodes.refused,
        `No worker has polled as a version of ${deploymentName} in namespace ${namespace}. Start one with TEMPORAL_WORKER_VERSIONING=true.`,
      );
    }

    async function versionOf(buildId: string): Promise<Deployment['versions'][number]> {
      const { versions } = await describe();
      const found = versions.find((version) => version.buildId === buildId);
      if (found !== undefined) return found;
      throw new Failure(
        exitCodes.refused,
        `${deploymentName} has no version ${buildId}. \`mfa rollout status\` lists them.`,
      );
    }

    async function direct(call: (deployment: WorkerDeployment) => Promise<Directed>, waitSeconds: number) {
      const until = now() + waitSeconds * 1000;
      for (;;) {
        const answer = await call(deployment);
        if (answer.type === 'done') return { propagated: answer.propagated };
        if (now() >= until || signal.aborted) {
          throw new Failure(exitCodes.refused, `Temporal refuses it: ${answer.reason.replace(/\.$/, '')}.`);
        }
        await wait(lookEveryMs);
      }
    }

    async function movePinned(from: string, to: string) {
      if ((await versionOf(to)).workers === 0) {
        throw new Failure(
          exitCodes.refused,
          `No worker polls as ${to}, so enrollments that were moved there would stand still. Start its workers first.`,
        );
      }
      return deployment.movePinned(from, to);
    }

    return act({
      describe,
      buildId(given) {
        const buildId = given ?? env['TEMPORAL_WORKER_BUILD_ID'] ?? ownBuildId();
        if (buildId === undefined) throw usage('Name the version: what runs from its sources has no build id.');
        const parsed = buildIdText.safeParse(buildId);
        if (!parsed.success) throw usage(`build: expected ${parsed.error.issues[0]?.message ?? 'a build id'}.`);
        return parsed.data;
      },
      direct,
      movePinned,
      async rollBack(to, movesPinned) {
        const before = await describe();
        const { ramping, current } = before;
        const endsRamp = ramping !== undefined && to === undefined;
        const goal = endsRamp ? current : (to ?? earlierVersion(before)?.buildId);
        const from = endsRamp ? ramping.buildId : current;
        if (!endsRamp && goal === undefined) {
          throw new Failure(exitCodes.refused, 'No earlier version has been current. Name the version to go back to.');
        }
        const { propagated } = await direct((each) => (endsRamp ? each.endRamp() : each.setCurrent(goal)), 5);
        const done = { ...defined({ from, to: goal }), endedRamp: endsRamp, propagated };
        if (!movesPinned || from === undefined || goal === undefined) return done;
        return { ...done, ...(await movePinned(from, goal)) };
      },
      async drain(buildId, waitSeconds) {
        const until = now() + waitSeconds * 1000;
        for (;;) {
          const version = await versionOf(buildId);
          const isOver = version.state === 'drained' || version.state === 'current' || version.state === 'ramping';
          if (isOver || now() >= until || signal.aborted) return version;
          await wait(lookEveryMs);
        }
      },
    });
  });
