import { z } from 'zod';
import type { AddRoutes } from '../routes/route';

/** Narrows the inbox: a run with thousands of users need not read everybody's texts each time. */
const inboxQuery = z.strictObject({ userId: z.string(), to: z.string() }).partial();

/** What happened so far, oldest first. */
export const recordsRoutes: AddRoutes = (app, tenant) => {
  app.get('/inbox', async (request) => {
    const { userId, to } = inboxQuery.parse(request.query);
    return tenant.state.inbox.filter(
      (message) => (userId === undefined || message.userId === userId) && (to === undefined || message.to === to),
    );
  });
  app.get('/requests', async () => tenant.state.requests);
  app.get('/logs', async () => tenant.state.logs);
};
