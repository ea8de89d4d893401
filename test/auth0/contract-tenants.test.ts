import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { liveTenant, liveVariables } from './contract-tenants';

const folder = mkdtempSync(join(tmpdir(), 'mfa-contract-'));
afterAll(() => rmSync(folder, { recursive: true }));
const codeFile = join(folder, 'code');

const whole = {
  AUTH0_TEST_DOMAIN: 'tenant.eu.auth0.com',
  AUTH0_TEST_CLIENT_ID: 'client',
  AUTH0_TEST_ACCESS_TOKEN: 'token',
  AUTH0_TEST_PHONE_NUMBER: '+14155550123',
  AUTH0_TEST_CODE_FILE: codeFile,
};

test('without its variables there is no real tenant', () => {
  expect(liveTenant({ PATH: '/bin', AUTH0_DOMAIN: 'tenant.eu.auth0.com' })).toBeUndefined();
});

test.each(Object.keys(whole))('without %s alone the run ends with its name, not without the tenant', (name) => {
  expect(() => liveTenant({ ...whole, [name]: '' })).toThrow(`${name}: expected`);
});

test('what is wrong is named without its value', () => {
  const env = { ...whole, AUTH0_TEST_DOMAIN: 'https://secret.example', AUTH0_TEST_ACCESS_TOKEN: 'secret token' };
  expect(() => liveTenant(env)).toThrow(/AUTH0_TEST_ACCESS_TOKEN: expected[^]*AUTH0_TEST_DOMAIN: expected/);
  expect(() => liveTenant(env)).not.toThrow(/secret/);
});

test('a public client has no secret; a secret and a token may be in files', () => {
  const file = join(folder, 'secret');
  writeFileSync(file, 'from-a-file\n');
  expect(liveTenant(whole)?.config).toEqual({ domain: 'tenant.eu.auth0.com', clientId: 'client' });
  const { AUTH0_TEST_ACCESS_TOKEN: _token, ...rest } = whole;
  const env = { ...rest, AUTH0_TEST_ACCESS_TOKEN_FILE: file, AUTH0_TEST_CLIENT_SECRET_FILE: file };
  expect(liveTenant(env)).toMatchObject({ accessToken: 'from-a-file', config: { clientSecret: 'from-a-file' } });
});

test('the code is read from the file once somebody has written it there', async () => {
  const tenant = liveTenant(whole);
  await tenant?.clearTexts();
  const code = tenant?.textedCode();
  writeFileSync(codeFile, 'Your code is 123456.');
  expect(await code).toBe('123456');
});

test.each(liveVariables)('docs/real-tenant.md explains %s', (name) => {
  expect(readFileSync(join(__dirname, '../../docs/real-tenant.md'), 'utf8')).toContain(`\`${name}\``);
});
