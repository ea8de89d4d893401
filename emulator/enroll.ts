import { Secret } from 'otpauth';
import {
  type Authenticator,
  challenges,
  idPrefix,
  type OobAuthenticator,
  type OtpAuthenticator,
} from './authenticator';
import { writeLog } from './logs';
import { alphabets } from './random';
import { refusals } from './refusals';
import type { Tenant } from './tenant';
import type { User } from './user';

/** What `POST /mfa/associate` asks for, once read. */
export type Enrollment =
  | { readonly type: 'otp' }
  | { readonly type: 'phone'; readonly channel: 'sms' | 'voice'; readonly phoneNumber: string }
  | { readonly type: 'email'; readonly email: string }
  | { readonly type: 'push' };

/** `dev_` and 16 characters: what an authenticator's id has behind its prefix. */
export const newDeviceId = (tenant: Tenant): string => `dev_${tenant.random.text(alphabets.alphanumeric, 16)}`;

const entityName = { otp: 'totp', phone: 'sms', email: 'email', push: 'push' } as const;

/** Throws when the tenant does not offer the factor or the user has as many records as Auth0 keeps. */
export function requireRoom(tenant: Tenant, user: User, type: Enrollment['type']): void {
  const { switches } = tenant.state;
  const [on, verifier] = {
    otp: [switches.otpFactor, 'OTP'] as const,
    phone: [switches.smsFactor, 'SMS'] as const,
    email: [switches.emailFactor, 'Email'] as const,
    push: [switches.pushFactor, 'Auth0'] as const,
  }[type];
  if (!on) throw refusals.factorDisabled(switches, verifier);
  const records = user.authenticators.filter((one) => one.kind !== 'recovery-code');
  if (records.length >= switches.authenticatorLimit) throw refusals.tooManyEntities(switches, entityName[type]);
}

/** A new secret as live tenants make them: 20 printable bytes, 32 base32 characters. */
const newOtpSecret = (tenant: Tenant): string => Secret.fromLatin1(tenant.random.text(alphabets.printable, 20)).base32;

/** `secret`: base32; a new one unless one is given. */
export function addOtp(tenant: Tenant, user: User, secret = newOtpSecret(tenant)): OtpAuthenticator {
  return add(tenant, user, {
    kind: 'otp',
    id: `totp|${newDeviceId(tenant)}`,
    active: false,
    createdAt: tenant.clock.now(),
    secret,
    lastStep: -1,
  });
}

export function addEmail(tenant: Tenant, user: User, email: string): [OobAuthenticator] {
  return [addOob(tenant, user, 'email', newDeviceId(tenant), email)];
}

/** The asked channel first; its sibling too when the tenant has both. */
export function addPhone(
  tenant: Tenant,
  user: User,
  channel: 'sms' | 'voice',
  phoneNumber: string,
): [OobAuthenticator, ...OobAuthenticator[]] {
  const suffix = newDeviceId(tenant);
  const others = tenant.state.switches.phoneMessageTypes.filter((type) => type !== channel);
  return [
    addOob(tenant, user, channel, suffix, phoneNumber),
    ...others.map((other) => addOob(tenant, user, other, suffix, phoneNumber)),
  ];
}

/** A Guardian device also works as a code generator: it yields two records. */
export function addPush(tenant: Tenant, user: User): [OobAuthenticator, OtpAuthenticator] {
  const suffix = newDeviceId(tenant);
  const push = addOob(tenant, user, 'auth0', suffix, 'Guardian');
  const otp = add<OtpAuthenticator>(tenant, user, {
    kind: 'otp',
    id: `totp|${suffix}`,
    active: false,
    createdAt: tenant.clock.now(),
    secret: newOtpSecret(tenant),
    lastStep: -1,
  });
  return [push, otp];
}

/** The recovery code of a user whose first authenticator this is, when the tenant gives one. Call before adding it. */
export function addRecoveryCode(tenant: Tenant, user: User): string | undefined {
  if (!tenant.state.switches.recoveryCodes || user.authenticators.length > 0) return undefined;
  const code = newRecoveryCode(tenant);
  add(tenant, user, {
    kind: 'recovery-code',
    id: `recovery-code|${newDeviceId(tenant)}`,
    active: false,
    createdAt: tenant.clock.now(),
    code,
  });
  return code;
}

export const newRecoveryCode = (tenant: Tenant): string => tenant.random.text(alphabets.recoveryCode, 24);

/** The first right answer makes the records active, and the user's recovery code with them. */
export function activate(tenant: Tenant, user: User, ids: readonly string[]): void {
  for (const one of user.authenticators) {
    if (one.active || !(ids.includes(one.id) || one.kind === 'recovery-code')) continue;
    one.active = true;
    if (one.kind !== 'recovery-code') writeLog(tenant, 'gd_enrollment_complete', user.userId, one.id);
  }
}

export const isChallenged = (user: User): boolean => user.authenticators.some(challenges);

/** Auth0's own order of the query's members; authenticator apps read any order, a recording comparison does not. */
export function barcodeUri(tenant: Tenant, user: User, secret: string): string {
  const issuer = encodeURIComponent(tenant.state.switches.friendlyName);
  const account = encodeURIComponent(user.email);
  return `otpauth://totp/${issuer}:${account}?secret=${secret}&issuer=${issuer}&algorithm=SHA1&digits=6&period=30`;
}

function addOob(
  tenant: Tenant,
  user: User,
  channel: OobAuthenticator['channel'],
  suffix: string,
  destination: string,
): OobAuthenticator {
  const id = `${idPrefix[channel]}|${suffix}`;
  return add(tenant, user, { kind: 'oob', id, active: false, createdAt: tenant.clock.now(), channel, destination });
}

function add<A extends Authenticator>(tenant: Tenant, user: User, authenticator: A): A {
  user.authenticators.push(authenticator);
  writeLog(tenant, 'gd_start_enroll', user.userId, authenticator.id);
  return authenticator;
}
