import { z } from 'zod';
import { type Application, tokenEndpointAuthMethods } from '../application';
import { textField } from '../fields';
import type { AddRoutes } from '../routes/route';
import type { Tenant } from '../tenant';
import { ManagementError, readBody, requireScope } from './access';

interface ById {
  Params: { id: string };
}

const clientPatch = z
  .strictObject({
    grant_types: z.array(z.string().min(1)),
    token_endpoint_auth_method: z.enum(tokenEndpointAuthMethods),
    callbacks: z.array(z.url()),
    is_first_party: z.boolean(),
  })
  .partial();

/** `GET` and `PATCH /clients/{id}`: the settings that decide whether the MFA grants work. */
export const managementClientsRoutes: AddRoutes = (app, tenant) => {
  app.get<ById>('/api/v2/clients/:id', async (request) => {
    await requireScope(tenant, request, 'read:clients');
    const view = clientView(requireApplication(tenant, request.params.id));
    const fields = textField(request.query, 'fields')?.split(',');
    return fields === undefined
      ? view
      : Object.fromEntries(Object.entries(view).filter(([name]) => fields.includes(name)));
  });

  app.patch<ById>('/api/v2/clients/:id', async (request) => {
    await requireScope(tenant, request, 'update:clients');
    const application = requireApplication(tenant, request.params.id);
    const patch = readBody(clientPatch, request.body);
    application.grantTypes = patch.grant_types ?? application.grantTypes;
    application.tokenEndpointAuthMethod = patch.token_endpoint_auth_method ?? application.tokenEndpointAuthMethod;
    application.callbacks = patch.callbacks ?? application.callbacks;
    application.isFirstParty = patch.is_first_party ?? application.isFirstParty;
    return clientView(application);
  });
};

function requireApplication(tenant: Tenant, id: string): Application {
  const application = tenant.state.applications.get(id);
  if (application === undefined) throw new ManagementError(404, 'inexistent_client', 'The client does not exist.');
  return application;
}

const clientView = (application: Application): Record<string, unknown> => ({
  client_id: application.clientId,
  name: 'Emulated application',
  app_type: application.tokenEndpointAuthMethod === 'none' ? 'spa' : 'regular_web',
  is_first_party: application.isFirstParty,
  grant_types: application.grantTypes,
  token_endpoint_auth_method: application.tokenEndpointAuthMethod,
  callbacks: application.callbacks,
});
