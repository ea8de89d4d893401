import { z } from 'zod';

// Every message completes "expected …" and says nothing of the value, for it may be a secret in the wrong place.

export const expectedCredential = 'an API key or an access token, without spaces';
/** RFC 6750: an API key or an access token. */
export const credential = z.string({ error: expectedCredential }).regex(/^[\x21-\x7e]{1,8192}$/, expectedCredential);

export const expectedPerson = '1 to 100 printable ASCII characters, words separated by single spaces';
/** As the API takes it in X-Acting-Person. */
export const personName = z.string().regex(/^(?=.{1,100}$)[\x21-\x7e]+(?: [\x21-\x7e]+)*$/, expectedPerson);
