import { textField } from '../fields';
import type { AddRoutes } from '../routes/route';
import { requireScope } from './access';
import { pageOf } from './page';

/** Tenant settings, custom domains and the tenant log. */
export const tenantSettingsRoutes: AddRoutes = (app, tenant) => {
  app.get('/api/v2/tenants/settings', async (request) => {
    await requireScope(tenant, request, 'read:tenant_settings');
    const { friendlyName, actionsMfa } = tenant.state.switches;
    return { friendly_name: friendlyName, customize_mfa_in_postlogin_action: actionsMfa };
  });

  app.get('/api/v2/custom-domains', async (request) => {
    await requireScope(tenant, request, 'read:custom_domains');
    const { customDomain } = tenant.place;
    if (customDomain === undefined) return [];
    return [
      { custom_domain_id: 'cd_1', domain: customDomain, primary: true, status: 'ready', type: 'auth0_managed_certs' },
    ];
  });

  // Of Auth0's query language only what asks for one user: `user_id:"…"`. The documentation calls the parameter `q`
  // and `search`.
  app.get('/api/v2/logs', async (request) => {
    await requireScope(tenant, request, 'read:logs');
    const asked = textField(request.query, 'q') ?? textField(request.query, 'search') ?? '';
    const userId = /user_id:"([^"]+)"/.exec(asked)?.[1];
    const logs = tenant.state.logs.filter((log) => userId === undefined || log.user_id === userId);
    return pageOf('logs', logs.toReversed(), request.query);
  });
};
