import { mfaAudiences } from '../place';
import type { AddRoutes } from '../routes/route';
import { mfaScopes } from '../token-response';

/** What the control page needs to know of its surroundings: where the tenant is, and the places that belong to it. */
export const aboutRoute =
  (links: Readonly<Record<string, string>>): AddRoutes =>
  (app, tenant) => {
    app.get('/about', async () => ({
      origin: tenant.place.origin,
      clientId: tenant.client.id,
      audience: mfaAudiences(tenant.place)[0],
      scope: mfaScopes.join(' '),
      links,
    }));
  };
