import type { FastifyInstance } from 'fastify';
import { Histogram, type Registry } from 'prom-client';
import type { UpdateOutcome } from './runs';

/** How long calls take, by route pattern and status: never by user or case. */
export function measureRequests(app: FastifyInstance, registry: Registry): void {
  const duration = new Histogram({
    name: 'mfa_api_request_duration_seconds',
    help: 'Time from the first byte of a call to the last of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    const { url: route = 'none' } = request.routeOptions;
    if (route.endsWith('/events')) return; // lasts as long as its listener likes
    duration.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
  });
}

/** How long cases take to answer an update, and whether they did. */
export function updateMetrics(registry: Registry) {
  const duration = new Histogram({
    name: 'mfa_api_update_duration_seconds',
    help: 'Time until a case answered an update.',
    labelNames: ['update', 'outcome'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
    registers: [registry],
  });
  return (update: string, outcome: UpdateOutcome, seconds: number): void =>
    duration.observe({ update, outcome }, seconds);
}
