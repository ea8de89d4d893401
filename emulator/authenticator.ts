/** One enrolled (or begun) factor of a user. Ids are `<prefix>|dev_<16 alphanumerics>`. */
export type Authenticator = OtpAuthenticator | OobAuthenticator | RecoveryCodeAuthenticator;

interface Common {
  readonly id: string;
  active: boolean;
  /** Given through the Management API. */
  name?: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export interface OtpAuthenticator extends Common {
  readonly kind: 'otp';
  /** Base32. */
  readonly secret: string;
  /** The last 30-second step whose code was accepted: that code and older ones are dead. */
  lastStep: number;
}

export interface OobAuthenticator extends Common {
  readonly kind: 'oob';
  readonly channel: OobChannel;
  /** Number or address; for push the name of the device. */
  readonly destination: string;
  /** Nobody enrolled it: Auth0 lists the verified email address of a user by itself, and does not delete it. */
  readonly automatic?: true;
}

interface RecoveryCodeAuthenticator extends Common {
  readonly kind: 'recovery-code';
  code: string;
}

/** Auth0's `auth0` channel is push. */
export type OobChannel = 'sms' | 'voice' | 'email' | 'auth0';

export const idPrefix = { sms: 'sms', voice: 'voice', email: 'email', auth0: 'push' } as const;

/** `dev_…`: what siblings share. */
export const idSuffix = (id: string): string => id.slice(id.indexOf('|') + 1);

/** sms and voice of one number, or push and otp of one device, share their suffix and go together. */
export const isSibling = (one: Authenticator, other: Authenticator): boolean => idSuffix(one.id) === idSuffix(other.id);

/** Email alone does not make Auth0 challenge, nor does a recovery code. */
export const challenges = (authenticator: Authenticator): boolean =>
  authenticator.active &&
  (authenticator.kind === 'otp' || (authenticator.kind === 'oob' && authenticator.channel !== 'email'));

/** All but the last four characters hidden, the plus sign too. */
const maskPhone = (number: string): string => 'X'.repeat(Math.max(0, number.length - 4)) + number.slice(-4);

/** As recorded: `****@exam*******`; of a long local part the first four characters stay. */
function maskEmail(address: string): string {
  const at = address.lastIndexOf('@');
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
  const shown = local.length > 4 ? local.slice(0, 4) : '';
  return `${shown}${'*'.repeat(local.length - shown.length)}@${domain.slice(0, 4)}${'*'.repeat(Math.max(0, domain.length - 4))}`;
}

const flexibleType = { sms: 'phone', voice: 'phone', email: 'email', auth0: 'push-notification' } as const;

/** The entry of `GET /mfa/authenticators`. `withType`: the Early Access shape. */
export function listEntry(authenticator: Authenticator, withType: boolean): Record<string, unknown> {
  const { id, active } = authenticator;
  if (authenticator.kind !== 'oob') {
    return { id, authenticator_type: authenticator.kind, active, ...(withType && { type: authenticator.kind }) };
  }
  const { channel, destination } = authenticator;
  return {
    id,
    authenticator_type: 'oob',
    active,
    oob_channel: channel,
    ...(channel === 'auth0' ? {} : { name: channel === 'email' ? maskEmail(destination) : maskPhone(destination) }),
    ...(withType && { type: flexibleType[channel] }),
  };
}
