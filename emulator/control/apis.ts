import { apiPatch, newApi, newRole } from '../api';
import type { AddRoutes } from '../routes/route';
import { addApi, addRole } from '../setup';
import { ControlError } from './control-error';

/** APIs that tokens are asked for, and the roles by which users may do something there. */
export const apisRoutes: AddRoutes = (app, tenant) => {
  app.get('/apis', async () => [...tenant.state.apis.values()]);

  app.post('/apis', async (request, reply) => {
    const api = newApi.parse(request.body);
    if (!addApi(tenant, api)) throw new ControlError(409, `There is an API ${api.identifier} already`);
    return reply.code(201).send(api);
  });

  // For tokens that are issued from then on.
  app.patch<{ Params: { identifier: string } }>('/apis/:identifier', async (request) => {
    const { identifier } = request.params;
    const api = tenant.state.apis.get(identifier);
    if (api === undefined) throw new ControlError(404, `No API ${identifier}`);
    const changed = { ...api, ...apiPatch.parse(request.body) };
    tenant.state.apis.set(identifier, changed);
    return changed;
  });

  app.get('/roles', async () => [...tenant.state.roles.values()]);

  app.post('/roles', async (request, reply) => {
    const role = newRole.parse(request.body);
    if (!addRole(tenant, role)) throw new ControlError(409, `There is a role ${role.name} already`);
    return reply.code(201).send(role);
  });
};
