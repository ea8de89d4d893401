import { readFileSync } from 'node:fs';
import { globalAgent } from 'node:https';
import { ManagementClient, ManagementError } from 'auth0';
import { AuthenticationClient } from 'auth0/legacy';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTenant, type Tenant } from '../tenant';

let tenant: Tenant;
let userId: string;

// It fetches keys for an id_token through Node's own agent, whatever `fetch` it was given.
const agent = globalAgent.options;
const trusted = agent.ca;

beforeAll(async () => {
  tenant = await startTenant({ https: true });
  agent.ca = readFileSync(tenant.caFile ?? '', 'utf8');
});
beforeEach(async () => {
  await tenant.control('POST', '/reset');
  userId = await tenant.newUser('ada@example.com');
});
afterAll(async () => {
  if (trusted === undefined) delete agent.ca;
  else agent.ca = trusted;
  await tenant.close();
});

const application = () => {
  const { domain, clientId, clientSecret, fetch } = tenant;
  return { domain, clientId, clientSecret, fetch };
};

const refusal = (attempt: PromiseLike<unknown>): PromiseLike<unknown> =>
  attempt.then(
    () => 'not refused',
    (error: unknown) => error,
  );

describe('ManagementClient, which gets its own token', () => {
  let management: ManagementClient;
  beforeEach(() => {
    management = new ManagementClient(application());
  });

  test('users are created, found, and deleted with all they had', async () => {
    const created = await management.users.create({
      connection: 'Username-Password-Authentication',
      email: 'eve@example.com',
      password: 'correct horse',
    });
    const id = created.user_id ?? '';
    expect(await management.users.get(id)).toMatchObject({ user_id: id, email: 'eve@example.com' });
    expect((await management.users.list({ q: 'email:"eve@example.com"' })).data).toMatchObject([{ user_id: id }]);
    expect(await management.users.listUsersByEmail({ email: 'ada@example.com' })).toMatchObject([{ user_id: userId }]);
    await management.users.delete(id);
    expect(await refusal(management.users.get(id))).toMatchObject({ statusCode: 404 });
  });

  test('its pager walks through every page and ends', async () => {
    for (let index = 0; index < 4; index += 1) await tenant.newUser();
    const found: unknown[] = [];
    for await (const user of await management.users.list({ per_page: 2 })) found.push(user.user_id);
    expect(new Set(found).size).toBe(5);
    expect(found).toHaveLength(5);
  });

  test('a method set up here is listed, renamed, and one delete resets it', async () => {
    const { authenticationMethods: methods } = management.users;
    const { id = '' } = await methods.create(userId, { type: 'phone', phone_number: '+12025550123', name: 'Work' });
    expect((await methods.list(userId)).data).toMatchObject([{ id, type: 'phone', confirmed: true }]);
    expect(await methods.update(userId, id, { name: 'Private' })).toMatchObject({ name: 'Private' });
    expect(await methods.get(userId, id)).toMatchObject({ name: 'Private', phone_number: '+12025550123' });
    await methods.delete(userId, id);
    expect(await refusal(methods.get(userId, id))).toBeInstanceOf(ManagementError);
  });

  test('enrolments tell pending from confirmed, and a reset removes them all', async () => {
    await tenant.withSms(userId);
    await tenant.associateOtp(await tenant.token(userId));
    expect(await management.users.enrollments.get(userId)).toMatchObject([
      { status: 'confirmed', auth_method: 'sms' },
      { status: 'pending', auth_method: 'authenticator' },
    ]);
    await management.users.authenticators.deleteAll(userId);
    expect(await management.users.enrollments.get(userId)).toEqual([]);
  });

  test('an enrolment ticket names an address', async () => {
    const ticket = await management.guardian.enrollments.createTicket({ user_id: userId });
    expect(ticket.ticket_url).toContain(`${tenant.publicUrl}/`);
  });

  test('a new recovery code takes the place of the old one', async () => {
    await tenant.switches({ recoveryCodes: true });
    const { json } = await tenant.associateOtp(await tenant.token(userId));
    const { recovery_code: code } = await management.users.regenerateRecoveryCode(userId);
    expect(code).toMatch(/^[A-Z0-9]{24}$/);
    expect(json['recovery_codes']).not.toEqual([code]);
  });

  test('factors, phone channels and policy are read and set, and the MFA API follows', async () => {
    const { factors, policies } = management.guardian;
    expect(await factors.list()).toContainEqual({ name: 'sms', enabled: true, trial_expired: false });
    await factors.set('sms', { enabled: false });
    expect((await tenant.associateSms(await tenant.token(userId))).json['error']).toBe('unsupported_challenge_type');
    await factors.phone.setMessageTypes({ message_types: ['sms', 'voice'] });
    expect(await factors.phone.getMessageTypes()).toEqual({ message_types: ['sms', 'voice'] });
    expect(await factors.phone.getSelectedProvider()).toEqual({ provider: 'twilio' });
    await policies.set(['all-applications']);
    expect(await policies.list()).toEqual(['all-applications']);
  });

  test('the application’s settings are read and changed', async () => {
    const { clientId } = tenant;
    const grants = ['client_credentials', 'authorization_code'];
    await management.clients.update(clientId, { grant_types: grants });
    const fields = { fields: 'grant_types,is_first_party', include_fields: true };
    expect(await management.clients.get(clientId, fields)).toEqual({ grant_types: grants, is_first_party: true });
  });

  test('tenant settings, custom domains and phone providers are read', async () => {
    expect(await management.tenants.settings.get()).toMatchObject({ friendly_name: 'Emulated Tenant' });
    expect(await management.customDomains.list()).toEqual([]);
    expect(await management.branding.phone.providers.list()).toEqual({ providers: [] });
  });

  test('the log is read newest first', async () => {
    await tenant.withSms(userId);
    const { data } = await management.logs.list({ search: `user_id:"${userId}"` });
    expect(data.map(({ type }) => type)).toEqual(expect.arrayContaining(['gd_enrollment_complete', 'gd_send_sms']));
    expect(data[0]?.type).toBe('gd_auth_succeed');
  });
});

describe('AuthenticationClient', () => {
  let authentication: AuthenticationClient;
  const password = { username: 'ada@example.com', password: 'correct horse', scope: 'openid offline_access enroll' };
  beforeEach(() => {
    authentication = new AuthenticationClient(application());
  });

  test('client credentials give a token that the Management API takes', async () => {
    const audience = `${tenant.publicUrl}/api/v2/`;
    const { data } = await authentication.oauth.clientCredentialsGrant({ audience });
    const management = new ManagementClient({ ...application(), token: data.access_token });
    expect(await management.users.get(userId)).toMatchObject({ user_id: userId });
  });

  test('the password grant with a realm gives tokens, and they are refreshed and revoked', async () => {
    const { data } = await authentication.oauth.passwordGrant({
      ...password,
      realm: 'Username-Password-Authentication',
    });
    const refreshToken = data.refresh_token ?? '';
    const refreshed = await authentication.oauth.refreshTokenGrant({ refresh_token: refreshToken });
    expect(refreshed.data.access_token).not.toBe(data.access_token);
    await authentication.oauth.revokeRefreshToken({ token: refreshToken });
    expect(await refusal(authentication.oauth.refreshTokenGrant({ refresh_token: refreshToken }))).toMatchObject({
      error: 'invalid_grant',
      statusCode: 403,
    });
  });

  test('the password grant says mfa_required once a factor is active, with the token to go on with', async () => {
    await tenant.withSms(userId);
    const audience = `${tenant.publicUrl}/mfa/`;
    const error = await refusal(authentication.oauth.passwordGrant({ ...password, audience }));
    expect(error).toMatchObject({ error: 'mfa_required', statusCode: 403 });
    const body = JSON.parse((error as { body: string }).body) as { mfa_token: string };
    expect(await tenant.list(body.mfa_token)).toMatchObject([{ active: true }]);
  });

  test('a wrong password is invalid_grant', async () => {
    const error = await refusal(authentication.oauth.passwordGrant({ ...password, password: 'wrong' }));
    expect(error).toMatchObject({ error: 'invalid_grant', error_description: 'Wrong email or password.' });
  });
});
