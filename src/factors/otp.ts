import { defineFactor } from './factor';

/** A time-based code from an authenticator app (RFC 6238, SHA-1, 6 digits, 30 s): Auth0's `otp` authenticator. */
export const otp = defineFactor({
  name: 'otp',
  title: 'authenticator app',
  sendsText: false,
  associateRequest: () => ({ authenticatorTypes: ['otp'] }),
  lists: ({ authenticatorType }) => authenticatorType === 'otp',
  pairedWith: ({ authenticatorType, oobChannel }) => authenticatorType === 'oob' && oobChannel === 'auth0',
});
