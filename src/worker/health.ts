import fastify, { type FastifyInstance } from 'fastify';
import type { Worker } from '@temporalio/worker';

/** `GET /health/live` and `/health/ready`: is the process up, does the worker take tasks. Nothing else is told. */
export function createHealthServer(worker: Pick<Worker, 'getState'>): FastifyInstance {
  const server = fastify();
  server.get('/health/live', () => ({ status: 'up' }));
  server.get('/health/ready', (_request, reply) => {
    const state = worker.getState();
    return reply.code(state === 'RUNNING' ? 200 : 503).send({ status: state.toLowerCase() });
  });
  return server;
}
