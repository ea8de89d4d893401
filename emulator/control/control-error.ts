import type { Tenant } from '../tenant';
import type { User } from '../user';

export class ControlError extends Error {
  override readonly name = 'ControlError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** @throws ControlError 404 */
export function requireUser(tenant: Tenant, userId: string): User {
  const user = tenant.state.users.get(userId);
  if (user === undefined) throw new ControlError(404, `No user ${userId}`);
  return user;
}
