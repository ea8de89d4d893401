import { z } from 'zod';
import type { DesklessStack } from './stack-file';
import { send, type Call } from './http';

const user = z.object({ userId: z.string() });
const token = z.object({ accessToken: z.string(), expiresIn: z.number(), refreshToken: z.string().optional() });
const inbox = z.array(z.object({ to: z.string(), code: z.string() }));
const authenticators = z.array(
  z.object({ id: z.string(), kind: z.string(), active: z.boolean(), channel: z.string().optional() }),
);
const requests = z.array(
  z.object({ method: z.string(), path: z.string(), faults: z.array(z.string()).default(() => []) }),
);
const associated = z.object({ oob_code: z.string() });
const faults = z.array(z.object({ id: z.string(), hits: z.number() }));

export type Token = z.infer<typeof token>;
/** One of the tenant's authenticators, as it really is. */
export type TrueAuthenticator = z.infer<typeof authenticators>[number];
/** A request that arrived at the tenant, with the types of the faults that it met. */
export type TenantRequest = z.infer<typeof requests>[number];

/** What only the emulated tenant can tell or do, and what the user does with the phone. */
export function createTenant({ emulator, emulatorControl, clientId, clientSecret }: DesklessStack) {
  return {
    createUser,
    token: tokenOf,
    texts,
    authenticators: authenticatorsOf,
    requests: requestsOf,
    enrollSms,
    leaveUnconfirmed,
    arm,
    hits,
    disarm,
  };

  async function createUser(email: string): Promise<string> {
    return user.parse(await control('POST', '/users', { email, password: 'correct horse battery' })).userId;
  }

  /** What the user's sign-in gives. `refresh`: with a refresh token. */
  async function tokenOf(userId: string, options: { expiresIn?: number; refresh?: boolean } = {}): Promise<Token> {
    const scope = `enroll read:authenticators remove:authenticators${options.refresh === true ? ' offline_access' : ''}`;
    const { expiresIn } = options;
    return token.parse(
      await control('POST', '/tokens', { userId, scope, ...(expiresIn === undefined ? {} : { expiresIn }) }),
    );
  }

  /** Codes sent to the user, oldest first. */
  async function texts(userId: string): Promise<z.infer<typeof inbox>> {
    return inbox.parse(await control('GET', `/inbox?${new URLSearchParams({ userId }).toString()}`));
  }

  async function authenticatorsOf(userId: string): Promise<readonly TrueAuthenticator[]> {
    return authenticators.parse(await control('GET', `/users/${encodeURIComponent(userId)}/authenticators`));
  }

  /** What arrived with a token of this user, oldest first; the tenant keeps the last 10,000 requests of all users. */
  async function requestsOf(userId: string): Promise<readonly TenantRequest[]> {
    return requests.parse(await control('GET', `/requests?${new URLSearchParams({ userId }).toString()}`));
  }

  /** The user enrolls the text message factor without us. */
  async function enrollSms(userId: string, phoneNumber: string): Promise<void> {
    const { accessToken } = await tokenOf(userId);
    const { oob_code: oobCode } = associated.parse(await associate(accessToken, phoneNumber));
    const { code } = (await texts(userId)).at(-1) ?? { code: '' };
    await publicSide('/oauth/token', {
      grant_type: 'http://auth0.com/oauth/grant-type/mfa-oob',
      client_id: clientId,
      client_secret: clientSecret,
      mfa_token: accessToken,
      oob_code: oobCode,
      binding_code: code,
    });
  }

  /** The user begins to enroll without us and does not finish: an unconfirmed authenticator stays. */
  async function leaveUnconfirmed(userId: string, phoneNumber: string): Promise<void> {
    const { accessToken } = await tokenOf(userId);
    await associate(accessToken, phoneNumber);
  }

  /** Makes the tenant misbehave; the id tells how often it has. */
  async function arm(fault: Record<string, unknown>): Promise<string> {
    return z.object({ id: z.string() }).parse(await control('POST', '/faults', fault)).id;
  }

  async function hits(faultId: string): Promise<number> {
    return faults.parse(await control('GET', '/faults')).find(({ id }) => id === faultId)?.hits ?? 0;
  }

  async function disarm(): Promise<void> {
    await control('DELETE', '/faults');
  }

  function associate(accessToken: string, phoneNumber: string): Promise<unknown> {
    const body = { authenticator_types: ['oob'], oob_channels: ['sms'], phone_number: phoneNumber };
    return publicSide('/mfa/associate', body, accessToken);
  }

  async function publicSide(path: string, body: unknown, bearer?: string): Promise<unknown> {
    return ok({ method: 'POST', url: `${emulator}${path}`, body, ...(bearer === undefined ? {} : { key: bearer }) });
  }

  async function control(method: Call['method'], path: string, body?: unknown): Promise<unknown> {
    return ok({ method, url: `${emulatorControl}${path}`, ...(body === undefined ? {} : { body }) });
  }

  async function ok(call: Call): Promise<unknown> {
    const { status, body } = await send(call);
    if (status >= 400) throw new Error(`${call.method} ${new URL(call.url).pathname} answered ${status}`);
    return body;
  }
}

export type Tenant = ReturnType<typeof createTenant>;
