import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const root = join(__dirname, '../..');
const run = promisify(execFile);

test('the demo enrolls a user in both factors, tells each step, names the case in Temporal UI, and prints no secret', async () => {
  const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
  const { stdout } = await run(process.execPath, [tsx, 'scripts/demo.ts'], { cwd: root, timeout: 150_000 });
  expect(stdout).toContain('a wrong code: rejected, 4 attempts left');
  expect(stdout).toContain('sms: confirmed, active');
  expect(stdout).toContain('otp: confirmed, active');
  expect(stdout).toMatch(
    /Temporal UI: http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\/mfa-enrollment-[\w-]+\/[\w-]+/,
  );
  expect(stdout).toContain('Everything is stopped.');
  expect(stdout).not.toMatch(/eyJ|secret=|otpauth:|mfa_onboarding_|14155550123/);
}, 180_000);

test('with --page it goes through the enrollment page in a browser, and prints no secret', async () => {
  const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
  const { stdout } = await run(process.execPath, [tsx, 'scripts/demo.ts', '--page'], { cwd: root, timeout: 150_000 });
  expect(stdout).toContain('a wrong code: This code is not right. You have 4 attempts left.');
  expect(stdout).toContain('Text message: codes to the phone number that ends in 23');
  expect(stdout).toMatch(/the tenant itself lists [23] active authenticators/);
  expect(stdout).not.toMatch(/eyJ|secret=|otpauth:|mfa_onboarding_|14155550123/);
}, 180_000);
