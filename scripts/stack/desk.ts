import { rolesToScopes } from '../../src/scopes';
import type { Secrets } from './secrets';

/** The API as the emulated tenant knows it: the audience of the tokens with which staff work at the support desk. */
export const apiAudience = 'https://enrollments.example.com';

const staffRoles = ['support', 'ops'] as const;

/** How staff sign in to the support desk of a stack, by role. */
export const staffLogins = ({ desk }: Pick<Secrets, 'desk'>) => ({
  support: { email: 'support@example.com', password: desk.support },
  ops: { email: 'ops@example.com', password: desk.ops },
});

/** What the emulated tenant has from its start on (`EMULATOR_SETUP`): our API, the roles, the desk's application and its staff. */
export function tenantSetup(apiAddress: string, secrets: Pick<Secrets, 'desk'>) {
  const logins = staffLogins(secrets);
  const { clientId, clientSecret } = secrets.desk;
  return {
    apis: [{ identifier: apiAudience, permissions: [...new Set(staffRoles.flatMap((role) => rolesToScopes[role]))] }],
    roles: staffRoles.map((role) => ({
      name: role,
      permissions: rolesToScopes[role].map((permission) => ({ api: apiAudience, permission })),
    })),
    clients: [{ clientId, clientSecret, callbacks: [`${apiAddress}/desk/callback`] }],
    users: staffRoles.map((role) => ({ ...logins[role], roles: [role] })),
  };
}
