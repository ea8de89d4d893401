import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack, type Stack } from './stack';
import { runMain } from '../src/run-main';
import { interruption } from './stack/interruption';
import { startReceiver, type Receiver } from './stack/receiver';
import { filterAddress, uiFilters } from './stack/temporal-ui';
import { toolPath } from './stack/tools';

/**
 * `npm start`: the stack, staying up; its enrollments, keys and ports are kept in `.temporal/` over restarts.
 * `npm run stack:postgres` (`--postgres`): the same on Temporal's production server with PostgreSQL, in `.temporal/postgres/`.
 */
async function main(): Promise<void> {
  const { postgres } = parseArgs({ options: { postgres: { type: 'boolean', default: false } } }).values;
  const interrupted = interruption();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const state = join(__dirname, postgres ? '../.temporal/postgres' : '../.temporal');
  const stack = await startStack({
    state,
    server: postgres ? 'postgres' : 'dev',
    announce: true,
    onProgress: (part, event) => event === 'ready' && say(`  ${part} is ready`),
  });
  const early: string[] = []; // the addresses come first
  let tell = (line: string): void => void early.push(line);
  const receiver = await receiverOf(stack, state, (line) => tell(line));
  const lines: readonly (readonly [string, string])[] = [
    ['Start page', stack.page],
    ['API', stack.api],
    ['API docs', `${stack.api}/docs`],
    ['Support desk', stack.desk],
    ['Temporal', stack.temporal],
    ['Temporal UI', stack.temporalUi ?? 'none: this server has no web interface'],
    ['Emulated tenant', stack.emulator],
    ['Its inbox', `${stack.emulatorControl}/`],
    ['Event receiver', receiver?.url ?? 'none: others may use the same Temporal server, and its list of webhooks'],
    ['Logs', stack.logs],
    ['Key: onboarding', stack.keys.onboarding],
    ['Key: support', stack.keys.support],
    ['Key: ops', stack.keys.ops],
    ['Desk: support', loginOf(stack.staff.support)],
    ['Desk: ops', loginOf(stack.staff.ops)],
  ];
  say('');
  for (const [name, value] of lines) say(`  ${name.padEnd(16)} ${value}`);
  const { temporalUi } = stack;
  say('\n  A new user with a link to the enrollment page: npm run link');
  if (temporalUi !== undefined) {
    say('\n  Enrollments in Temporal UI');
    for (const [name, query] of uiFilters)
      say(`  ${name.padEnd(16)} ${filterAddress(temporalUi, stack.namespace, query)}`);
  } else {
    const cli = toolPath('temporal');
    say(`\n  To look at enrollments: ${cli} workflow list --address ${stack.temporal}`);
    say(
      `  and at one of them:     ${cli} workflow show --workflow-id … --address ${stack.temporal} --codec-endpoint ${stack.codecServer}`,
    );
  }
  say('\nCtrl-C stops it; the enrollments stay. Addresses and keys are also in .run/stack.json.');
  if (receiver !== undefined) say('\nEvents of enrollments, as the receiver gets them (docs/webhooks.md):');
  early.forEach(say);
  tell = say;
  const ended = await Promise.race([stack.crashed, interrupted]);
  await stack.stop();
  await receiver?.close();
  if (ended !== 'interrupted') throw new Error(`The ${ended} has ended; its log is in ${stack.logs}`);
}

/** Not on a server that was there before: there is one list of webhooks for each namespace, and other stacks cannot read this one's. */
async function receiverOf(stack: Stack, state: string, say: (line: string) => void): Promise<Receiver | undefined> {
  if (stack.services.temporal === undefined) return undefined;
  try {
    return await startReceiver({ state, api: stack.api, key: stack.keys.ops, say });
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

const loginOf = ({ email, password }: { readonly email: string; readonly password: string }): string =>
  `${email}, password ${password}`;

void runMain(main);
