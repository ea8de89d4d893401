import { defineFactor, onChannel } from './factor';

/** A time-based code from an authenticator app (RFC 6238, SHA-1, 6 digits, 30 s): Auth0's `otp` authenticator. */
export const otp = defineFactor({
  name: 'otp',
  title: 'authenticator app',
  delivery: { type: 'setupKey' },
  associateRequest: () => ({ authenticatorTypes: ['otp'] }),
  matches: ({ authenticatorType }) => authenticatorType === 'otp',
  deletedTogether: onChannel('auth0'),
});
