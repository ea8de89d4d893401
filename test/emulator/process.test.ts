import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import { Agent, fetch as undiciFetch } from 'undici';
import { optionsFromEnvironment } from '../../emulator/options';
import { startTenant } from './tenant';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(env: Record<string, string>) {
  const root = join(__dirname, '../..');
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'emulator/main.ts')], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

async function ready(child: ChildProcess): Promise<Record<string, unknown>> {
  if (child.stdout === null) throw new Error('stdout is piped');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return JSON.parse(line) as Record<string, unknown>;
}

test.each(['SIGTERM', 'SIGINT'] as const)('the process says when it is ready and goes on %s', async (signal) => {
  const child = start({ EMULATOR_CLIENT_ID: 'client-1', EMULATOR_CLIENT_SECRET: 'not-to-be-printed' });
  const line = await ready(child);
  expect(line).toEqual({
    event: 'ready',
    public: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    control: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    clientId: 'client-1',
  });
  expect((await fetch(`${String(line['control'])}/health`)).status).toBe(200);
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('a port in use ends the process with a word about it', async () => {
  const tenant = await startTenant();
  try {
    const child = start({ EMULATOR_PORT: new URL(tenant.publicUrl).port });
    let complaint = '';
    child.stderr?.on('data', (part) => (complaint += String(part)));
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(complaint).toContain('EADDRINUSE');
  } finally {
    await tenant.close();
  }
});

test('every variable at fault is named in one message', () => {
  expect(() =>
    optionsFromEnvironment({ EMULATOR_PORT: '99999', EMULATOR_DOMAIN: 'https://x/', EMULATOR_HTTPS: 'perhaps' }),
  ).toThrow(/EMULATOR_PORT: .*EMULATOR_DOMAIN: expected host or host:port.*EMULATOR_HTTPS: /);
});

test('an empty variable counts as absent', () => {
  expect(optionsFromEnvironment({ EMULATOR_SEED: '', EMULATOR_PORT: '' })).toEqual({
    host: '127.0.0.1',
    port: 0,
    controlPort: 0,
    https: false,
  });
});

test('the CA file does as NODE_EXTRA_CA_CERTS: a Node process asks with no option of its own', async () => {
  const tenant = await startTenant({ https: true });
  try {
    const ask = `fetch('${tenant.publicUrl}/.well-known/jwks.json').then((answer) => console.log(answer.status))`;
    const env = { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: tenant.caFile };
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', ask], { env });
    expect(stdout).toBe('200\n');
  } finally {
    await tenant.close();
  }
});

test('with https a client that trusts the CA file gets in under every name, others do not', async () => {
  const tenant = await startTenant({ https: true, customDomain: 'login.example.com' });
  const { caFile = '', publicUrl } = tenant;
  const { port } = new URL(publicUrl);
  const ca = readFileSync(caFile, 'utf8');
  const discover = async (host: string, servername = host, options: { ca?: string } = { ca }) => {
    const dispatcher = new Agent({ connect: { ...options, servername, lookup: toLoopback } });
    try {
      const answer = await undiciFetch(`https://${host}:${port}/.well-known/openid-configuration`, { dispatcher });
      return (await answer.json()) as Record<string, unknown>;
    } finally {
      await dispatcher.destroy();
    }
  };
  try {
    expect(publicUrl).toBe(`https://127.0.0.1:${port}`);
    expect(await discover('127.0.0.1', '')).toMatchObject({ issuer: `${publicUrl}/` });
    expect(await discover('localhost')).toMatchObject({ issuer: `${publicUrl}/` });
    expect(await discover('login.example.com')).toBeDefined();
    await expect(discover('other.example.com')).rejects.toThrow('fetch failed');
    await expect(discover('localhost', 'localhost', {})).rejects.toThrow('fetch failed');
  } finally {
    await tenant.close();
  }
  expect(existsSync(caFile)).toBe(false);
});

test('the authority goes where it was asked for, and goes again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ca-'));
  const caFile = join(folder, 'ca.pem');
  const tenant = await startTenant({ https: true, caFile });
  expect(tenant.caFile).toBe(caFile);
  expect(readFileSync(caFile, 'utf8')).toContain('BEGIN CERTIFICATE');
  await tenant.close();
  expect(existsSync(caFile)).toBe(false);
  rmSync(folder, { recursive: true });
});

function toLoopback(
  _name: string,
  _options: unknown,
  found: (error: null, addresses: { address: string; family: number }[]) => void,
): void {
  found(null, [{ address: '127.0.0.1', family: 4 }]);
}

test('behind a port mapping, issuer and audience follow the public URL', async () => {
  const tenant = await startTenant({ publicUrl: 'https://auth.example.test/' });
  try {
    expect(tenant.publicUrl).toBe('https://auth.example.test');
    const userId = await tenant.newUser();
    const [, payload = ''] = (await tenant.token(userId)).split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      iss: 'https://auth.example.test/',
      aud: 'https://auth.example.test/mfa/',
    });
  } finally {
    await tenant.close();
  }
});

test('the control page and its files are served, and their policy allows no inline script', async () => {
  const tenant = await startTenant();
  try {
    const page = await fetch(`${tenant.controlUrl}/`);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const html = await page.text();
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) => file);
    expect(files).toEqual(['control.css', 'control.js']);
    expect(html).not.toMatch(/<script(?![^>]*src=)|\son\w+=|style=/);
    for (const file of files) expect((await fetch(`${tenant.controlUrl}/${file}`)).status).toBe(200);
  } finally {
    await tenant.close();
  }
});
