import { z } from 'zod';
import { createFault, faultRequest, faultView } from '../faults';
import { alphabets } from '../random';
import type { AddRoutes } from '../routes/route';
import { requireUser } from './control-error';

const clearQuery = z.strictObject({ userId: z.string() }).partial();

export const faultsRoutes: AddRoutes = (app, tenant) => {
  app.get('/faults', async () => tenant.state.faults.map(faultView));

  app.post('/faults', async (request, reply) => {
    const wanted = faultRequest.parse(request.body);
    if (wanted.userId !== undefined) requireUser(tenant, wanted.userId);
    const fault = createFault(tenant.random.text(alphabets.hex, 12), wanted);
    tenant.state.faults.push(fault);
    return reply.code(201).send(faultView(fault));
  });

  // All of them, or those of one user: tests that run side by side clear their own.
  app.delete('/faults', async (request, reply) => {
    const { userId } = clearQuery.parse(request.query);
    tenant.state.faults = tenant.state.faults.filter((fault) => userId !== undefined && fault.userId !== userId);
    return reply.code(204).send();
  });
};
