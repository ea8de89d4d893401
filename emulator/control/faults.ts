import { createFault, faultRequest, faultView } from '../faults';
import { alphabets } from '../random';
import type { AddRoutes } from '../routes/route';

export const faultsRoutes: AddRoutes = (app, tenant) => {
  app.get('/faults', async () => tenant.state.faults.map(faultView));

  app.post('/faults', async (request, reply) => {
    const fault = createFault(tenant.random.text(alphabets.hex, 12), faultRequest.parse(request.body));
    tenant.state.faults.push(fault);
    return reply.code(201).send(faultView(fault));
  });

  app.delete('/faults', async (_request, reply) => {
    tenant.state.faults = [];
    return reply.code(204).send();
  });
};
