import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { startStack, type Stack } from '../../scripts/stack';
import { databaseUser } from '../../scripts/stack/postgres';
import { toolPath } from '../../scripts/stack/tools';
import { openDesk } from '../support/desk';
import { runShell, shellBlocks } from './shell-blocks';

// `npm run rehearse:restore`: the commands of docs/runbook.md, "Backup and restore", on Temporal's production server with PostgreSQL. Not
// part of `npm test`: that server is built from source, which takes minutes the first time.
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ server: 'postgres' });
}, 300_000);
afterAll(() => stack?.stop(), 60_000);

test('an enrollment that was open at the backup goes on after the databases were lost and restored', async () => {
  const [backup, restore, ...others] = shellBlocks('docs/runbook.md').filter(({ kind }) => kind === 'postgres');
  expect(others).toEqual([]);
  const kept = (name: string) => readFileSync(join(stack.folder, name), 'utf8');
  const { postgres } = z.object({ postgres: z.number() }).parse(JSON.parse(kept('postgres-ports.json')));
  const run = async (commands = '') => {
    const env = {
      PATH: [dirname(toolPath('postgres')), process.env['PATH']].join(':'),
      PGPASSWORD: kept('postgres-password'),
      ...{ PGHOST: '127.0.0.1', PGPORT: String(postgres), PGUSER: databaseUser },
    };
    expect(await runShell(commands, { cwd: stack.folder, env })).toEqual({ exitCode: 0, output: '' });
  };
  const desk = openDesk(stack);
  const { userId } = await desk.newUser();
  const { accessToken } = await desk.token(userId);
  const { id } = await desk.start({ userId, phoneNumber: '+14155550123', factors: ['sms'], token: { accessToken } });
  await desk.untilAwaits(id, 'sms');

  await run(backup?.commands);
  const { api, worker, temporal } = stack.services;
  for (const service of [api, worker, temporal]) await service?.stop();
  await run(restore?.commands);
  for (const service of [temporal, worker, api]) await service?.start();

  const answer = await desk.ask('support', 'POST', `/v1/enrollments/${id}/binding-code`, {
    code: await desk.texted(userId),
  });
  expect(JSON.parse(answer.text)).toMatchObject({ result: 'confirmed' });
  await desk.until(id, 'completed');
}, 300_000);
