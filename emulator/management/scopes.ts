/** What the emulator's part of the Management API asks for. */
export const managementScopes = [
  'read:users',
  'create:users',
  'update:users',
  'delete:users',
  'read:authentication_methods',
  'create:authentication_methods',
  'update:authentication_methods',
  'delete:authentication_methods',
  'read:guardian_enrollments',
  'delete:guardian_enrollments',
  'create:guardian_enrollment_tickets',
  'read:guardian_factors',
  'update:guardian_factors',
  'read:phone_providers',
  'read:mfa_policies',
  'update:mfa_policies',
  'read:clients',
  'update:clients',
  'read:tenant_settings',
  'read:custom_domains',
  'read:logs',
] as const;

export type ManagementScope = (typeof managementScopes)[number];
