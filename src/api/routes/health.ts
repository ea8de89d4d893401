import type { Registry } from 'prom-client';
import { ApiProblem } from '../problems';
import type { App } from './shared';

/** For whoever runs the process: no caller is asked for, nothing about enrollments is told. */
export function healthRoutes(app: App, { ready, registry }: { ready: () => Promise<void>; registry: Registry }): void {
  const open = { config: { rateLimit: false }, schema: { hide: true } } as const;

  app.get('/health/live', open, () => ({ status: 'live' }));

  app.get('/health/ready', open, async (request) => {
    try {
      await ready();
    } catch (error) {
      request.log.warn({ err: error }, 'not ready');
      throw new ApiProblem('unavailable', { detail: 'Temporal does not answer.' });
    }
    return { status: 'ready' };
  });

  app.get('/metrics', open, async (_request, reply) => {
    void reply.type(registry.contentType);
    return registry.metrics();
  });
}
