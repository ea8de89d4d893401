import { z } from 'zod';
import type { AddRoutes } from '../routes/route';

/** Narrows the lists: a run with thousands of users need not read what is everybody's each time. */
const inboxQuery = z.strictObject({ userId: z.string(), to: z.string() }).partial();
const requestsQuery = inboxQuery.pick({ userId: true });

/** What happened so far, oldest first. */
export const recordsRoutes: AddRoutes = (app, tenant) => {
  app.get('/inbox', async (request) => {
    const { userId, to } = inboxQuery.parse(request.query);
    return tenant.state.inbox.filter(
      (message) => (userId === undefined || message.userId === userId) && (to === undefined || message.to === to),
    );
  });
  app.get('/requests', async (request) => {
    const { userId } = requestsQuery.parse(request.query);
    return tenant.state.requests.filter((one) => userId === undefined || one.userId === userId);
  });
  app.get('/logs', async () => tenant.state.logs);
};
