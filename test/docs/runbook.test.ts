import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Connection } from '@temporalio/client';
import { parse } from 'yaml';
import { z } from 'zod';
import { startStack, type Stack } from '../../scripts/stack';
import { toolPath } from '../../scripts/stack/tools';
import { loadConfig } from '../../src/config';
import { temporalRunOf } from '../../src/cli/text/ids';
import { failureTypes } from '../../src/enrollment/failures';
import { problemCodes } from '../../src/enrollment/problems';
import { openDesk } from '../support/desk';
import { anchors, codeIn, read, root, table } from './markdown';
import { parsesAsShell, runShell, shellBlocks } from './shell-blocks';

const page = 'docs/runbook.md';
const sections = anchors(read(page));
const blocks = shellBlocks(page);
const run = blocks.filter(
  ({ kind, commands }, index) => kind === '' && blocks.findIndex((other) => other.commands === commands) === index,
);
/** The block that tells the tools where the stack of `npm start` is: whoever follows the page has run it before every other. */
const where = run.find(({ commands }) => commands.includes('.run/stack.json'))?.commands ?? '';

describe('has a section for', () => {
  test.each(problemCodes)('the problem %s', (code) => {
    expect(sections).toContain(code);
  });

  test.each(Object.values(failureTypes))('failures of the type %s', (type) => {
    expect(sections).toContain(type.toLowerCase());
  });

  test('every alert, and leads nowhere else', () => {
    const named = alerts();
    expect(named.filter(({ alert }) => !sections.includes(alert.toLowerCase()))).toEqual([]);
    const elsewhere = named.filter(
      ({ alert, annotations: { runbook_url: url } }) => !url.endsWith(`docs/runbook.md#${alert.toLowerCase()}`),
    );
    expect(elsewhere).toEqual([]);
  });

  test('no alert that is not there', () => {
    const named = alerts().map(({ alert }) => alert);
    if (named.length > 0) expect(headingsOf('Alerts').sort()).toEqual(named.sort());
    else expect(headingsOf('Alerts').length).toBeGreaterThan(10);
  });

  test('no problem and no type of failure that is not there', () => {
    expect(headingsOf('Last problems')).toEqual(problemCodes);
    expect(headingsOf('Types of failures')).toEqual(Object.values(failureTypes));
  });
});

const ruleFile = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.looseObject({
          alert: z.string().optional(),
          annotations: z.object({ runbook_url: z.string() }).optional(),
        }),
      ),
    }),
  ),
});

/** Of every file of rules in deploy/prometheus. An alert without a `runbook_url` is told by an empty one. */
function alerts(): { readonly alert: string; readonly annotations: { readonly runbook_url: string } }[] {
  const folder = join(root, 'deploy/prometheus');
  const files = existsSync(folder)
    ? readdirSync(folder).filter((name) => /^(alerts|rules|recording).*\.ya?ml$/.test(name))
    : [];
  return files
    .flatMap((name) => ruleFile.parse(parse(read(`deploy/prometheus/${name}`))).groups)
    .flatMap(({ rules }) => rules)
    .flatMap(({ alert, annotations }) =>
      alert === undefined ? [] : [{ alert, annotations: annotations ?? { runbook_url: '' } }],
    );
}

/** The headings below this one. */
function headingsOf(chapter: string): string[] {
  const [, body = ''] = read(page).split(`\n## ${chapter}\n`);
  return [...(body.split('\n## ')[0] ?? '').matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading);
}

test.each(blocks.map(({ section, commands }) => [section, commands]))(
  'a shell can read the commands of "%s": %s',
  async (_section, commands) => {
    expect(await parsesAsShell(commands)).toEqual({ exitCode: 0, output: '' });
  },
);

test('a block that is not run says why, in its first line or by its kind', () => {
  const unexplained = blocks.filter(
    ({ kind, commands }) => !['', 'postgres'].includes(kind) && !commands.startsWith('# not run: '),
  );
  expect(unexplained).toEqual([]);
});

describe('on a stack', () => {
  let stack: Stack;
  let folder: string;
  let desk: ReturnType<typeof openDesk>;
  let env: NodeJS.ProcessEnv;
  const openedAt: number[] = [];
  const cases: { readonly id: string; readonly userId: string }[] = [];

  jest.setTimeout(300_000);

  beforeAll(async () => {
    stack = await startStack();
    desk = openDesk(stack);
    folder = place(stack);
    // The first ones are for the commands that send another text, which Auth0's cool-down holds back for 30 seconds.
    for (const _each of run.filter(needsCase)) cases.push(await opened());
    const token = await fetch(`${stack.emulator}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        grant_type: 'client_credentials',
        client_id: stack.clientId,
        client_secret: stack.clientSecret,
        audience: `${stack.emulator}/api/v2/`,
      }),
    });
    const { access_token: managementToken } = z.object({ access_token: z.string() }).parse(await token.json());
    // What `npx mfa doctor` looks for in a tenant that is set up.
    await fetch(`${stack.emulator}/api/v2/clients/${stack.clientId}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${managementToken}` },
      body: JSON.stringify({ callbacks: [`${stack.api}/sign-in/callback`] }),
    });
    const added = await desk.ask('ops', 'POST', '/v1/webhooks', { url: 'http://127.0.0.1:1/' }, true);
    env = {
      PATH: [join(folder, 'path'), dirname(toolPath('temporal')), process.env['PATH']].join(':'),
      HOME: folder,
      AUTH0_MANAGEMENT_TOKEN: managementToken,
      WEBHOOK_ID: z.object({ id: z.string() }).parse(JSON.parse(added.text)).id,
      // What `npx mfa doctor` and `setup-namespace` read, as the processes do.
      NODE_ENV: 'development',
      AUTH0_DOMAIN: new URL(stack.emulator).host,
      AUTH0_BASE_URL: stack.emulator,
      AUTH0_CLIENT_ID: stack.clientId,
      AUTH0_CLIENT_SECRET: stack.clientSecret,
      PUBLIC_URL: stack.api,
    };
    await runShell('deploy/make-secrets.sh', { cwd: folder, env });
  });

  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** An enrollment that waits for the code of a text. */
  async function opened(): Promise<{ id: string; userId: string }> {
    const { userId } = await desk.newUser();
    const { accessToken } = await desk.token(userId);
    const { id } = await desk.start({ userId, phoneNumber: '+14155550123', token: { accessToken } });
    openedAt.push(Date.now());
    return { id, userId };
  }

  test('the place of the stack is told by one block', () => {
    expect(run.filter(({ commands }) => commands.includes('.run/stack.json'))).toHaveLength(1);
  });

  // Those that send another text come last.
  const later = ({ commands }: { readonly commands: string }) => Number(commands.includes('mfa resend'));
  const inOrder = [...run].sort((one, other) => later(one) - later(other));

  test.each(inOrder.map((block) => [block.section, block.commands, block] as const))(
    '"%s" runs as written: %s',
    async (_section, commands, block) => {
      const { id = '', userId = '' } = (needsCase(block) ? cases.pop() : cases[0]) ?? {};
      if (later(block) === 1) await desk.until(id, 'awaiting_code').then(() => cooledDown());
      const ran = await runShell([where, commands].join('\n'), {
        cwd: folder,
        env: { ...env, ID: id, USER_ID: userId, WORKFLOW_ID: temporalRunOf(id)?.workflowId },
        input: '+14155550199',
      });
      expect({ ...ran, output: ran.exitCode === 0 ? '' : ran.output }).toEqual({ exitCode: 0, output: '' });
    },
  );

  const cooledDown = async (): Promise<void> => {
    const wait = Math.max(...openedAt) + 31_000 - Date.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  };

  test.each(table('docs/temporal-ui.md', 'saved view', 'query'))(
    '%s: Temporal takes the query of the view',
    async (_view, query) => {
      const { temporal } = stack;
      const connection = await Connection.connect({ address: temporal });
      const counting = connection.workflowService.countWorkflowExecutions({
        namespace: stack.namespace,
        query: codeIn(query)[0] ?? '',
      });
      const { count } = await counting.finally(() => connection.close());
      expect(Number(count)).toBeGreaterThanOrEqual(0);
    },
  );

  test('what the rotations have left is what API and worker take', () => {
    const secrets = (name: string) => join(folder, 'secrets', name);
    const variables = {
      ...env,
      NODE_ENV: 'production',
      AUTH0_BASE_URL: '',
      PUBLIC_URL: 'https://mfa.example.com',
      TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml',
      PAYLOAD_KEYS_FILE: secrets('payload_keys'),
      PAYLOAD_ACTIVE_KEY_ID: Object.keys(z.record(z.string(), z.string()).parse(json(secrets('payload_keys'))))[1],
      ID_KEY_FILE: secrets('id_key'),
      ID_KEYS_PREVIOUS_FILE: secrets('id_keys_previous'),
      API_KEYS_FILE: secrets('api_keys'),
    };
    const config = loadConfig(variables, 'api');
    expect(config.previousIdKeys).toHaveLength(1);
    expect(
      z
        .array(z.object({ name: z.string() }))
        .parse(json(secrets('api_keys')))
        .map(({ name }) => name),
    ).toEqual(['onboarding', 'support', 'ops', 'ops']);
    expect(() => loadConfig(variables, 'worker')).not.toThrow();
  });
});

const needsCase = ({ commands }: { readonly commands: string }): boolean => /\$ID\b|\$WORKFLOW_ID/.test(commands);
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** A folder like the repository's own, with `secrets/` of its own, where `npx mfa` is the command line of the repository. */
function place(stack: Stack): string {
  const folder = mkdtempSync(join(tmpdir(), 'mfa-runbook-'));
  for (const name of ['.run', 'path', 'deploy']) mkdirSync(join(folder, name));
  copyFileSync(join(stack.folder, 'stack.json'), join(folder, '.run/stack.json'));
  copyFileSync(join(root, 'deploy/make-secrets.sh'), join(folder, 'deploy/make-secrets.sh'));
  chmodSync(join(folder, 'deploy/make-secrets.sh'), 0o755);
  // npx itself takes a second to find what stands in the repository.
  const npx = join(folder, 'path/npx');
  writeFileSync(npx, `#!/bin/sh\nshift\nexec ${process.execPath} ${join(root, 'bin/mfa.mjs')} "$@"\n`, { mode: 0o755 });
  return folder;
}
