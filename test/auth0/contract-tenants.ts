import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { createEmulator } from '../../emulator/server';
import type { MfaClientConfig } from '../../src/auth0/mfa-client';

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

const liveVariables = z.object({
  AUTH0_TEST_DOMAIN: z.string().min(1),
  AUTH0_TEST_CLIENT_ID: z.string().min(1),
  AUTH0_TEST_CLIENT_SECRET: z.string().min(1).optional(),
  /** Of a user without any factor. */
  AUTH0_TEST_ACCESS_TOKEN: z.string().min(1),
  AUTH0_TEST_PHONE_NUMBER: z.string().regex(/^\+\d+$/),
  /** A person, or whatever receives the text, writes the code there. */
  AUTH0_TEST_CODE_FILE: z.string().min(1),
});

/** A real tenant, when the environment names one; undefined when it names none, an error when it names half of one. */
export function liveTenant(env: NodeJS.ProcessEnv): ContractTenant | undefined {
  if (!Object.keys(env).some((name) => name.startsWith('AUTH0_TEST_'))) return undefined;
  const live = liveVariables.parse(env);
  const codeFile = live.AUTH0_TEST_CODE_FILE;
  return {
    config: {
      domain: live.AUTH0_TEST_DOMAIN,
      clientId: live.AUTH0_TEST_CLIENT_ID,
      ...(live.AUTH0_TEST_CLIENT_SECRET === undefined ? {} : { clientSecret: live.AUTH0_TEST_CLIENT_SECRET }),
    },
    accessToken: live.AUTH0_TEST_ACCESS_TOKEN,
    phoneNumber: live.AUTH0_TEST_PHONE_NUMBER,
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
