import { join } from 'node:path';
import { startStack } from './stack';
import { runMain } from '../src/run-main';
import { interruption } from './stack/interruption';

/** `npm start`: the stack, staying up; its enrollments, keys and ports are kept in `.temporal/` over restarts. */
async function main(): Promise<void> {
  const interrupted = interruption();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const stack = await startStack({
    state: join(__dirname, '../.temporal'),
    announce: true,
    onProgress: (part, event) => event === 'ready' && say(`  ${part} is ready`),
  });
  const lines: readonly (readonly [string, string])[] = [
    ['API', stack.api],
    ['API docs', `${stack.api}/docs`],
    ['Temporal UI', stack.temporalUi],
    ['Emulated tenant', stack.emulator],
    ['Its inbox', `${stack.emulatorControl}/inbox`],
    ['Logs', stack.logs],
    ['Key: onboarding', stack.keys.onboarding],
    ['Key: support', stack.keys.support],
    ['Key: ops', stack.keys.ops],
  ];
  say('');
  for (const [name, value] of lines) say(`  ${name.padEnd(16)} ${value}`);
  say('\nCtrl-C stops it; the enrollments stay. Addresses and keys are also in .run/stack.json.');
  const ended = await Promise.race([stack.crashed, interrupted]);
  await stack.stop();
  if (ended !== 'interrupted') throw new Error(`The ${ended} has ended; its log is in ${stack.logs}`);
}

void runMain(main);
