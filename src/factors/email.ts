import { defineFactor, onChannel } from './factor';

/**
 * A code sent to the user's own address as Auth0 has it: the `oob` authenticator on the `email` channel. NIST SP 800-63B-4
 * (3.1.3.1) does not allow email for out-of-band authentication; it is here for tenants that use it as a fall-back.
 */
export const email = defineFactor({
  name: 'email',
  title: 'email',
  delivery: { type: 'sent', bucket: 'email', message: 'an email' },
  associateRequest: () => ({ authenticatorTypes: ['oob'], oobChannels: ['email'] }),
  matches: onChannel('email'),
  deletedTogether: () => false,
});
