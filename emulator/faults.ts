import { z } from 'zod';
import { createRandom, type Random } from './random';

const status = z.int().min(400).max(599);
const ms = z.int().min(0).max(600_000);
const when = z.enum(['before', 'after']).default('before');

const where = {
  /** `POST /oauth/token`; `DELETE /mfa/authenticators/:id` stands for every id; `*` for every request. */
  route: z.string().regex(/^(\*|[A-Z]+ \/\S*)$/, 'expected "METHOD /path" or "*"'),
  /** Only requests with this grant_type; `mfa-oob` is short for Auth0's long name. */
  grantType: z.string().min(1).optional(),
  /** Only requests that carry a token of this user (`userOfRequest`). */
  userId: z.string().min(1).optional(),
  /** How many requests it hits; -1: until cleared. */
  count: z.int().min(-1).default(1),
  /** Share of the matching requests that it hits. */
  probability: z.number().gt(0).max(1).default(1),
  /** Makes the choice by `probability` repeat. */
  seed: z.string().optional(),
};

/** `…Before` or `when: before`: the request has no effect. `…After`: it had its effect, only the answer is lost or spoilt. */
const faultByType = z.discriminatedUnion('type', [
  z.strictObject({ ...where, type: z.literal('delay'), ms, when }),
  z.strictObject({ ...where, type: z.literal('resetBefore') }),
  z.strictObject({ ...where, type: z.literal('resetAfter') }),
  z.strictObject({ ...where, type: z.literal('errorBefore'), status: status.default(503) }),
  z.strictObject({ ...where, type: z.literal('errorAfter'), status: status.default(503) }),
  z.strictObject({
    ...where,
    type: z.literal('rateLimited'),
    /** Seconds; null or absent: no Retry-After, as Auth0 does on most endpoints. */
    retryAfter: z.int().min(0).nullable().default(null),
    /** With the X-RateLimit-* headers. */
    reset: z.boolean().default(true),
  }),
  /** Auth0's own JSON error, with words that the caller chooses: what a tenant may say that nobody recorded. No effect. */
  z.strictObject({
    ...where,
    type: z.literal('refused'),
    status: status.default(403),
    error: z.string().min(1).default('access_denied'),
    errorDescription: z.string().min(1).default('Access denied.'),
  }),
  /** An HTML page, as a proxy or a firewall between the caller and the tenant sends one. */
  z.strictObject({
    ...where,
    type: z.literal('proxyPage'),
    status: z
      .int()
      .refine((one) => one === 200 || (one >= 400 && one <= 599), 'expected 200 or a status from 400 to 599')
      .default(403),
    when,
  }),
  z.strictObject({ ...where, type: z.literal('malformedBody') }),
  /** One byte every `ms`. */
  z.strictObject({ ...where, type: z.literal('slowBody'), ms: ms.default(1000) }),
]);

export const faultRequest = faultByType.refine((fault) => fault.count !== 0, 'count 0 would never hit');

export const faultTypes = faultByType.options.map((option) => option.shape.type.value);

type FaultRequest = z.infer<typeof faultRequest>;

export type Fault = FaultRequest & {
  readonly id: string;
  /** Requests it still hits; -1: no end. */
  left: number;
  hits: number;
  readonly chance: Random;
};

export const createFault = (id: string, request: FaultRequest): Fault => ({
  ...request,
  id,
  left: request.count,
  hits: 0,
  chance: createRandom(request.seed),
});

/** What the control side shows of a fault. */
export function faultView(fault: Fault): Record<string, unknown> {
  const { chance: _, ...view } = fault;
  return view;
}

export interface FaultTarget {
  readonly method: string;
  readonly path: string;
  /** The route's own pattern, e.g. `/mfa/authenticators/:id`. */
  readonly pattern: string | undefined;
  readonly grantType: string | undefined;
  /** The user whose token it carries. */
  readonly userId: string | undefined;
}

/** The faults that hit this request, each counted: every delay, and the first of the others. */
export function takeFaults(faults: readonly Fault[], target: FaultTarget): readonly Fault[] {
  const taken: Fault[] = [];
  for (const fault of faults) {
    if (fault.left === 0 || !matches(fault, target)) continue;
    if (fault.type !== 'delay' && taken.some((other) => other.type !== 'delay')) continue;
    if (fault.probability < 1 && fault.chance.fraction() >= fault.probability) continue;
    fault.hits += 1;
    if (fault.left > 0) fault.left -= 1;
    taken.push(fault);
  }
  return taken;
}

function matches(fault: FaultRequest, { method, path, pattern, grantType, userId }: FaultTarget): boolean {
  const routes = [path, ...(pattern === undefined ? [] : [pattern])].map((one) => `${method} ${one}`);
  if (fault.route !== '*' && !routes.includes(fault.route)) return false;
  if (fault.userId !== undefined && fault.userId !== userId) return false;
  return (
    fault.grantType === undefined ||
    grantType === fault.grantType ||
    grantType === `http://auth0.com/oauth/grant-type/${fault.grantType}`
  );
}
