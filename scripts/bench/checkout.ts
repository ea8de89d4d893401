import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { createTenant } from '../stack/tenant';
import type { Engine } from './engine';
import { throughApi } from './engines/ours';

const started = z.object({
  api: z.string(),
  temporal: z.string(),
  emulator: z.string(),
  emulatorControl: z.string(),
  page: z.string(),
  keys: z.object({ onboarding: z.string(), support: z.string(), ops: z.string() }),
  clientId: z.string(),
  clientSecret: z.string(),
  taskQueue: z.string(),
  namespace: z.string(),
  codecServer: z.string(),
  apiHealth: z.string().default(''),
  pids: z.record(z.string(), z.number().optional()),
});

const readyWithinMs = 120_000;

/**
 * Another checkout of this product, installed and built, with its own stack, tenant and Temporal server, as the engine `before`.
 * Throws when its stack does not start within two minutes.
 */
export async function startCheckout(folder: string): Promise<{ engine: Engine; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'other-checkout.mjs'), resolve(folder)], {
    cwd: join(__dirname, '../..'),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  try {
    const { pids, ...file } = started.parse(JSON.parse(await firstLine()));
    const tenant = { tenant: createTenant(file), stack: file, pid: () => pids['emulator'] };
    const engine: Engine = {
      name: 'before',
      tenant,
      processes: { worker: () => pids['worker'], API: () => pids['api'], 'Temporal server': () => pids['temporal'] },
      histories: {
        address: file.temporal,
        namespace: file.namespace,
        taskQueue: file.taskQueue,
        workflowType: 'mfaEnrollment',
      },
      ...throughApi(file),
    };
    return { engine, stop };
  } catch (error) {
    await stop();
    throw error;
  }

  /** Throws when there is none in time, or the process ends before. */
  function firstLine(): Promise<string> {
    return new Promise((give, fail) => {
      const timer = setTimeout(() => fail(new Error(`The stack of ${folder} was not ready in time.`)), readyWithinMs);
      createInterface(child.stdout).once('line', (line) => {
        clearTimeout(timer);
        give(line);
      });
      child.once('exit', (code) => fail(new Error(`The stack of ${folder} ended with ${code}.`)));
    });
  }
}
