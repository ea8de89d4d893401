import { z } from 'zod';
import { idPrefix } from './authenticator';
import { newDeviceId } from './enroll';
import { alphabets } from './random';
import type { Tenant } from './tenant';
import { createUser, type User } from './user';

/** What a user is made with. `roles`: their names; an unknown one grants nothing. */
export const newUser = z.strictObject({
  email: z.email(),
  password: z.string().min(1).default('correct horse'),
  roles: z.array(z.string().min(1)).default([]),
});

/** A new user of the tenant; undefined when there is one with this email already. */
export function addUser(tenant: Tenant, { email, password, roles }: z.output<typeof newUser>): User | undefined {
  if ([...tenant.state.users.values()].some((user) => user.email === email)) return undefined;
  const user = createUser(`auth0|${tenant.random.text(alphabets.hex, 24)}`, email, password, tenant.clock.now());
  user.roles = roles;
  tenant.state.users.set(user.userId, user);
  if (tenant.state.switches.verifiedEmailFactor) {
    user.authenticators.push({
      kind: 'oob',
      id: `${idPrefix.email}|${newDeviceId(tenant)}`,
      active: true,
      createdAt: tenant.clock.now(),
      channel: 'email',
      destination: email,
      automatic: true,
    });
  }
  return user;
}
