import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { z } from 'zod';
import { startStack, type Stack, type StackOptions } from '../../scripts/stack';
import { freePorts } from '../../scripts/stack/ports';
import { freshSecrets } from '../../scripts/stack/secrets';
import { runCases, type Secrets } from './cases';
import { openDesk, type Desk } from '../support/desk';
import { expireCase } from './expired-case';
import { search, type Place, type Wanted } from './search';
import { textOnly, wrappings } from './wrappings';

interface Hunt {
  readonly server: NonNullable<StackOptions['server']>;
  /** The log files that such a stack writes. */
  readonly logs: readonly string[];
  /** What the database of the stack in this folder holds, now that the stack is stopped. */
  readonly readDatabase: (folder: string) => readonly Place[] | Promise<readonly Place[]>;
  /** Secrets that only such a stack has, by kind. */
  readonly ownSecrets?: (folder: string) => Readonly<Record<string, readonly string[]>>;
}

/**
 * Declares the tests of a hunt: whole cases on a stack in a folder of its own, then a search through database, histories, logs and
 * answers for every secret and user id, and through copies of them with planted ones. Gives what further tests may look at once
 * the stack has stopped.
 */
export function declareHunt(hunt: Hunt): { readonly folder: string; readonly wanted: () => readonly Wanted[] } {
  const folder = mkdtempSync(join(tmpdir(), 'mfa-secrets-'));
  const own = freshSecrets();
  let stack: Stack;
  let wanted: readonly Wanted[];
  let workflowIds: readonly string[];
  /** By kind: where secrets could have ended up. */
  let places: Readonly<Record<'database' | 'histories' | 'logs' | 'answers', readonly Place[]>>;

  beforeAll(async () => {
    // A folder that outlives the stack, with keys that this test knows.
    writeFileSync(join(folder, 'secrets.json'), JSON.stringify(own));
    writeFileSync(join(folder, 'ports.json'), JSON.stringify(await freePorts()));
    stack = await startStack({ state: folder, logLevel: 'debug', server: hunt.server });
    const desk = openDesk(stack);
    const secrets = await runCases(desk);
    await expireCase(stack, desk, own);
    wanted = await gather(desk, secrets);
    const histories = await fetchHistories();
    workflowIds = histories.map(({ name }) => name);
    await stack.stop(); // so that the database is whole on the disk
    const database = await hunt.readDatabase(folder);
    places = { database, histories, logs: filesIn(stack.logs, /\.log$/), answers: desk.answers };
  }, 240_000);

  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As anybody reads them who has Temporal and no key: every event, and what a list and a description tell. */
  async function fetchHistories(): Promise<Place[]> {
    const connection = await Connection.connect({ address: stack.temporal });
    const { namespace } = stack;
    const client = new Client({ connection, namespace });
    const list = await client.workflowService.listWorkflowExecutions({ namespace, pageSize: 1_000 });
    const found: Place[] = [];
    for (const info of list.executions) {
      const { workflowId = '', runId = '' } = { ...info.execution };
      const history = await client.workflow.getHandle(workflowId ?? '', runId ?? '').fetchHistory();
      const description = await client.workflowService.describeWorkflowExecution({
        namespace,
        execution: { workflowId, runId },
      });
      const texts = [historyToJSON(history), JSON.stringify(description), JSON.stringify(info)];
      found.push({ name: workflowId ?? '', bytes: Buffer.from(texts.join('\n')) });
    }
    await connection.close();
    return found;
  }

  /** Every secret of the run: what the tenant was sent and what it gave out, what users were shown, and the stack's own keys. */
  async function gather(desk: Desk, secrets: Secrets): Promise<Wanted[]> {
    const sent = requests.parse(await desk.control('/requests'));
    const fields = (name: string) => sent.flatMap(({ body }) => (typeof body?.[name] === 'string' ? [body[name]] : []));
    const users = z.array(z.object({ userId: z.string() })).parse(await desk.control('/users'));
    const records = await Promise.all(
      users.map(async ({ userId }) =>
        authenticators.parse(await desk.control(`/users/${encodeURIComponent(userId)}/authenticators`)),
      ),
    );
    const texts = z.array(z.object({ code: z.string() })).parse(await desk.control('/inbox'));
    const setupKeys = [...secrets.setupKeys, ...records.flat().flatMap(({ secret }) => secret ?? [])];
    const kinds: Readonly<Record<string, readonly (string | Uint8Array)[]>> = {
      'access token': [
        ...sent.flatMap(({ headers }) => headers['authorization']?.replace(/^Bearer /, '') ?? []),
        ...fields('mfa_token'),
      ],
      'refresh token': fields('refresh_token'),
      'client secret': [own.clientSecret, ...fields('client_secret')],
      'oob code': fields('oob_code'),
      'binding code': [...texts.map((text) => text.code), ...fields('binding_code')],
      otp: fields('otp'),
      'setup key': setupKeys.flatMap((key) => [key, key.toLowerCase(), key.replace(/.{4}(?=.)/g, '$& ')]),
      'recovery code': [...secrets.recoveryCodes, ...records.flat().flatMap(({ code }) => code ?? [])],
      'phone number': secrets.phoneNumbers.flatMap(asWritten),
      // Not only as Auth0 writes it: what stands behind the connection's name is enough to know whose it is.
      'user id': users.flatMap(({ userId }) => [userId, userId.slice(userId.indexOf('|') + 1)]),
      'API key': Object.values(own.apiKeys),
      'payload key': [own.payloadKey, Buffer.from(own.payloadKey, 'base64')],
      'id key': [own.idKey, Buffer.from(own.idKey, 'base64')],
      'sign-in link': secrets.links.flatMap((link) => [link, link.slice(link.lastIndexOf('.') + 1)]),
      'sign-in cookie': secrets.cookies,
      'authorization code': fields('code'),
      'code verifier': fields('code_verifier'),
      ...hunt.ownSecrets?.(folder),
    };
    return Object.entries(kinds).map(([name, values]) => ({
      name,
      values: [...new Set(values)].filter((value) => value.length > 0),
    }));
  }

  test('the run had secrets of every kind, and places of every kind were reached', () => {
    for (const { name, values } of wanted) expect([name, values.length > 0]).toEqual([name, true]);
    expect(places.histories.length).toBeGreaterThanOrEqual(9);
    expect(places.logs.map(({ name }) => name).sort()).toEqual([...hunt.logs].sort());
    // Both are read as they are: what stands in them in clear is found, histories' base64 included.
    for (const kind of ['database', 'histories'] as const) {
      const clear = [...workflowIds, 'awaiting_code', 'binary/encrypted'].map((text) => ({
        name: text,
        values: [text],
      }));
      expect(new Set(search(places[kind], clear).map((find) => find.wanted))).toEqual(
        new Set(clear.map(({ name }) => name)),
      );
    }
  });

  test.each(['database', 'histories', 'logs', 'answers'] as const)('the %s hold no secret in any form', (kind) => {
    expect(search(places[kind], wanted)).toEqual([]);
  });

  describe.each(['database', 'histories', 'logs', 'answers'] as const)('planted in the %s', (kind) => {
    test.each(Object.entries(wrappings))('a secret of every kind is found %s', (form, wrap) => {
      const place = places[kind].reduce((one, other) => (other.bytes.length > one.bytes.length ? other : one));
      const plants = wanted.flatMap(({ name, values }) =>
        values
          .filter((value) => typeof value === 'string' || !textOnly.has(form))
          .slice(0, 2)
          .map((value) => ({ name, value })),
      );
      const middle = place.bytes.length >> 1;
      const planted = Buffer.concat([
        place.bytes.subarray(Math.max(0, middle - 50_000), middle),
        ...plants.flatMap(({ value }) => [Buffer.from('\n'), wrap(Buffer.from(value)), Buffer.from('\n')]),
        place.bytes.subarray(middle, middle + 50_000),
      ]);
      const found = search(
        [{ name: place.name, bytes: planted }],
        plants.map(({ name, value }) => ({ name, values: [value] })),
      );
      expect(new Set(found.map((find) => find.wanted))).toEqual(new Set(wanted.map(({ name }) => name)));
    });
  });

  return { folder, wanted: () => wanted };
}

/** The files of a folder that have such a name. */
export const filesIn = (folder: string, names: RegExp): Place[] =>
  readdirSync(folder)
    .filter((name) => names.test(name))
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));

const requests = z.array(
  z.object({
    path: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.record(z.string(), z.unknown()).optional(),
  }),
);
const authenticators = z.array(z.object({ secret: z.string(), code: z.string() }).partial());

/** +14155550123, and how people and programs write it. */
function asWritten(phoneNumber: string): string[] {
  const [, area = '', exchange = '', line = ''] = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(phoneNumber) ?? [];
  return [
    `${area}${exchange}${line}`,
    ...[' ', '-', '.'].map((between) => [area, exchange, line].join(between)),
    `(${area}) ${exchange}-${line}`,
  ];
}
