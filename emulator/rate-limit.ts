import type { FastifyInstance } from 'fastify';
import { epochSeconds } from './clock';
import type { Switches } from './switches';
import type { Tenant } from './tenant';

interface Level {
  readonly level: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Calls that the tenant still takes; gone with the state that it belongs to. */
const levels = new WeakMap<Tenant['state'], Level>();

/** Paths of the Authentication API whose calls are counted. Not the hosted pages, and not the Management API, which has a limit of its own. */
const counted = /^\/(?:oauth|mfa)\//;

/**
 * The tenant's own limit of requests, as Auth0 keeps one for each plan: a bucket of `requestsBurst`, filled at `requestsPerSecond`.
 * Without effect: 429 and the X-RateLimit headers; all other answers carry the headers too.
 * Source: Auth0 docs, "Rate Limit Policy" and "Rate Limit Configurations".
 */
export function addRateLimit(app: FastifyInstance, tenant: Tenant): void {
  app.addHook('preHandler', async (request, reply) => {
    const { switches } = tenant.state;
    if (switches.requestsPerSecond === 0 || !counted.test(request.url)) return undefined;
    const now = tenant.clock.now();
    const { level } = filled(levels.get(tenant.state), switches, now);
    const isTaken = level >= 1;
    const left = isTaken ? level - 1 : level;
    levels.set(tenant.state, { level: left, at: now });
    const missing = isTaken ? switches.requestsBurst - left : 1 - left;
    reply.headers({
      'x-ratelimit-limit': switches.requestsBurst,
      'x-ratelimit-remaining': Math.floor(left),
      // Epoch seconds: the first one at which the bucket is full again, or takes one more.
      'x-ratelimit-reset': epochSeconds(now + (missing * 1000) / switches.requestsPerSecond) + 1,
    });
    if (isTaken) return undefined;
    return reply.code(429).send({
      error: 'too_many_requests',
      error_description: 'Too many requests. Check the X-RateLimit-* headers.',
    });
  });
}

function filled(before: Level | undefined, { requestsPerSecond, requestsBurst }: Switches, now: number): Level {
  if (before === undefined) return { level: requestsBurst, at: now };
  const gained = (Math.max(0, now - before.at) * requestsPerSecond) / 1000;
  return { level: Math.min(requestsBurst, before.level + gained), at: now };
}
