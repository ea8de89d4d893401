/** Where Auth0 is called, and what may go wrong there, each with its share of the calls. */
const routes = [
  { route: 'POST /mfa/associate' },
  { route: 'POST /oauth/token', grantType: 'mfa-oob' },
  { route: 'POST /oauth/token', grantType: 'mfa-otp' },
  { route: 'POST /oauth/token', grantType: 'refresh_token' },
  { route: 'GET /mfa/authenticators' },
  { route: 'DELETE /mfa/authenticators/:id' },
] as const;

const troubles = [
  { type: 'resetBefore', probability: 0.02 },
  { type: 'resetAfter', probability: 0.03 },
  { type: 'errorBefore', probability: 0.02, status: 503 },
  { type: 'errorAfter', probability: 0.03, status: 500 },
  { type: 'rateLimited', probability: 0.02, retryAfter: 1 },
  { type: 'rateLimited', probability: 0.01, retryAfter: null },
  { type: 'malformedBody', probability: 0.01 },
  { type: 'delay', probability: 0.05, ms: 300, when: 'after' },
] as const;

/** The tenant's bad days: each a body of `POST /faults`, until they are cleared. */
export const badDays = (seed: string): readonly Record<string, unknown>[] =>
  routes.flatMap((where) =>
    troubles.map((trouble) => ({
      ...where,
      ...trouble,
      count: -1,
      seed: `${seed} ${where.route} ${'grantType' in where ? where.grantType : ''} ${trouble.type}`,
    })),
  );
