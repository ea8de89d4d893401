import { z } from 'zod';
import { addUser, newUser } from './add-user';
import { type Api, newApi, newRole, type Role } from './api';
import { applicationPatch, changeApplication, createApplication } from './application';
import type { Tenant } from './tenant';

/** What a tenant has from its start on, and after each reset: entries as the control side takes them. */
export const tenantSetup = z.strictObject({
  apis: z.array(newApi).default([]),
  roles: z.array(newRole).default([]),
  clients: z
    .array(applicationPatch.extend({ clientId: z.string().min(1), clientSecret: z.string().min(1) }))
    .default([]),
  users: z.array(newUser).default([]),
});

/** Adds what is not there yet: a tenant that outlived its process has it already. */
export function setUp(tenant: Tenant, { apis, roles, clients, users }: z.output<typeof tenantSetup>): void {
  for (const api of apis) addApi(tenant, api);
  for (const role of roles) addRole(tenant, role);
  for (const { clientId, clientSecret, ...patch } of clients) {
    if (tenant.state.applications.has(clientId)) continue;
    tenant.state.applications.set(clientId, changeApplication(createApplication(clientId, clientSecret), patch));
  }
  for (const user of users) addUser(tenant, user);
}

/** False when there is an API of this identifier already. */
export function addApi({ state }: Tenant, api: Api): boolean {
  if (state.apis.has(api.identifier)) return false;
  state.apis.set(api.identifier, api);
  return true;
}

/** False when there is a role of this name already. */
export function addRole({ state }: Tenant, role: Role): boolean {
  if (state.roles.has(role.name)) return false;
  state.roles.set(role.name, role);
  return true;
}
