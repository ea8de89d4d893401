import type { AddRoutes } from '../routes/route';

/** What happened so far, oldest first. */
export const recordsRoutes: AddRoutes = (app, tenant) => {
  app.get('/inbox', async () => tenant.state.inbox);
  app.get('/requests', async () => tenant.state.requests);
  app.get('/logs', async () => tenant.state.logs);
};
