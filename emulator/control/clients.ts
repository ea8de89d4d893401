import { type Application, applicationPatch, changeApplication, createApplication } from '../application';
import { alphabets } from '../random';
import type { AddRoutes } from '../routes/route';
import { ControlError } from './control-error';

/** Applications of the tenant. The emulator starts with one; tests of mix-ups need a second. */
export const clientsRoutes: AddRoutes = (app, tenant) => {
  app.get('/clients', async () => [...tenant.state.applications.values()].map(view));

  app.post('/clients', async (request, reply) => {
    const patch = applicationPatch.parse(request.body ?? {});
    const { random, state } = tenant;
    const application = createApplication(
      random.text(alphabets.alphanumeric, 32),
      random.text(alphabets.alphanumeric, 64),
    );
    state.applications.set(application.clientId, changeApplication(application, patch));
    return reply.code(201).send(view(application));
  });

  app.patch<{ Params: { id: string } }>('/clients/:id', async (request) => {
    const application = tenant.state.applications.get(request.params.id);
    if (application === undefined) throw new ControlError(404, `No application ${request.params.id}`);
    return view(changeApplication(application, applicationPatch.parse(request.body)));
  });
};

function view({ usedAssertions: _, ...rest }: Application): Omit<Application, 'usedAssertions'> {
  return rest;
}
