/** Where Auth0 is called. */
const routes = [
  { route: 'POST /mfa/associate' },
  { route: 'POST /oauth/token', grantType: 'mfa-oob' },
  { route: 'POST /oauth/token', grantType: 'mfa-otp' },
  { route: 'POST /oauth/token', grantType: 'refresh_token' },
  { route: 'GET /mfa/authenticators' },
  { route: 'DELETE /mfa/authenticators/:id' },
] as const;

/** What may go wrong on every route, each with its share of the calls. */
const troubles = [
  { type: 'resetBefore', probability: 0.02 },
  { type: 'resetAfter', probability: 0.03 },
  { type: 'errorBefore', probability: 0.02, status: 503 },
  { type: 'errorAfter', probability: 0.03, status: 500 },
  { type: 'rateLimited', probability: 0.02, retryAfter: 1 },
  { type: 'rateLimited', probability: 0.01, retryAfter: null },
  // As long as all attempts of one call may take together, and a little less.
  { type: 'rateLimited', probability: 0.004, retryAfter: 50 },
  { type: 'rateLimited', probability: 0.004, retryAfter: 60 },
  { type: 'proxyPage', probability: 0.006, status: 403 },
  { type: 'proxyPage', probability: 0.003, status: 404 },
  { type: 'proxyPage', probability: 0.003, status: 200 },
  { type: 'proxyPage', probability: 0.003, status: 403, when: 'after' },
  { type: 'malformedBody', probability: 0.01 },
  { type: 'delay', probability: 0.05, ms: 300, when: 'after' },
] as const;

const unknownText = {
  type: 'refused',
  probability: 0.005,
  status: 400,
  error: 'invalid_request',
  errorDescription: 'This request cannot be processed at the moment.',
} as const;

/** Refusals in words that nobody has recorded, where a client has to go on all the same. */
const refusals = [
  {
    route: 'DELETE /mfa/authenticators/:id',
    type: 'refused',
    probability: 0.05,
    status: 403,
    error: 'access_denied',
    errorDescription: 'The token may not remove authenticators.',
  },
  { route: 'POST /oauth/token', grantType: 'mfa-oob', ...unknownText },
  { route: 'POST /oauth/token', grantType: 'mfa-otp', ...unknownText },
] as const;

/** Everything that the tenant does wrong: each a body of `POST /faults`, with a seed of its own, until they are cleared. */
export const tenantFaults = (seed: string): readonly Record<string, unknown>[] =>
  [...routes.flatMap((where) => troubles.map((trouble) => ({ ...where, ...trouble }))), ...refusals].map(
    (fault, index) => ({ ...fault, count: -1, seed: `${seed} ${index}` }),
  );
