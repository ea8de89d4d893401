import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT, type JWTVerifyGetKey } from 'jose';

/** A tenant's signing key, and ID tokens made with it. */
export interface IdTokenMaker {
  readonly jwks: JWTVerifyGetKey;
  /** Signed, issued now and good for an hour; `claims` replace or, where they are undefined, remove what it says. */
  make(claims: Readonly<Record<string, unknown>>): Promise<string>;
}

export async function idTokenMaker(): Promise<IdTokenMaker> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2048 });
  const key = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
  return {
    jwks: createLocalJWKSet({ keys: [key] }),
    make: (claims) => {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ iat: now, exp: now + 3600, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
        .sign(privateKey);
    },
  };
}
