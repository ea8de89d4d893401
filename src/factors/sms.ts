import { defineFactor } from './factor';

/** A code texted to a phone: Auth0's `oob` authenticator on the `sms` channel. NIST SP 800-63B-4 calls it restricted. */
export const sms = defineFactor({
  name: 'sms',
  title: 'text message',
  needs: 'phoneNumber',
  sendsText: true,
  associateRequest: ({ phoneNumber }) => ({
    authenticatorTypes: ['oob'],
    oobChannels: ['sms'],
    ...(phoneNumber === undefined ? {} : { phoneNumber }),
  }),
  lists: ({ authenticatorType, oobChannel }) => authenticatorType === 'oob' && oobChannel === 'sms',
  pairedWith: ({ authenticatorType, oobChannel }) => authenticatorType === 'oob' && oobChannel === 'voice',
});
