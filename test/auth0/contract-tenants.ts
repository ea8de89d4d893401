import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { createEmulator } from '../../emulator/server';
import type { MfaClientConfig } from '../../src/auth0/mfa-client';
import { createConfigReader } from '../../src/config/reader';
import { clientId, clientSecret, domain, expectedDomain } from '../../src/config/variables';

/** A tenant with one fresh user: what the contract needs, whoever plays Auth0. */
export interface ContractTenant {
  readonly config: MfaClientConfig;
  /** With the MFA audience and all three scopes. */
  readonly accessToken: string;
  readonly phoneNumber: string;
  /** Call before anything is sent. */
  clearTexts(): Promise<void>;
  /** The code of the text that came since. */
  textedCode(): Promise<string>;
  close(): Promise<void>;
}

/** The emulated tenant, and the hand that its control side lends to tests. */
export interface EmulatedTenant extends ContractTenant {
  readonly email: string;
  readonly password: string;
  control(method: 'GET' | 'POST' | 'PUT' | 'PATCH', path: string, body?: object): Promise<unknown>;
  token(request?: object): Promise<string>;
}

const userAnswer = z.object({ userId: z.string(), email: z.string(), password: z.string() });
const tokenAnswer = z.object({ accessToken: z.string() });
const inboxAnswer = z.array(z.object({ code: z.string(), userId: z.string() }));

export async function emulatedTenant(): Promise<EmulatedTenant> {
  const emulator = await createEmulator();
  const control = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${emulator.controlUrl}${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  const { userId, email, password } = userAnswer.parse(await control('POST', '/users', { email: 'user@example.com' }));
  const token = async (request: object = {}) =>
    tokenAnswer.parse(await control('POST', '/tokens', { userId, ...request })).accessToken;
  return {
    config: {
      domain: new URL(emulator.publicUrl).host,
      baseUrl: emulator.publicUrl,
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
    },
    accessToken: await token(),
    phoneNumber: '+15005550006',
    clearTexts: async () => undefined,
    async textedCode() {
      const texts = inboxAnswer.parse(await control('GET', '/inbox'));
      const text = texts.findLast((one) => one.userId === userId);
      if (!text) throw new Error('no text was sent');
      return text.code;
    },
    close: () => emulator.close(),
    email,
    password,
    control,
    token,
  };
}

/** Every variable of a real tenant, as docs/real-tenant.md explains them. */
export const liveVariables = [
  'AUTH0_TEST_DOMAIN',
  'AUTH0_TEST_CLIENT_ID',
  'AUTH0_TEST_CLIENT_SECRET',
  'AUTH0_TEST_ACCESS_TOKEN',
  'AUTH0_TEST_PHONE_NUMBER',
  'AUTH0_TEST_CODE_FILE',
] as const;

/**
 * A real tenant, when the environment names one; undefined when it names none. Throws an Error that names every variable
 * that is missing or wrong when it names half of one, so that a run meant for a tenant never passes without it.
 */
export function liveTenant(env: NodeJS.ProcessEnv): ContractTenant | undefined {
  const reader = createConfigReader(env);
  if (!liveVariables.some((name) => reader.isSet(name))) return undefined;
  const secret = reader.optionalSecret('AUTH0_TEST_CLIENT_SECRET', clientSecret);
  const accessToken = reader.optionalSecret('AUTH0_TEST_ACCESS_TOKEN', word);
  if (!reader.isSet('AUTH0_TEST_ACCESS_TOKEN')) reader.fault('AUTH0_TEST_ACCESS_TOKEN', `${freshToken}; it is not set`);
  const codeFile = reader.required('AUTH0_TEST_CODE_FILE', word, 'the path of a file for the texted code');
  const live = {
    config: {
      domain: reader.required('AUTH0_TEST_DOMAIN', domain, expectedDomain),
      clientId: reader.required('AUTH0_TEST_CLIENT_ID', clientId, "the application's client id"),
      ...(secret === undefined ? {} : { clientSecret: secret.reveal() }),
    },
    accessToken: accessToken?.reveal() ?? '',
    phoneNumber: reader.required('AUTH0_TEST_PHONE_NUMBER', e164, 'an E.164 number such as +14155550123'),
  };
  if (reader.faults.length > 0) {
    const lines = reader.faults.map((fault) => `  - ${fault}`);
    throw new Error(['A real tenant is named in part (docs/real-tenant.md):', ...lines].join('\n'));
  }
  return {
    ...live,
    clearTexts: () => writeFile(codeFile, ''),
    async textedCode() {
      // Bounded by the test's own timeout, which is the life of a code.
      for (;;) {
        const code = /\b\d{6}\b/.exec(await readFile(codeFile, 'utf8'))?.[0];
        if (code !== undefined) return code;
        await setTimeout(500);
      }
    },
    close: async () => undefined,
  };
}

const freshToken = 'an MFA token of a user without factors, taken within the last 5 minutes';
const word = z.string().regex(/^\S{1,8192}$/, 'one word without spaces');
const e164 = z.string().regex(/^\+[1-9]\d{1,14}$/, 'an E.164 number such as +14155550123');
