import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { z } from 'zod';
import { startStack, type Stack } from '../../scripts/stack';
import { environments } from '../../scripts/stack/environment';
import { freePorts } from '../../scripts/stack/ports';
import { freshSecrets } from '../../scripts/stack/secrets';
import { answers, createService, type Service } from '../../scripts/stack/service';
import { openDesk, type Desk } from '../support/desk';
import { cookieHeader, followLink, openLink, signInAtTenant, type CookieJar } from '../support/sign-in';

jest.setTimeout(120_000);
const folder = mkdtempSync(join(tmpdir(), 'mfa-links-'));
const secrets = freshSecrets();
let stack: Stack;
let second: Service;
let desk: Desk;
/** Two processes that answer for one public address, as behind a load balancer. */
let apis: readonly [string, string];

beforeAll(async () => {
  writeFileSync(join(folder, 'secrets.json'), JSON.stringify(secrets));
  writeFileSync(join(folder, 'ports.json'), JSON.stringify(await freePorts()));
  stack = await startStack({ state: folder });
  const { api: port, apiHealth: healthPort } = await freePorts();
  const place = {
    namespace: stack.namespace,
    taskQueue: stack.taskQueue,
    variables: { TEMPORAL_ADDRESS: stack.temporal, TEMPORAL_CONFIG_FILE: join(folder, 'temporal.toml') },
  };
  const { api: env } = environments(
    { ...stack, workerHealth: 'http://127.0.0.1:1', apiHealth: `http://127.0.0.1:${healthPort}` },
    place,
    secrets,
    'info',
  );
  const address = `http://127.0.0.1:${port}`;
  second = createService({
    name: 'second API',
    run: { entry: 'src/api/main.ts', compiled: false },
    env: { ...env, API_PORT: String(port) },
    logs: stack.logs,
    isReady: () => answers(`http://127.0.0.1:${healthPort}/health/ready`),
    readyWithinSeconds: 60,
    graceSeconds: 10,
  });
  await second.start();
  apis = [stack.api, address];
  desk = openDesk(stack);
});

afterAll(async () => {
  await second?.stop();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function waitingCase() {
  const { userId, email } = await desk.newUser();
  const { id, signInUrl = '' } = await desk.start({ userId, phoneNumber: '+14155550123' });
  return { userId, email, id, path: new URL(signInUrl).pathname };
}

/** A browser of its own: opens the link, goes on, signs in at the tenant, and stands before the callback. */
async function signIn(api: string, path: string, email: string) {
  const jar: CookieJar = new Map();
  const back = new URL(await followLink(`${api}${path}`, email, jar));
  const callback = `${api}${back.pathname}${back.search}`;
  const cookie = cookieHeader(jar);
  return { cookie, callback, comeBack: () => fetch(callback, { redirect: 'manual', headers: { cookie } }) };
}

test('of browsers that come back with one link at once, to two API processes, exactly one brings its token', async () => {
  const { userId, email, id, path } = await waitingCase();
  const browsers = [];
  for (const turn of [0, 1, 2, 3, 4, 5]) browsers.push(await signIn(apis[turn % 2 === 0 ? 0 : 1], path, email));
  const pages = await Promise.all(browsers.map(({ comeBack }) => comeBack()));
  expect(pages.map(({ status }) => status).sort()).toEqual([303, 410, 410, 410, 410, 410]);
  await desk.until(id, 'awaiting_code');
  const texts = z.array(z.object({ userId: z.string() })).parse(await desk.control('/inbox'));
  expect(texts.filter((text) => text.userId === userId)).toHaveLength(1);
  for (const api of apis) expect((await fetch(`${api}${path}`, { redirect: 'manual' })).status).toBe(410);
});

test('whoever opens a link without signing in, by whatever method, spends nothing', async () => {
  const { email, path } = await waitingCase();
  for (const method of ['GET', 'HEAD', 'GET']) {
    for (const api of apis) expect((await fetch(`${api}${path}`, { method, redirect: 'manual' })).status).toBe(200);
  }
  expect((await (await signIn(apis[0], path, email)).comeBack()).status).toBe(303);
});

test('a cookie of one case brings no token to another', async () => {
  const one = await waitingCase();
  const other = await waitingCase();
  const mine = await signIn(apis[0], one.path, one.email);
  const theirs = await signIn(apis[1], other.path, other.email);
  const mixed = await fetch(theirs.callback, { redirect: 'manual', headers: { cookie: mine.cookie } });
  expect(mixed.status).toBe(400);
  const strangers = await signIn(apis[0], one.path, other.email); // the other user, with this one's link
  expect((await strangers.comeBack()).status).toBe(403);
  for (const { id } of [one, other]) expect((await desk.status(id)).state).toBe('awaiting_token');
});

test('a callback that is sent twice brings one token', async () => {
  const { email, path } = await waitingCase();
  const { comeBack } = await signIn(apis[0], path, email);
  const pages = await Promise.all([comeBack(), comeBack()]);
  expect(pages.filter(({ status }) => status === 303)).toHaveLength(1);
});

test('a number that support changes between the page and the sign-in is not bound: the user is shown the new one first', async () => {
  const { email, id, path } = await waitingCase();
  const jar: CookieJar = new Map();
  const page = await openLink(`${apis[0]}${path}`, jar);
  expect(page.text).toMatch(/ends in 23 .*Who asks onboarding /);
  const authorize = (await page.continue()).headers.get('location') ?? '';
  const body = { phoneNumber: '+14155550199', reason: 'caller asked' };
  expect((await desk.ask('support', 'PUT', `/v1/enrollments/${id}/phone-number`, body)).status).toBe(200);

  const back = new URL(await signInAtTenant(authorize, email));
  const answer = await fetch(`${apis[0]}${back.pathname}${back.search}`, {
    redirect: 'manual',
    headers: { cookie: cookieHeader(jar) },
  });
  expect([answer.status, answer.headers.get('location')]).toEqual([303, `${path}?notice=number_changed`]);
  expect((await desk.status(id)).state).toBe('awaiting_token');

  const again = await openLink(`${apis[0]}${path}?notice=number_changed`, jar);
  expect(again.text).toContain('ends in 99');
  expect(again.text).toContain('The phone number was changed');
  expect((await (await signIn(apis[0], path, email)).comeBack()).status).toBe(303);
  await desk.until(id, 'awaiting_code');
});

test('a user who says that it is not them ends the enrollment and the link', async () => {
  const { id, path } = await waitingCase();
  const jar: CookieJar = new Map();
  const page = await openLink(`${apis[1]}${path}`, jar);
  const answer = await page.notMe();
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('The set-up was stopped')]);
  await desk.until(id, 'cancelled');
  const later = await openLink(`${apis[0]}${path}`, jar);
  expect([later.status, later.text]).toEqual([410, expect.stringContaining('This set-up was cancelled')]);
});

test('two links of one Idempotency-Key work once together, also in two processes', async () => {
  const { email, id } = await waitingCase();
  const linkAt = async (api: string) => {
    const headers = { authorization: `Bearer ${stack.keys.onboarding}`, 'idempotency-key': 'one-link' };
    const answer = await fetch(`${api}/v1/enrollments/${id}/links`, { method: 'POST', headers });
    return new URL(z.object({ url: z.string() }).parse(await answer.json()).url).pathname;
  };
  const paths = [await linkAt(apis[0]), await linkAt(apis[1])] as const;
  expect((await (await signIn(apis[0], paths[0], email)).comeBack()).status).toBe(303);
  expect((await fetch(`${apis[1]}${paths[1]}`, { redirect: 'manual' })).status).toBe(410);
});
