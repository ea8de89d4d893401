import { z } from 'zod';
import { isoTime } from '../clock';
import type { AddRoutes } from '../routes/route';

/** Ten years at most: far enough for any expiry. */
const advance = z.strictObject({ advanceSeconds: z.number().min(0).max(315_360_000) });

export const clockRoutes: AddRoutes = (app, { clock }) => {
  const view = () => ({ now: isoTime(clock.now()), aheadSeconds: clock.offset() / 1000 });

  app.get('/clock', async () => view());

  app.post('/clock', async (request) => {
    clock.advance(advance.parse(request.body).advanceSeconds);
    return view();
  });
};
