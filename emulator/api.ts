import { z } from 'zod';

/** `access_token_authz` adds what the user may do as `permissions`, beside `scope`. Auth0's names. */
const tokenDialects = ['access_token', 'access_token_authz'] as const;

/** What an API (Auth0: resource server) is registered with. */
export const newApi = z.strictObject({
  /** The audience of its tokens. */
  identifier: z.string().min(1).max(600),
  permissions: z.array(z.string().min(1)).default([]),
  /** Role-based access control: a user gets the permissions of their roles only. Off: whatever of `permissions` is asked for. */
  enforcePolicies: z.boolean().default(true),
  tokenDialect: z.enum(tokenDialects).default('access_token_authz'),
  /** Auth0's default is a day. */
  tokenLifeSeconds: z.int().min(1).max(2_592_000).default(86_400),
});

/** An API of the tenant: what applications ask access tokens for, beside Auth0's own. */
export type Api = z.output<typeof newApi>;

/** What may change on an API. */
export const apiPatch = z.strictObject({
  permissions: newApi.shape.permissions.unwrap().exactOptional(),
  enforcePolicies: newApi.shape.enforcePolicies.unwrap().exactOptional(),
  tokenDialect: newApi.shape.tokenDialect.unwrap().exactOptional(),
  tokenLifeSeconds: newApi.shape.tokenLifeSeconds.unwrap().exactOptional(),
});

/** A role, as it is registered and kept: permissions of any number of APIs under one name. */
export const newRole = z.strictObject({
  name: z.string().min(1).max(50),
  permissions: z.array(z.strictObject({ api: z.string().min(1), permission: z.string().min(1) })).default([]),
});

export type Role = z.output<typeof newRole>;

/** What these roles let a user do at an API, in the API's own order. */
export function permissionsAt({ identifier, permissions }: Api, roles: readonly Role[]): readonly string[] {
  const held = roles.flatMap((role) => role.permissions).filter(({ api }) => api === identifier);
  return permissions.filter((one) => held.some(({ permission }) => permission === one));
}
