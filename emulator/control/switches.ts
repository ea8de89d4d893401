import { switchesPatch, switchTable } from '../switches';
import type { AddRoutes } from '../routes/route';

export const switchesRoutes: AddRoutes = (app, tenant) => {
  app.get('/switches', async () => tenant.state.switches);

  app.get('/switches/about', async () =>
    Object.fromEntries(
      Object.entries(switchTable).map(([name, row]) => [
        name,
        { default: row.default, kind: row.kind, about: row.about },
      ]),
    ),
  );

  // Switches that are not named keep their value.
  app.put('/switches', async (request) => {
    tenant.state.switches = { ...tenant.state.switches, ...switchesPatch.parse(request.body) };
    return tenant.state.switches;
  });
};
