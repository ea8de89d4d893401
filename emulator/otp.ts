import { TOTP } from 'otpauth';
import type { OtpAuthenticator } from './authenticator';
import type { Tenant } from './tenant';
import type { User } from './user';

const period = 30;

const stepAt = (epochMs: number): number => Math.floor(epochMs / 1000 / period);

/** The code that an app with this base32 secret shows at a time. */
const codeAt = (secret: string, epochMs: number): string =>
  new TOTP({ secret, algorithm: 'SHA1', digits: 6, period }).generate({ timestamp: epochMs });

/**
 * The record whose code this is, with the step it belongs to: the current step or the one before, never a later one,
 * and never one that was accepted already.
 */
export function findByCode(
  tenant: Tenant,
  records: readonly OtpAuthenticator[],
  code: string,
): { readonly record: OtpAuthenticator; readonly step: number } | undefined {
  const now = tenant.clock.now();
  for (const at of [now, now - period * 1000]) {
    const step = stepAt(at);
    const record = records.find((one) => one.lastStep < step && codeAt(one.secret, at) === code);
    if (record !== undefined) return { record, step };
  }
  return undefined;
}

/** What the user's app shows now. */
export interface ShownCode {
  readonly authenticatorId: string;
  readonly code: string;
  /** Whole seconds until the app shows the next one: 1 to 30. */
  readonly secondsLeft: number;
  /** The tenant has accepted this code already and refuses it from now on. */
  readonly used: boolean;
}

/** The app has scanned the newest QR code. Undefined for a user whom no authenticator app was ever set up for. */
export function shownCode(tenant: Tenant, user: User): ShownCode | undefined {
  const record = user.authenticators.findLast((one) => one.kind === 'otp');
  if (record === undefined) return undefined;
  const now = tenant.clock.now();
  return {
    authenticatorId: record.id,
    code: codeAt(record.secret, now),
    secondsLeft: period - (Math.floor(now / 1000) % period),
    used: record.lastStep >= stepAt(now),
  };
}

/** Which of the user's app secrets a code is tried against. */
export function otpCandidates(tenant: Tenant, user: User): readonly OtpAuthenticator[] {
  const all = user.authenticators.filter((one) => one.kind === 'otp');
  if (tenant.state.switches.pendingTotp === 'any') return all;
  const newest = all.filter((one) => !one.active).at(-1);
  return all.filter((one) => one.active || one === newest);
}
