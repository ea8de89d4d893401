import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { startTenant, type Tenant } from '../emulator/tenant';
import { mfa } from './support';

let tenant: Tenant;
let env: NodeJS.ProcessEnv;
let managementSecret: string;

/** A tenant that is set up, and the environment that fits it. */
beforeEach(async () => {
  tenant = await startTenant();
  await tenant.control('PATCH', `/clients/${tenant.clientId}`, {
    callbacks: ['https://mfa.example.com/sign-in/callback'],
  });
  const { json: management } = await tenant.control('POST', '/clients', {});
  managementSecret = tenant.text(management['clientSecret']);
  env = {
    NODE_ENV: 'development', // for AUTH0_BASE_URL
    AUTH0_DOMAIN: new URL(tenant.publicUrl).host,
    AUTH0_BASE_URL: tenant.publicUrl,
    AUTH0_CLIENT_ID: tenant.clientId,
    AUTH0_CLIENT_SECRET: tenant.clientSecret,
    AUTH0_MANAGEMENT_CLIENT_ID: tenant.text(management['clientId']),
    AUTH0_MANAGEMENT_CLIENT_SECRET: managementSecret,
    PUBLIC_URL: 'https://mfa.example.com',
  };
});
afterEach(() => tenant.close());

const report = z.object({
  status: z.string(),
  checks: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      found: z.string(),
      where: z.object({ dashboard: z.string().min(1), api: z.string().min(1) }),
    }),
  ),
});

async function examine(more: NodeJS.ProcessEnv = {}) {
  const ran = await mfa(['doctor', '--json'], { env: { ...env, ...more } });
  const { status, checks } = report.parse(JSON.parse(ran.stdout));
  const not = (wanted: string) => checks.filter((check) => check.status !== wanted);
  return { ...ran, status, checks, not };
}
const client = (patch: object) => tenant.control('PATCH', `/clients/${tenant.clientId}`, { ...patch });

test('a tenant that is set up is all right: exit code 0, and every check says so', async () => {
  const { exitCode, status, not } = await examine();
  expect(not('ok')).toEqual([]);
  expect([exitCode, status]).toEqual([0, 'ok']);
});

test.each<[string, () => Promise<unknown>]>([
  ['a public client without a secret', () => client({ tokenEndpointAuthMethod: 'none' })],
  ['the unified phone experience', () => tenant.switches({ unifiedPhone: true })],
  ['recovery codes on', () => tenant.switches({ recoveryCodes: true })],
  ['a callback with a subdomain wildcard', () => client({ callbacks: ['https://*.example.com/sign-in/callback'] })],
])('%s is all right too', async (name, set) => {
  await set();
  const { AUTH0_CLIENT_SECRET: _secret, ...withoutSecret } = env;
  if (name.startsWith('a public')) env = withoutSecret;
  // The emulator compares callbacks to the letter, so its sign-in page does not know the wildcard.
  const { not } = await examine();
  expect(not('ok').filter(({ id }) => id !== 'mfa-audience')).toEqual([]);
});

const mfaGrant = 'http://auth0.com/oauth/grant-type/mfa-';
describe('a misconfiguration is found, told with where to change it, and ends with 1', () => {
  test.each<[plant: string, set: () => Promise<unknown>, check: string, found: string]>([
    ['factor sms off', () => tenant.switches({ smsFactor: false }), 'factor-sms', 'Off'],
    ['factor otp off', () => tenant.switches({ otpFactor: false }), 'factor-otp', 'Off'],
    ['voice alone', () => tenant.switches({ phoneMessageTypes: ['voice'] }), 'phone-message-types', 'Only voice'],
    ["Auth0's own sender", () => tenant.switches({ phoneProvider: 'auth0' }), 'phone-provider', '100 texts'],
    [
      'no provider on a unified-phone tenant',
      () => tenant.switches({ unifiedPhone: true, phoneProvider: 'auth0' }),
      'phone-provider',
      'None is set up',
    ],
    [
      'a disabled provider on a unified-phone tenant',
      () => tenant.switches({ unifiedPhone: true, phoneProviderDisabled: true }),
      'phone-provider',
      'disabled',
    ],
    [
      'a provider for voice alone on a unified-phone tenant',
      () => tenant.switches({ unifiedPhone: true, phoneMessageTypes: ['voice'] }),
      'phone-provider',
      'voice only',
    ],
    ['policy Always', () => tenant.switches({ mfaPolicy: 'always' }), 'policy', 'Always'],
    ['a third-party application', () => client({ isFirstParty: false }), 'first-party', 'third-party'],
    [
      'no mfa-oob grant',
      () => client({ grantTypes: ['authorization_code', `${mfaGrant}otp`] }),
      'grant-types',
      'Not ticked: MFA (mfa-oob).',
    ],
    [
      'no mfa-otp grant',
      () => client({ grantTypes: ['authorization_code', `${mfaGrant}oob`] }),
      'grant-types',
      'Not ticked: MFA (mfa-otp).',
    ],
    [
      'no Authorization Code grant',
      () => client({ grantTypes: [`${mfaGrant}oob`, `${mfaGrant}otp`] }),
      'grant-types',
      'Not ticked: Authorization Code.',
    ],
    ['another callback', () => client({ callbacks: ['https://old.example.com/callback'] }), 'callback', 'not among'],
    ['no callback', () => client({ callbacks: [] }), 'callback', 'not among'],
    [
      'a secret where there is none',
      () => client({ tokenEndpointAuthMethod: 'none' }),
      'auth-method',
      'It is none; with AUTH0_CLIENT_SECRET set it must be client_secret_post.',
    ],
    [
      'a secret sent in another way',
      () => client({ tokenEndpointAuthMethod: 'client_secret_basic' }),
      'auth-method',
      'It is client_secret_basic',
    ],
  ])('%s', async (_plant, set, check, found) => {
    await set();
    const { exitCode, status, checks } = await examine();
    expect(checks.find(({ id }) => id === check)).toMatchObject({
      status: 'change',
      found: expect.stringContaining(found),
    });
    expect([exitCode, status]).toEqual([1, 'change']);
  });

  test.each<[plant: string, variables: () => NodeJS.ProcessEnv, check: string, found: string]>([
    ['a wrong secret', () => ({ AUTH0_CLIENT_SECRET: 'wrong' }), 'client-authentication', 'refuses AUTH0_CLIENT_ID'],
    ['no secret', () => ({ AUTH0_CLIENT_SECRET: '' }), 'auth-method', 'absent it must be none'],
    ['an unknown application', () => ({ AUTH0_CLIENT_ID: 'unknown' }), 'application', 'no application unknown'],
    [
      'the audience of another domain',
      () => ({ AUTH0_AUDIENCE: 'https://other.example.com/mfa/' }),
      'mfa-audience',
      'knows no https://other.example.com/mfa/',
    ],
  ])('%s in the environment', async (_plant, variables, check, found) => {
    const { exitCode, checks } = await examine(variables());
    expect(checks.find(({ id }) => id === check)).toMatchObject({
      status: 'change',
      found: expect.stringContaining(found),
    });
    expect(exitCode).toBe(1);
  });
});

describe('what could not be checked says why and ends with 2', () => {
  const withoutManagement = { AUTH0_MANAGEMENT_CLIENT_ID: '', AUTH0_MANAGEMENT_CLIENT_SECRET: '' };
  const tokenFor = async (scope: string): Promise<string> => {
    const { json } = await tenant.post('/oauth/token', {
      grant_type: 'client_credentials',
      ...tenant.client,
      audience: `${tenant.publicUrl}/api/v2/`,
      scope,
    });
    return tenant.text(json['access_token']);
  };

  test.each([
    ['read:guardian_factors read:mfa_policies', 'application', 'read:clients'],
    ['read:clients read:mfa_policies', 'factor-sms', 'read:guardian_factors'],
    ['read:clients read:guardian_factors', 'policy', 'read:mfa_policies'],
  ])('a token with %s alone: %s lacks %s', async (scopes, check, missing) => {
    const { exitCode, checks } = await examine({
      ...withoutManagement,
      AUTH0_MANAGEMENT_TOKEN: await tokenFor(scopes),
    });
    expect(checks.find(({ id }) => id === check)).toMatchObject({
      status: 'unknown',
      found: `The Management credentials lack the scope ${missing}.`,
    });
    expect(exitCode).toBe(2);
  });

  test('the scopes named in the help are enough, and each is needed', async () => {
    const { stdout } = await mfa(['doctor', '--help']);
    const scopes = /may read: ([a-z:_ ]+)\./.exec(stdout.replace(/\s+/g, ' '))?.[1] ?? '';
    await tenant.switches({ unifiedPhone: true });
    const { exitCode } = await examine({ ...withoutManagement, AUTH0_MANAGEMENT_TOKEN: await tokenFor(scopes) });
    expect(exitCode).toBe(0);
    for (const left of scopes.split(' ')) {
      const fewer = scopes.split(' ').filter((scope) => scope !== left);
      const token = await tokenFor(fewer.join(' '));
      expect((await examine({ ...withoutManagement, AUTH0_MANAGEMENT_TOKEN: token })).exitCode).toBe(2);
    }
  });

  test.each<[string, NodeJS.ProcessEnv, string, string]>([
    ['no Management credentials', withoutManagement, 'factor-sms', 'Not asked: set AUTH0_MANAGEMENT_TOKEN'],
    [
      'Management credentials that are wrong',
      { AUTH0_MANAGEMENT_CLIENT_SECRET: 'wrong' },
      'management-access',
      'does not take the Management credentials',
    ],
    ['no PUBLIC_URL', { PUBLIC_URL: '' }, 'callback', 'set PUBLIC_URL'],
    [
      'a tenant that does not answer',
      { AUTH0_BASE_URL: 'http://127.0.0.1:1' },
      'discovery',
      'No answer from http://127.0.0.1:1.',
    ],
  ])('%s', async (_name, variables, check, found) => {
    const { exitCode, checks } = await examine(variables);
    expect(checks.find(({ id }) => id === check)).toMatchObject({
      status: 'unknown',
      found: expect.stringContaining(found),
    });
    expect(exitCode).toBe(2);
  });

  test.each<[NodeJS.ProcessEnv, string]>([
    [{ AUTH0_DOMAIN: '' }, 'AUTH0_DOMAIN: expected a bare host'],
    [{ AUTH0_MANAGEMENT_CLIENT_ID: '' }, 'AUTH0_MANAGEMENT_CLIENT_ID: expected to be set together'],
    [{ AUTH0_MANAGEMENT_TOKEN: 'token' }, 'AUTH0_MANAGEMENT_CLIENT_ID: expected nothing beside AUTH0_MANAGEMENT_TOKEN'],
    [{ NODE_ENV: 'production' }, 'AUTH0_BASE_URL: expected nothing in production'],
  ])('the environment %j', async (variables, fault) => {
    const ran = await mfa(['doctor'], { env: { ...env, ...variables } });
    expect(ran).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(fault) });
  });

  test('another address than the tenant, unless NODE_ENV asks for development', async () => {
    const { NODE_ENV: _development, ...unset } = env;
    const fault = 'AUTH0_BASE_URL: expected nothing in production';
    const ran = await mfa(['doctor'], { env: unset });
    expect(ran).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(fault) });
  });
});

test('phone channels that this kind of tenant does not show are left to the provider', async () => {
  await tenant.switches({ unifiedPhone: true });
  const path = '/api/v2/guardian/factors/phone/message-types';
  await tenant.fault({ type: 'errorBefore', route: `GET ${path}`, status: 403 });
  const { exitCode, checks } = await examine();
  expect(checks.find(({ id }) => id === 'phone-message-types')).toMatchObject({ status: 'ok' });
  expect(exitCode).toBe(0);
});

test('a limited rate is waited out: every check is made', async () => {
  await tenant.fault({ type: 'rateLimited', route: 'GET /api/v2/guardian/factors', retryAfter: 1 });
  expect((await examine()).exitCode).toBe(0);
});

test('people read one line a check, and where to change what is wrong', async () => {
  await tenant.switches({ otpFactor: false });
  const { stdout } = await mfa(['doctor'], { env });
  expect(stdout).toMatch(/^ok +Factor Phone Message: On\.$/m);
  expect(stdout).toMatch(/^change this +Factor One-time Password: Off: no user can enroll it\.$/m);
  expect(stdout).toMatch(/^ +Dashboard: Security → Multi-factor Auth → One-time Password$/m);
  expect(stdout).toMatch(/^ +API: PUT \/api\/v2\/guardian\/factors\/otp /m);
  expect(stdout.trimEnd()).toMatch(/1 to change, 0 not checked, \d+ all right\.$/);
});

test('nothing of the tenant is changed', async () => {
  const state = async () =>
    Promise.all(
      ['/switches', '/clients', '/users', '/inbox'].map(async (path) => (await tenant.control('GET', path)).text),
    );
  const before = await state();
  await examine();
  expect(await state()).toEqual(before);
  const requests = z.array(z.object({ method: z.string(), path: z.string() }));
  const asked = requests.parse(JSON.parse((await tenant.control('GET', '/requests')).text));
  const management = asked.filter(({ path }) => path.startsWith('/api/v2/'));
  expect(management.length).toBeGreaterThan(0);
  expect(new Set(management.map(({ method }) => method))).toEqual(new Set(['GET']));
});

test.each([
  ['all right', {}],
  [
    'refused',
    { AUTH0_CLIENT_SECRET: 'a-wrong-client-secret', AUTH0_MANAGEMENT_CLIENT_SECRET: 'a-wrong-management-secret' },
  ],
])('no secret is printed when they are %s', async (_name, variables) => {
  for (const args of [['doctor'], ['doctor', '--json']]) {
    const { stdout, stderr } = await mfa(args, { env: { ...env, ...variables } });
    for (const secret of [tenant.clientSecret, managementSecret, ...Object.values(variables)]) {
      expect(stdout + stderr).not.toContain(secret);
    }
    expect(stdout + stderr).not.toContain('eyJ');
  }
});

describe('the report for people', () => {
  const withoutManagement = { AUTH0_MANAGEMENT_CLIENT_ID: '', AUTH0_MANAGEMENT_CLIENT_SECRET: '' };

  test('says once why several settings could not be checked', async () => {
    const { stdout } = await mfa(['doctor'], { env: { ...env, ...withoutManagement } });
    expect(stdout.match(/Not asked: set AUTH0_MANAGEMENT_TOKEN/g)).toHaveLength(1);
    expect(stdout).toMatch(/^could not check {2}12 settings: Not asked: /m);
    for (const title of ['Callback URL', 'MFA policy', 'Recovery code']) expect(stdout).toContain(title);
    expect(stdout).toContain('0 to change, 12 not checked, 5 all right.');
  });

  test('has a line of its own for a setting that could not be checked for another reason', async () => {
    const { stdout } = await mfa(['doctor'], { env: { ...env, PUBLIC_URL: '' } });
    expect(stdout).toMatch(/^could not check {2}Callback URL: Not compared: set PUBLIC_URL/m);
  });
});

describe('with a local stack up', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mfa-doctor-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const stackFile = (): string => {
    const { publicUrl, clientId, clientSecret } = tenant;
    const keys = { onboarding: 'a', support: 'b', ops: 'c' };
    const file = join(folder, 'stack.json');
    const stack = { api: 'http://127.0.0.1:8080', keys, emulator: publicUrl, clientId, clientSecret };
    writeFileSync(file, JSON.stringify(stack));
    return file;
  };

  test('an environment that names no tenant is checked against its emulated tenant, and the error output says so', async () => {
    await tenant.control('PATCH', `/clients/${tenant.clientId}`, { callbacks: [] });
    const ran = await mfa(['doctor'], { env: { PATH: '/bin' }, stackFile: stackFile() });
    expect(ran).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining(`${tenant.publicUrl}, the emulated tenant`),
    });
    expect(ran.stdout).toContain('The tenant is set up.');
  });

  test('an environment that names a tenant is checked against that one', async () => {
    const other = { ...env, AUTH0_BASE_URL: 'http://127.0.0.1:1' };
    const ran = await mfa(['doctor'], { env: other, stackFile: stackFile() });
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).not.toContain('emulated');
    expect(ran.stdout).toContain('No answer from http://127.0.0.1:1.');
  });

  test('the error output says which API the other commands use, and why', async () => {
    const { stderr } = await mfa(['doctor'], { env, stackFile: stackFile() });
    expect(stderr).toBe(
      'mfa: The other commands use http://127.0.0.1:8080, because a local stack is running (`mfa profiles`).\n',
    );
  });
});
