import { STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { epochSeconds } from './clock';
import { type Fault, takeFaults } from './faults';
import { textField } from './fields';
import { loggedUser, noteFaults } from './request-log';
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
      userId: loggedUser(request),
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
      const answered = answerWithoutEffect(reply, tenant, fault);
      if (answered !== undefined) return answered;
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
      if (fault.type === 'proxyPage' && fault.when === 'after') {
        reply.code(fault.status).header('content-type', html);
        spoilt = proxyPage(fault.status);
      }
      if (fault.type === 'malformedBody') spoilt = firstHalf(payload);
      if (fault.type === 'slowBody') spoilt = trickle(payload, fault.ms, closing);
    }
    return spoilt;
  });
}

const brokenServer = { error: 'server_error', error_description: 'Internal server error' };

/** Undefined for a fault that lets the request have its effect. */
function answerWithoutEffect(reply: FastifyReply, tenant: Tenant, fault: Fault): FastifyReply | undefined {
  switch (fault.type) {
    case 'errorBefore':
      return reply.code(fault.status).send(brokenServer);
    case 'refused':
      return reply.code(fault.status).send({ error: fault.error, error_description: fault.errorDescription });
    case 'rateLimited':
      return answerRateLimited(reply, tenant, fault);
    case 'proxyPage':
      return fault.when === 'before' ? reply.code(fault.status).type(html).send(proxyPage(fault.status)) : undefined;
    default:
      return undefined;
  }
}

const html = 'text/html; charset=utf-8';

/** Nothing in it is Auth0's: what stands between the caller and the tenant wrote it. */
const proxyPage = (status: number): string => `<!DOCTYPE html>
<html>
<head><title>${status} ${STATUS_CODES[status] ?? ''}</title></head>
<body>
<h1>The request was stopped</h1>
<p>A firewall answered in place of the site. Incident 7f3a9c.</p>
</body>
</html>
`;

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
