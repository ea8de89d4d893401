import { z } from 'zod';
import { type Authenticator, idSuffix, type OobAuthenticator } from '../authenticator';
import { isoTime } from '../clock';
import { activate, addEmail, addOtp, addPhone } from '../enroll';
import type { Tenant } from '../tenant';
import type { User } from '../user';
import { ManagementError } from './access';

const name = z.string().min(1).optional();

/** What can be set up without the user's proof. */
export const newMethod = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('phone'),
    name,
    phone_number: z.string().regex(/^\+[0-9]{1,15}$/),
    preferred_authentication_method: z.enum(['sms', 'voice']).default('sms'),
  }),
  z.object({ type: z.literal('totp'), name, totp_secret: z.string().regex(/^[A-Z2-7]+$/) }),
  z.object({ type: z.literal('email'), name, email: z.email() }),
]);

export type NewMethod = z.infer<typeof newMethod>;

/** Sets up a confirmed method. */
export function addMethod(tenant: Tenant, user: User, method: NewMethod): readonly Authenticator[] {
  const records = add(tenant, user, method);
  for (const record of records) {
    if (method.name !== undefined) record.name = method.name;
  }
  activate(
    tenant,
    user,
    records.map((record) => record.id),
  );
  return records;
}

function add(tenant: Tenant, user: User, method: NewMethod): readonly Authenticator[] {
  switch (method.type) {
    case 'phone':
      return addPhone(tenant, user, method.preferred_authentication_method, method.phone_number);
    case 'totp':
      return [addOtp(tenant, user, method.totp_secret)];
    case 'email':
      return addEmail(tenant, user, method.email);
  }
}

/** The records of the MFA list by the method that the Management API shows them as. */
export function methodsOf(user: User): readonly (readonly [Authenticator, ...Authenticator[]])[] {
  const methods = new Map<string, [Authenticator, ...Authenticator[]]>();
  for (const record of user.authenticators) {
    const id = methodId(record);
    const method = methods.get(id);
    if (method === undefined) methods.set(id, [record]);
    else method.push(record);
  }
  return [...methods.values()];
}

const isPhone = (record: Authenticator): record is OobAuthenticator =>
  record.kind === 'oob' && (record.channel === 'sms' || record.channel === 'voice');

const methodId = (record: Authenticator): string => (isPhone(record) ? `phone|${idSuffix(record.id)}` : record.id);

/** Takes the method's id or, as the MFA list has it, that of one of its records. @throws ManagementError 404 */
export function requireMethod(user: User, id: string): readonly [Authenticator, ...Authenticator[]] {
  const found = methodsOf(user).find((records) => records.some((one) => one.id === id || methodId(one) === id));
  if (found === undefined) {
    throw new ManagementError(404, 'authentication_method_not_found', 'The authentication method does not exist.');
  }
  return found;
}

export function methodView(records: readonly [Authenticator, ...Authenticator[]]): Record<string, unknown> {
  const [first] = records;
  const common = {
    id: methodId(first),
    ...(first.name !== undefined && { name: first.name }),
    confirmed: first.active,
    created_at: isoTime(first.createdAt),
  };
  if (first.kind === 'otp') return { ...common, type: 'totp' };
  if (first.kind === 'recovery-code') return { ...common, type: 'recovery-code' };
  if (first.channel === 'email') return { ...common, type: 'email', email: first.destination };
  if (first.channel === 'auth0') return { ...common, type: 'push' };
  return {
    ...common,
    type: 'phone',
    phone_number: first.destination,
    authentication_methods: records.filter(isPhone).map(({ id, channel }) => ({ id, type: channel })),
    preferred_authentication_method: first.channel,
  };
}
