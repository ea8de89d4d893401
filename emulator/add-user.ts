import { idPrefix } from './authenticator';
import { newDeviceId } from './enroll';
import { alphabets } from './random';
import type { Tenant } from './tenant';
import { createUser, type User } from './user';

/** A new user of the tenant; undefined when there is one with this email already. */
export function addUser(tenant: Tenant, email: string, password: string): User | undefined {
  if ([...tenant.state.users.values()].some((user) => user.email === email)) return undefined;
  const user = createUser(`auth0|${tenant.random.text(alphabets.hex, 24)}`, email, password, tenant.clock.now());
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
