import fastify, { type FastifyInstance } from 'fastify';
import type { Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { NotReady } from '../temporal/readiness';

export interface HealthServerParts {
  readonly worker: Pick<Worker, 'getState'>;
  readonly ready: () => Promise<void>;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * `GET /health/live` and `/health/ready`: is the process up; does the worker take tasks, from a namespace that is set up (`ready`
 * rejects while it is not). Nothing else is told.
 */
export function createHealthServer({ worker, ready, logger }: HealthServerParts): FastifyInstance {
  const server = fastify();
  server.get('/health/live', () => ({ status: 'up' }));
  server.get('/health/ready', async (_request, reply) => {
    const state = worker.getState();
    if (state !== 'RUNNING') return reply.code(503).send({ status: state.toLowerCase() });
    try {
      await ready();
    } catch (error) {
      logger.warn({ err: error }, 'not ready');
      const reason = error instanceof NotReady ? error.message : 'Temporal does not answer.';
      return reply.code(503).send({ status: 'not ready', reason });
    }
    return reply.send({ status: 'running' });
  });
  return server;
}
