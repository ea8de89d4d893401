import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import type { SdkReport } from './sdk-client';
import { startTenant } from './tenant';

test('Auth0’s own SDK, unchanged and over https, enrols SMS and TOTP here', async () => {
  const tenant = await startTenant({ https: true });
  try {
    const userId = await tenant.newUser();
    const scope = 'openid enroll read:authenticators remove:authenticators';
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', join(__dirname, 'sdk-client.ts')],
      {
        cwd: join(__dirname, '../..'),
        env: {
          PATH: process.env['PATH'],
          NODE_EXTRA_CA_CERTS: tenant.caFile,
          SDK_DOMAIN: new URL(tenant.publicUrl).host,
          SDK_CONTROL: tenant.controlUrl,
          SDK_CLIENT_ID: tenant.clientId,
          SDK_CLIENT_SECRET: tenant.clientSecret,
          SDK_TOKEN: await tenant.token(userId, { scope }),
          SDK_MFA_TOKEN: await tenant.token(userId, { kind: 'mfa_token' }),
        },
      },
    );
    expect(JSON.parse(stdout) as SdkReport).toEqual({
      sms: { authenticatorType: 'oob', bindingMethod: 'prompt', oobChannel: 'sms' },
      scopeAfterSms: scope,
      active: [true, true],
      challengeType: 'otp',
      wrongCode: 'Invalid otp_code.',
      leftAfterDelete: ['otp'],
    });
  } finally {
    await tenant.close();
  }
});
