import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { URI } from 'otpauth';
import { authorizeUrl, pkceChallenge } from '../../src/auth0/authorize';
import type { Auth0Verdict } from '../../src/auth0/errors';
import { createIdTokenCheck } from '../../src/auth0/id-token';
import { createMfaClient, type MfaClientConfig } from '../../src/auth0/mfa-client';
import { remedies } from '../../src/auth0/remedies';
import { caught } from './caught';
import {
  type ContractTenant,
  type EmulatedTenant,
  emulatedTenant,
  liveTenant,
  liveVariables,
} from './contract-tenants';

type Client = ReturnType<typeof createMfaClient>;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open<T extends ContractTenant>(tenant: T, config: Partial<MfaClientConfig> = {}) {
  closing.push(() => tenant.close());
  const mfa = createMfaClient({ ...tenant.config, ...config });
  closing.push(() => mfa.close());
  return { tenant, mfa };
}

const openEmulated = async (config: Partial<MfaClientConfig> = {}) => open(await emulatedTenant(), config);

const sms = (phoneNumber: string) => ({ authenticatorTypes: ['oob'], oobChannels: ['sms'], phoneNumber }) as const;
const totp = { authenticatorTypes: ['otp'] } as const;

/** Another code of the same shape. */
const wrong = (code: string) => (code === '000000' ? '000001' : '000000');

async function associateSms(mfa: Client, token: string, phoneNumber: string) {
  const associated = await mfa.associate(token, sms(phoneNumber));
  if (associated.type !== 'oob') throw new Error('asked for oob');
  return associated;
}

async function associateTotp(mfa: Client, token: string) {
  const associated = await mfa.associate(token, totp);
  if (associated.type !== 'otp') throw new Error('asked for otp');
  const app = URI.parse(associated.barcodeUri);
  if (!('period' in app)) throw new Error('expected a time-based key');
  return { ...associated, otp: () => app.generate() };
}

/** SMS, then TOTP with the token of the first confirm, read back, removed: what every tenant must do. */
async function enrollsBothFactors({ tenant, mfa }: { tenant: ContractTenant; mfa: Client }): Promise<void> {
  await tenant.clearTexts();
  const { oobCode } = await associateSms(mfa, tenant.accessToken, tenant.phoneNumber);
  const bindingCode = await tenant.textedCode();
  const answer = (code: string, oob = oobCode) =>
    mfa.confirm(tenant.accessToken, { type: 'oob', oobCode: oob, bindingCode: code });
  expect((await caught(answer(bindingCode, 'no-oob-code'))).verdict).toBe('challenge_expired');
  expect((await caught(answer(wrong(bindingCode)))).verdict).toBe('code_rejected');
  const next = await answer(bindingCode);
  expect(next.scope).toContain('enroll');

  const { otp } = await associateTotp(mfa, next.accessToken);
  const rejected = await caught(mfa.confirm(next.accessToken, { type: 'otp', otp: wrong(otp()) }));
  expect(rejected.verdict).toBe('code_rejected');
  const last = await mfa.confirm(next.accessToken, { type: 'otp', otp: otp() });

  const authenticators = await mfa.listAuthenticators(last.accessToken);
  const active = authenticators.filter((one) => one.active && one.authenticatorType !== 'recovery-code');
  expect(active.map((one) => one.oobChannel ?? one.authenticatorType).sort()).toEqual(['otp', 'sms']);

  for (const { id } of active) {
    await mfa.deleteAuthenticator(last.accessToken, id);
    await mfa.deleteAuthenticator(last.accessToken, id); // a second time is no fault
  }
  const left = await mfa.listAuthenticators(last.accessToken);
  expect(left.filter((one) => one.active && one.authenticatorType !== 'recovery-code')).toEqual([]);
}

const flow = 'SMS and TOTP are enrolled, read back active and removed';

/** Refusals that cost nothing and change nothing: any tenant can be asked for them. */
const everywhere: readonly Refusal<{ tenant: ContractTenant; mfa: Client }>[] = [
  ['garbage for a token', 'token_expired', undefined, ({ mfa }) => mfa.listAuthenticators('garbage')],
  [
    'a number that is none',
    'phone_number_invalid',
    undefined,
    ({ mfa, tenant }) => associateSms(mfa, tenant.accessToken, '+1'),
  ],
  ['a refresh token that nobody gave', 'token_expired', undefined, ({ mfa }) => mfa.refresh('no-such-token')],
  [
    'an authorization code that nobody gave',
    'token_expired',
    undefined,
    ({ mfa }) =>
      mfa.exchangeCode({ code: 'no-such-code', codeVerifier: 'v'.repeat(43), redirectUri: 'https://app.example.com' }),
  ],
];

type Refusal<Opened> = readonly [
  name: string,
  verdict: Auth0Verdict,
  remedy: string | undefined,
  act: (opened: Opened) => Promise<unknown>,
];

const authenticatorThatIsGone = 'an authenticator that is not there counts as removed';

async function removesWhatIsGone({ tenant, mfa }: { tenant: ContractTenant; mfa: Client }): Promise<void> {
  await expect(mfa.deleteAuthenticator(tenant.accessToken, 'totp|dev_0000000000000000')).resolves.toBeUndefined();
}

describe('the emulated tenant', () => {
  test(flow, async () => enrollsBothFactors(await openEmulated()));

  test(`${flow}, by a public client`, async () => {
    const tenant = await emulatedTenant();
    await tenant.control('PATCH', `/clients/${tenant.config.clientId}`, { tokenEndpointAuthMethod: 'none' });
    const { clientSecret: _, ...config } = tenant.config;
    await enrollsBothFactors(await open({ ...tenant, config }));
  });

  test('a sign-in through authorizeUrl ends in a token that opens the MFA API', async () => {
    const { tenant, mfa } = await openEmulated();
    const codeVerifier = 'fake-verifier-0123456789-0123456789-0123456789';
    const began = Date.now();
    const redirectUri = 'https://app.example.com/callback';
    const page = await fetch(
      authorizeUrl({
        ...tenant.config,
        redirectUri,
        state: 'state-1',
        nonce: 'nonce-1',
        codeChallenge: pkceChallenge(codeVerifier),
        offlineAccess: true,
      }),
    );
    const answer = await fetch(`${tenant.config.baseUrl}/u/login`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({
        state: new URL(page.url).searchParams.get('state') ?? '',
        username: tenant.email,
        password: tenant.password,
      }),
    });
    const callback = new URL(answer.headers.get('location') ?? '');
    expect(callback.searchParams.get('state')).toBe('state-1');

    const code = callback.searchParams.get('code') ?? '';
    const tokens = await mfa.exchangeCode({ code, codeVerifier, redirectUri });
    expect(tokens).toMatchObject({ expiresIn: 600, scope: expect.arrayContaining(['enroll']) });
    expect(await mfa.listAuthenticators(tokens.accessToken)).toEqual([]);
    const check = createIdTokenCheck(tenant.config);
    expect(await check(tokens.idToken, { nonce: 'nonce-1', since: began })).toEqual({
      type: 'genuine',
      subject: decodeJwt(tokens.accessToken).sub,
    });

    const renewed = await mfa.refresh(tokens.refreshToken ?? '');
    expect(await mfa.listAuthenticators(renewed.accessToken)).toEqual([]);
  });

  test('the first authenticator of a user brings the recovery code, the second does not', async () => {
    const { tenant, mfa } = await openEmulated();
    await tenant.control('PUT', '/switches', { recoveryCodes: true });
    const first = await associateSms(mfa, tenant.accessToken, tenant.phoneNumber);
    const second = await associateTotp(mfa, tenant.accessToken);
    expect([first.recoveryCode, second.recoveryCode]).toEqual([expect.stringMatching(/^[A-Z0-9]{24}$/), undefined]);
  });

  test(authenticatorThatIsGone, async () => removesWhatIsGone(await openEmulated()));

  test.each<Refusal<Opened>>([
    ...everywhere,
    [
      'a token that has expired',
      'token_expired',
      undefined,
      async ({ mfa, tenant }) => {
        await tenant.control('POST', '/clock', { advanceSeconds: 601 });
        await mfa.associate(tenant.accessToken, totp);
      },
    ],
    [
      'a token that has expired when the code comes',
      'token_expired',
      undefined,
      async ({ mfa, tenant }) => {
        const { otp } = await associateTotp(mfa, tenant.accessToken);
        await tenant.control('POST', '/clock', { advanceSeconds: 601 });
        await mfa.confirm(tenant.accessToken, { type: 'otp', otp: otp() });
      },
    ],
    [
      'an mfa_token of a user with an active factor',
      'token_wrong_kind',
      remedies.accessTokenNeeded,
      async ({ mfa, tenant }) => {
        const { otp } = await associateTotp(mfa, tenant.accessToken);
        await mfa.confirm(tenant.accessToken, { type: 'otp', otp: otp() });
        await mfa.associate(await tenant.token({ kind: 'mfa_token' }), totp);
      },
    ],
    [
      'a removal with an mfa_token',
      'token_wrong_kind',
      remedies.accessTokenNeeded,
      async ({ mfa, tenant }) => mfa.deleteAuthenticator(await tenant.token({ kind: 'mfa_token' }), 'sms|dev_1'),
    ],
    [
      'a token without the scope',
      'configuration',
      remedies.scopeMissing,
      async ({ mfa, tenant }) => mfa.listAuthenticators(await tenant.token({ scope: 'enroll' })),
    ],
    [
      'the eleventh text',
      'too_many_texts',
      undefined,
      async ({ mfa, tenant }) => {
        for (let text = 1; text <= 11; text += 1) await associateSms(mfa, tenant.accessToken, tenant.phoneNumber);
      },
    ],
    [
      'the eleventh wrong code',
      'too_many_codes',
      undefined,
      async ({ mfa, tenant }) => {
        const { oobCode } = await associateSms(mfa, tenant.accessToken, tenant.phoneNumber);
        const proof = { type: 'oob', oobCode, bindingCode: wrong(await tenant.textedCode()) } as const;
        for (let code = 1; code <= 10; code += 1) {
          expect((await caught(mfa.confirm(tenant.accessToken, proof))).verdict).toBe('code_rejected');
        }
        await mfa.confirm(tenant.accessToken, proof);
      },
    ],
    [
      'one authenticator too many',
      'authenticator_limit',
      undefined,
      async ({ mfa, tenant }) => {
        await tenant.control('PUT', '/switches', { authenticatorLimit: 1 });
        for (let count = 1; count <= 2; count += 1) await mfa.associate(tenant.accessToken, totp);
      },
    ],
    [
      'a code after its five minutes',
      'challenge_expired',
      undefined,
      async ({ mfa, tenant }) => {
        const { oobCode } = await associateSms(mfa, tenant.accessToken, tenant.phoneNumber);
        await tenant.control('POST', '/clock', { advanceSeconds: 301 });
        await mfa.confirm(tenant.accessToken, { type: 'oob', oobCode, bindingCode: await tenant.textedCode() });
      },
    ],
    [
      'the oob code of another token',
      'challenge_expired',
      undefined,
      async ({ mfa, tenant }) => {
        const { oobCode } = await associateSms(mfa, tenant.accessToken, tenant.phoneNumber);
        const proof = { type: 'oob', oobCode, bindingCode: await tenant.textedCode() } as const;
        await mfa.confirm(await tenant.token(), proof);
      },
    ],
    [
      'a factor that is off',
      'configuration',
      remedies.factorOff,
      async ({ mfa, tenant }) => {
        await tenant.control('PUT', '/switches', { smsFactor: false });
        await associateSms(mfa, tenant.accessToken, tenant.phoneNumber);
      },
    ],
    [
      'an application without the MFA grants',
      'configuration',
      remedies.mfaGrantOff,
      async ({ mfa, tenant }) => {
        await tenant.control('PATCH', `/clients/${tenant.config.clientId}`, { grantTypes: ['authorization_code'] });
        await mfa.confirm(tenant.accessToken, { type: 'otp', otp: '000000' });
      },
    ],
    [
      'a token of another application',
      'configuration',
      remedies.otherClient,
      async ({ mfa, tenant }) => {
        const { clientId } = (await tenant.control('POST', '/clients', {})) as { clientId: string }; // its own view
        await mfa.confirm(await tenant.token({ clientId }), { type: 'otp', otp: '000000' });
      },
    ],
    [
      'a limited rate',
      'throttled',
      undefined,
      async ({ mfa, tenant }) => {
        await tenant.control('POST', '/faults', { type: 'rateLimited', route: 'POST /mfa/associate' });
        await mfa.associate(tenant.accessToken, totp);
      },
    ],
  ])('%s is %s', async (_name, verdict, remedy, act) => {
    const opened = await openEmulated();
    expect(await caught(act(opened))).toMatchObject({ verdict, remedy });
  });

  test('a wrong client secret is a matter of configuration', async () => {
    const { tenant, mfa } = await openEmulated({ clientSecret: 'not-the-secret' });
    const error = await caught(mfa.confirm(tenant.accessToken, { type: 'otp', otp: '000000' }));
    expect(error).toMatchObject({ verdict: 'configuration', remedy: remedies.clientRefused });
  });

  test.each([['resetAfter'], ['errorAfter'], ['malformedBody']])(
    'a confirm whose answer is lost (%s) is ambiguous, and the list tells that it worked',
    async (type) => {
      const { tenant, mfa } = await openEmulated();
      const { otp } = await associateTotp(mfa, tenant.accessToken);
      await tenant.control('POST', '/faults', { type, route: 'POST /oauth/token' });
      const error = await caught(mfa.confirm(tenant.accessToken, { type: 'otp', otp: otp() }));
      expect(error.verdict).toBe('ambiguous');
      expect(await mfa.listAuthenticators(tenant.accessToken)).toMatchObject([{ active: true }]);
    },
  );
});

type Opened = { tenant: EmulatedTenant; mfa: Client };

const live = liveTenant(process.env);
if (live) {
  describe('the real tenant', () => {
    afterAll(() => removeEverything(live));

    test.each(everywhere)('%s is %s', async (_name, verdict, remedy, act) => {
      expect(await caught(act(await open(live)))).toMatchObject({ verdict, remedy });
    });

    test(authenticatorThatIsGone, async () => removesWhatIsGone(await open(live)));

    test(flow, async () => enrollsBothFactors(await open(live)), 300_000);
  });
} else {
  console.info(
    `Contract: checked against the emulator alone. No real tenant is named: set ${liveVariables.join(', ')} (docs/real-tenant.md).`,
  );
}

/** A test that failed half-way leaves authenticators, and Auth0 keeps about 51 a user. */
async function removeEverything(tenant: ContractTenant): Promise<void> {
  const mfa = createMfaClient(tenant.config);
  try {
    for (const { id, authenticatorType } of await mfa.listAuthenticators(tenant.accessToken)) {
      if (authenticatorType !== 'recovery-code') await mfa.deleteAuthenticator(tenant.accessToken, id);
    }
  } finally {
    await mfa.close();
  }
}
