import { defineFactor, onChannel } from './factor';

/**
 * A code spoken in a phone call: Auth0's `oob` authenticator on the `voice` channel. NIST SP 800-63B-4 calls it restricted.
 * Auth0 adds and deletes it together with the sms authenticator of the same number where the tenant has both.
 */
export const voice = defineFactor({
  name: 'voice',
  title: 'phone call',
  needs: 'phoneNumber',
  delivery: { type: 'sent', bucket: 'phone', message: 'a phone call' },
  associateRequest: ({ phoneNumber }) => ({
    authenticatorTypes: ['oob'],
    oobChannels: ['voice'],
    ...(phoneNumber === undefined ? {} : { phoneNumber }),
  }),
  matches: onChannel('voice'),
  deletedTogether: onChannel('sms'),
});
