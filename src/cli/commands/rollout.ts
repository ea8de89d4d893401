import { Command, InvalidArgumentError } from 'commander';
import type { Deployment } from '../../temporal/worker-deployment';
import { localCommand, optionsOf, withExamples, type CommandParts, type CommandResult } from '../command';
import { exitCodes } from '../exit-codes';
import { Failure, usage } from '../failure';
import type * as lazy from '../rollout';
import { columns } from '../text/columns';
import { moment } from '../text/time';

/** `mfa rollout`: which version of the workers takes which enrollments. Speaks to Temporal, and not to the API. */
export function rolloutCommand({ terminal, finish }: CommandParts): Command {
  const rollout = new Command('rollout').description(
    'Say which version of the workers takes new enrollments (speaks to Temporal: TEMPORAL_*, TEMPORAL_DEPLOYMENT_NAME)',
  );

  /** A subcommand, and what it does with the rollout, its options and its arguments. */
  function add<Options extends object>(
    command: Command,
    examples: readonly string[],
    act: (rollout: lazy.Rollout, options: Options, args: readonly string[]) => Promise<CommandResult>,
  ): void {
    withExamples(command, ...examples.map((example) => `rollout ${command.name()} ${example}`.trim()));
    command.action(async () => {
      // Loaded only here: Temporal's client would cost every other command a second.
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- a lazy import() would have to be an ES module
      const { withRollout } = require('../rollout') as typeof lazy;
      const options = optionsOf<Options & { readonly json?: true }>(command);
      const result = await withRollout(terminal, (given) => act(given, options, command.args));
      finish(result, options.json === true);
    });
    rollout.addCommand(command);
  }

  add(
    localCommand('status', 'Versions, their workers, and the enrollments that are open on each'),
    ['', '--json'],
    async (given) => {
      const deployment = await given.describe();
      return { json: deployment, text: statusText(deployment, terminal.now()) };
    },
  );

  const setCurrent = localCommand('set-current', 'Send every new enrollment to a version from now on')
    .argument('[build]', ownBuild)
    .option('--unversioned', 'to workers without versioning, in place of a version');
  add<{ readonly wait: number; readonly unversioned?: true }>(
    withWait(setCurrent, 'its workers poll'),
    ['0.2.0-1f2e3d4c5b6a --wait 60'],
    async (given, { wait, unversioned }, [build]) => {
      if (unversioned === true && build !== undefined) throw usage('Give one of a build and --unversioned.');
      const current = unversioned === true ? undefined : given.buildId(build);
      const { propagated } = await given.direct((deployment) => deployment.setCurrent(current), wait);
      return {
        json: { current: current ?? null, propagated },
        text: `New enrollments go to ${current ?? 'workers without versioning'}. Those that are open stay with their version.${unless(propagated)}`,
      };
    },
  );

  const ramp = localCommand('ramp', 'Send a share of the new enrollments to a version').argument('[build]', ownBuild);
  ramp.requiredOption('--percent <number>', 'how many of a hundred, from 0 to 100', percentOf);
  add<{ readonly percent: number; readonly wait: number }>(
    withWait(ramp, 'its workers poll'),
    ['0.2.0-1f2e3d4c5b6a --percent 10 --wait 60'],
    async (given, { percent, wait }, [build]) => {
      const buildId = given.buildId(build);
      const { propagated } = await given.direct((deployment) => deployment.ramp(buildId, percent), wait);
      return {
        json: { ramping: buildId, percent, propagated },
        text: `${percent} % of the new enrollments go to ${buildId}.${unless(propagated)}`,
      };
    },
  );

  const drain = localCommand(
    'drain',
    'Is no enrollment left on a version? Then its workers may be stopped (else: exit code 3)',
  );
  add<{ readonly wait: number }>(
    withWait(drain.argument('<build>', 'build id of a version'), 'it is drained'),
    ['0.1.0-6a5b4c3d2e1f --wait 3600'],
    async (given, { wait }, [build]) => {
      const { buildId, state, openEnrollments } = await given.drain(given.buildId(build), wait);
      if (state === 'current' || state === 'ramping') {
        throw new Failure(
          exitCodes.refused,
          `${buildId} is ${state}: new enrollments go there. Set another version current first.`,
        );
      }
      const isDrained = state === 'drained';
      return {
        json: { buildId, state, openEnrollments },
        text: isDrained
          ? `${buildId} is drained: its workers may be stopped.`
          : `${buildId} is ${state}. Open enrollments: ${openEnrollments}.`,
        exitCode: isDrained ? exitCodes.ok : exitCodes.unavailable,
      };
    },
  );

  add<{ readonly movePinned?: true }>(
    localCommand('rollback', 'End the ramp; where there is none, make the version before the current one current again')
      .argument('[build]', 'the version to go back to; else the last one that was current before')
      .option('--move-pinned', 'also move what is open on the version that is left (see move-pinned)'),
    ['', '--move-pinned'],
    async (given, { movePinned }, [build]) => {
      const done = await given.rollBack(build === undefined ? undefined : given.buildId(build), movePinned === true);
      return { json: done, text: rolledBackText(done) };
    },
  );

  add(
    localCommand(
      'move-pinned',
      'Move the open enrollments of a version to another one, whose code must be able to go on with them',
    )
      .argument('<from>', 'build id of the version that they are on')
      .argument('<to>', 'build id of the version that goes on with them'),
    ['0.2.0-1f2e3d4c5b6a 0.1.0-6a5b4c3d2e1f'],
    async (given, _options, [from, to]) => {
      const done = await given.movePinned(given.buildId(from), given.buildId(to));
      return { json: done, text: movedText(done) };
    },
  );

  return withExamples(
    rollout,
    'rollout status',
    'rollout ramp 0.2.0-1f2e3d4c5b6a --percent 10 --wait 60',
    'rollout set-current 0.2.0-1f2e3d4c5b6a',
    'rollout drain 0.1.0-6a5b4c3d2e1f --wait 3600',
    'rollout rollback',
    'rollout move-pinned 0.2.0-1f2e3d4c5b6a 0.1.0-6a5b4c3d2e1f',
  );
}

const ownBuild = 'build id of a version; else TEMPORAL_WORKER_BUILD_ID, or the build that this is';

const withWait = (command: Command, until: string): Command =>
  command.option('--wait <seconds>', `wait so long until ${until}`, secondsOf, 0);

function secondsOf(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Expected seconds, as a whole number.');
  return Number(text);
}

function percentOf(text: string): number {
  const percent = /^\d{1,3}(\.\d{1,2})?$/.test(text) ? Number(text) : NaN;
  if (!(percent <= 100)) throw new InvalidArgumentError('Expected a number from 0 to 100.');
  return percent;
}

function statusText(deployment: Deployment, now: number): string {
  const { deploymentName, current, ramping, versions, unversioned } = deployment;
  const rows = versions.map(({ buildId, state, workers, openEnrollments, createdAt }) => [
    buildId,
    ramping?.buildId === buildId ? `${state} ${ramping.percent} %` : state,
    String(workers),
    String(openEnrollments),
    moment(createdAt, now),
  ]);
  const none = ['without a version', current === undefined ? 'current' : '', String(unversioned.workers)];
  return [
    `deployment ${deploymentName}`,
    columns([
      ['version', 'state', 'workers', 'open', 'first seen'],
      ...rows,
      [...none, String(unversioned.openEnrollments), ''],
    ]),
    ...(current === undefined
      ? ['No version is current: versioned workers get nothing. Run "mfa rollout set-current".']
      : []),
  ].join('\n');
}

/** What follows when Temporal has taken a change and not all of its parts follow it yet. */
const unless = (propagated: boolean): string =>
  propagated
    ? ''
    : ' Temporal is still telling its task queues: for a while, some may go where they went before. Run it again to wait for them.';

function rolledBackText({ from, to, endedRamp, propagated, moved, left }: lazy.RolledBack): string {
  const target = to ?? 'workers without versioning';
  const directed = endedRamp
    ? `Nothing new goes to ${from ?? 'the version that was ramping'}; every new enrollment goes to ${target}.`
    : `New enrollments go to ${target} again.`;
  const done = `${directed}${unless(propagated)}`;
  if (moved === undefined || left === undefined) return `${done} Those that are open stay with their version.`;
  return `${done} ${movedText({ moved, left })}`;
}

const movedText = ({ moved, left }: { readonly moved: number; readonly left: number }): string =>
  `Moved: ${moved}.${left === 0 ? '' : ` Not moved: ${left}. Run it again.`}`;
