import { errors, type JWTVerifyGetKey } from 'jose';

/**
 * The keys of an issuer, for `jwtVerify`. A token that names no key, or none that can be told among the issuer's, is not good, and
 * jose's error says so; where the keys themselves cannot be read nothing is known about the token, and `unreadable` makes the error.
 */
export const issuerKeys =
  (jwks: JWTVerifyGetKey, unreadable: (cause: unknown) => Error): JWTVerifyGetKey =>
  async (header, token) => {
    try {
      return await jwks(header, token);
    } catch (cause) {
      throw isOfTheToken(cause) ? cause : unreadable(cause);
    }
  };

/** Is it the token's fault that no key was found, and not that of the keys? */
export const isOfTheToken = (cause: unknown): boolean =>
  cause instanceof errors.JWKSNoMatchingKey ||
  cause instanceof errors.JWKSMultipleMatchingKeys ||
  cause instanceof errors.JOSENotSupported;
