/** What a caller of the HTTP API may do. */
export const scopes = [
  'enrollments:start',
  'enrollments:read',
  'enrollments:secrets',
  'enrollments:code',
  'enrollments:manage',
  'enrollments:link',
  'webhooks:manage',
  'campaigns:manage',
] as const;
export type Scope = (typeof scopes)[number];

/** Support never sees a token, a setup key or a recovery code; ops sends no codes. */
export const rolesToScopes = {
  onboarding: ['enrollments:start', 'enrollments:read', 'enrollments:secrets', 'enrollments:code', 'enrollments:link'],
  support: ['enrollments:read', 'enrollments:code', 'enrollments:manage', 'enrollments:link'],
  ops: ['enrollments:read', 'enrollments:manage', 'enrollments:link', 'webhooks:manage', 'campaigns:manage'],
} as const satisfies Record<string, readonly Scope[]>;
export type Role = keyof typeof rolesToScopes;

/** In the order of the table. */
export const roles = Object.keys(rolesToScopes) as Role[]; // Object.keys forgets the key type; the object is closed
