/** An answer that is not 2xx, in the shape of Auth0's authentication endpoints: `{error, error_description}`. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';

  constructor(
    readonly status: number,
    readonly code: string,
    readonly description: string,
    /** Further members of the body, e.g. `mfa_token`. */
    readonly extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(`${code}: ${description}`);
  }

  body(): Record<string, unknown> {
    return { error: this.code, error_description: this.description, ...this.extra };
  }
}
