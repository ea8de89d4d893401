import { createHash, randomBytes } from 'node:crypto';
import { TOTP } from 'otpauth';
import { createEmulator, type Emulator } from '../../emulator/server';
import type { EmulatorOptions } from '../../emulator/options';
import { trustingFetch } from './trusting-fetch';

export const mfaGrant = {
  oob: 'http://auth0.com/oauth/grant-type/mfa-oob',
  otp: 'http://auth0.com/oauth/grant-type/mfa-otp',
  recoveryCode: 'http://auth0.com/oauth/grant-type/mfa-recovery-code',
} as const;

/** An answer, read whole. `json` is `{}` where the body is no JSON object. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export type Body = Readonly<Record<string, unknown>>;

export interface Authenticator {
  readonly id: string;
  readonly authenticator_type: string;
  readonly active: boolean;
  readonly oob_channel?: string;
  readonly name?: string;
  readonly type?: string;
}

const phoneNumber = '+155512349167';

/** Drives one emulator the way a client and a test desk would. */
export async function startTenant(options: EmulatorOptions = {}) {
  const emulator: Emulator = await createEmulator(options);
  const { publicUrl, controlUrl, clientId, clientSecret } = emulator;
  const client = { client_id: clientId, client_secret: clientSecret };
  const trusting = trustingFetch(emulator.caFile);

  const control = async (method: string, path: string, body?: Body): Promise<Answer> =>
    call(`${controlUrl}${path}`, { method, ...(body && json(body)) });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const text = (value: unknown): string => {
    if (typeof value !== 'string') throw new Error(`expected a string, got ${JSON.stringify(value)}`);
    return value;
  };

  const tenant = {
    ...emulator,
    /** Host and port, as Auth0's SDKs want their `domain`. */
    domain: new URL(publicUrl).host,
    /** Trusts the emulator's authority. */
    fetch: trusting.fetch,
    async close(): Promise<void> {
      await trusting.close();
      await emulator.close();
    },
    client,
    control,
    bearer,
    text,
    async newUser(email = `${randomBytes(6).toString('hex')}@example.com`): Promise<string> {
      const { json: user } = await control('POST', '/users', { email, password: 'correct horse' });
      return text(user['userId']);
    },
    async token(userId: string, more: Body = {}): Promise<string> {
      const { json: answer } = await control('POST', '/tokens', { userId, ...more });
      return text(answer['accessToken']);
    },
    switches: (patch: Body) => control('PUT', '/switches', patch),
    advance: (seconds: number) => control('POST', '/clock', { advanceSeconds: seconds }),
    async now(): Promise<number> {
      return Date.parse(text((await control('GET', '/clock')).json['now']));
    },
    fault: (fault: Body) => control('POST', '/faults', fault),
    async inbox(): Promise<readonly { to: string; code?: string; userId: string; at: string; channel: string }[]> {
      return JSON.parse((await control('GET', '/inbox')).text) as [];
    },
    async lastCode(): Promise<string> {
      return text((await tenant.inbox()).at(-1)?.code);
    },
    post: (path: string, body: Body, headers: Record<string, string> = {}): Promise<Answer> =>
      call(`${publicUrl}${path}`, { method: 'POST', ...json(body, headers) }, trusting.fetch),
    get: (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
      call(`${publicUrl}${path}`, { headers, redirect: 'manual' }, trusting.fetch),
    form: (path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> =>
      call(
        `${publicUrl}${path}`,
        { method: 'POST', body: new URLSearchParams(fields), headers, redirect: 'manual' },
        trusting.fetch,
      ),
    associate: (token: string, body: Body): Promise<Answer> => tenant.post('/mfa/associate', body, bearer(token)),
    associateSms: (token: string, number = phoneNumber): Promise<Answer> =>
      tenant.associate(token, { authenticator_types: ['oob'], oob_channels: ['sms'], phone_number: number }),
    associateOtp: (token: string): Promise<Answer> => tenant.associate(token, { authenticator_types: ['otp'] }),
    confirmOob: (token: string, oobCode: unknown, bindingCode?: string): Promise<Answer> =>
      tenant.post('/oauth/token', {
        grant_type: mfaGrant.oob,
        ...client,
        mfa_token: token,
        oob_code: oobCode,
        binding_code: bindingCode,
      }),
    confirmOtp: (token: string, otp: string): Promise<Answer> =>
      tenant.post('/oauth/token', { grant_type: mfaGrant.otp, ...client, mfa_token: token, otp }),
    async otpCode(secret: unknown, atSeconds = 0): Promise<string> {
      const timestamp = (await tenant.now()) + atSeconds * 1000;
      return new TOTP({ secret: text(secret), digits: 6, period: 30, algorithm: 'SHA1' }).generate({ timestamp });
    },
    async list(token: string): Promise<readonly Authenticator[]> {
      return JSON.parse((await tenant.get('/mfa/authenticators', bearer(token))).text) as [];
    },
    remove: (token: string, id: string): Promise<Answer> =>
      call(
        `${publicUrl}/mfa/authenticators/${encodeURIComponent(id)}`,
        { method: 'DELETE', headers: bearer(token) },
        trusting.fetch,
      ),
    /** Enrols and confirms a phone; answers the confirm's token. */
    async withSms(userId: string): Promise<string> {
      const token = await tenant.token(userId);
      const { json: associated } = await tenant.associateSms(token);
      const { json: confirmed } = await tenant.confirmOob(token, associated['oob_code'], await tenant.lastCode());
      return text(confirmed['access_token']);
    },
    /** Enrols and confirms an app; answers its secret. */
    async withOtp(userId: string): Promise<string> {
      const token = await tenant.token(userId);
      const secret = text((await tenant.associateOtp(token)).json['secret']);
      await tenant.confirmOtp(token, await tenant.otpCode(secret));
      return secret;
    },
  };
  return tenant;
}

export type Tenant = Awaited<ReturnType<typeof startTenant>>;

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

export function newPkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

function json(body: Body, headers: Record<string, string> = {}) {
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } };
}

export async function call(url: string, init: RequestInit, fetch = globalThis.fetch): Promise<Answer> {
  const response = await fetch(url, init);
  const body = await response.text();
  return { status: response.status, headers: response.headers, text: body, json: objectOf(body) };
}

function objectOf(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
