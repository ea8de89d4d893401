import { defineFactor, onChannel } from './factor';

/** A code texted to a phone: Auth0's `oob` authenticator on the `sms` channel. NIST SP 800-63B-4 calls it restricted. */
export const sms = defineFactor({
  name: 'sms',
  title: 'text message',
  needs: 'phoneNumber',
  delivery: { type: 'sent', bucket: 'phone', message: 'a text message' },
  associateRequest: ({ phoneNumber }) => ({
    authenticatorTypes: ['oob'],
    oobChannels: ['sms'],
    ...(phoneNumber === undefined ? {} : { phoneNumber }),
  }),
  matches: onChannel('sms'),
  deletedTogether: onChannel('voice'),
});
