import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { aboutRoute } from './control/about';
import { apisRoutes } from './control/apis';
import { clientsRoutes } from './control/clients';
import { clockRoutes } from './control/clock';
import { ControlError } from './control/control-error';
import { faultsRoutes } from './control/faults';
import { recordsRoutes } from './control/records';
import { switchesRoutes } from './control/switches';
import { tokensRoute } from './control/tokens';
import { usersRoutes } from './control/users';
import type { Tenant } from './tenant';

/**
 * The side of the test: arranges, looks behind the curtain, breaks things. On a port of its own, never the public one. `links`: addresses
 * by name, for the page to show.
 */
export async function createControlServer(
  tenant: Tenant,
  links: Readonly<Record<string, string>> = {},
): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    forceCloseConnections: true,
    bodyLimit: 256 * 1024,
    routerOptions: { maxParamLength: 300 },
  });
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof z.ZodError) return reply.code(400).send({ error: z.prettifyError(error) });
    if (error instanceof ControlError) return reply.code(error.status).send({ error: error.message });
    const status =
      error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
    return reply.code(status).send({ error: error instanceof Error ? error.message : 'unknown' });
  });
  app.get('/health', async () => ({ status: 'ok' }));
  app.post('/reset', async (_request, reply) => {
    tenant.reset();
    return reply.code(204).send();
  });
  await app.register(fastifyStatic, {
    root: join(__dirname, 'public'),
    setHeaders: (response) => {
      response.setHeader('content-security-policy', "default-src 'self'; frame-ancestors 'none'");
      response.setHeader('cache-control', 'no-cache');
    },
  });
  for (const add of [
    aboutRoute(links),
    usersRoutes,
    tokensRoute,
    apisRoutes,
    clientsRoutes,
    clockRoutes,
    faultsRoutes,
    switchesRoutes,
    recordsRoutes,
  ]) {
    add(app, tenant);
  }
  return app;
}
