import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { NotReady } from '../temporal/readiness';

export interface HealthParts {
  /** Rejects while Temporal cannot be reached or is not set up: NotReady says why in a sentence for operators. */
  readonly ready: () => Promise<void>;
  readonly registry: Registry;
  readonly logger: Pick<FastifyBaseLogger, 'warn'>;
}

/**
 * For whoever runs the process, on a port of its own: no caller is asked for, and nothing about enrollments is told. The port of the
 * API answers none of this, so that nobody outside can make it ask Temporal or read its figures.
 */
export function createHealthApp({ ready, registry, logger }: HealthParts): FastifyInstance {
  const app: FastifyInstance = Fastify({ requestTimeout: 10_000 });

  app.get('/health/live', () => ({ status: 'live' }));

  app.get('/health/ready', async (_request, reply) => {
    try {
      await ready();
    } catch (error) {
      logger.warn({ err: error }, 'not ready');
      const reason = error instanceof NotReady ? error.message : 'Temporal does not answer.';
      return reply.code(503).header('Retry-After', 5).send({ status: 'not ready', reason });
    }
    return { status: 'ready' };
  });

  app.get('/metrics', async (_request, reply) => {
    void reply.type(registry.contentType);
    return registry.metrics();
  });
  return app;
}
