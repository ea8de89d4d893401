import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { epochSeconds } from './clock';
import { type Fault, takeFaults } from './faults';
import { textField } from './fields';
import { noteFaults } from './request-log';
import type { Tenant } from './tenant';

const taken = new WeakMap<FastifyRequest, readonly Fault[]>();

/** Makes the public side misbehave as `POST /faults` asked. `closing` ends every delay. */
export function addFaultHooks(app: FastifyInstance, tenant: Tenant, closing: AbortSignal): void {
  app.addHook('preHandler', async (request, reply) => {
    const faults = takeFaults(tenant.state.faults, {
      method: request.method,
      path: request.url.split('?', 1)[0] ?? request.url,
      pattern: request.routeOptions.url,
      grantType: textField(request.body, 'grant_type'),
    });
    taken.set(request, faults);
    noteFaults(
      request,
      faults.map((fault) => fault.type),
    );
    for (const fault of faults) {
      if (fault.type === 'delay' && fault.when === 'before') await pause(fault.ms, closing);
    }
    for (const fault of faults) {
      if (fault.type === 'resetBefore') {
        request.raw.socket.destroy();
        return reply.hijack();
      }
      if (fault.type === 'errorBefore') return reply.code(fault.status).send(brokenServer);
      if (fault.type === 'rateLimited') return answerRateLimited(reply, tenant, fault);
    }
    return undefined;
  });

  app.addHook('onSend', async (request, reply, payload) => {
    let spoilt: unknown = payload;
    for (const fault of taken.get(request) ?? []) {
      if (fault.type === 'delay' && fault.when === 'after') await pause(fault.ms, closing);
      if (fault.type === 'resetAfter') request.raw.socket.destroy();
      if (fault.type === 'errorAfter') {
        reply.code(fault.status).header('content-type', 'application/json');
        spoilt = JSON.stringify(brokenServer);
      }
      if (fault.type === 'malformedBody') spoilt = firstHalf(payload);
      if (fault.type === 'slowBody') spoilt = trickle(payload, fault.ms, closing);
    }
    return spoilt;
  });
}

const brokenServer = { error: 'server_error', error_description: 'Internal server error' };

function answerRateLimited(reply: FastifyReply, tenant: Tenant, fault: Fault & { type: 'rateLimited' }): FastifyReply {
  if (fault.reset) {
    const reset = epochSeconds(tenant.clock.now()) + (fault.retryAfter ?? 1);
    reply.headers({ 'x-ratelimit-limit': 300, 'x-ratelimit-remaining': 0, 'x-ratelimit-reset': reset });
  }
  if (fault.retryAfter !== null) reply.header('retry-after', fault.retryAfter);
  return reply.code(429).send({
    error: 'too_many_requests',
    error_description: 'Too many requests. Check the X-RateLimit-* headers.',
  });
}

async function pause(ms: number, closing: AbortSignal): Promise<void> {
  // Cut short only when the emulator stops.
  await sleep(ms, undefined, { signal: closing }).catch(() => undefined);
}

const textOf = (payload: unknown): string => (typeof payload === 'string' ? payload : '{}');

const firstHalf = (payload: unknown): string => textOf(payload).slice(0, Math.ceil(textOf(payload).length / 2));

function trickle(payload: unknown, ms: number, closing: AbortSignal): Readable {
  async function* bytes(): AsyncGenerator<string> {
    for (const character of textOf(payload)) {
      yield character;
      await pause(ms, closing);
    }
  }
  return Readable.from(bytes());
}
