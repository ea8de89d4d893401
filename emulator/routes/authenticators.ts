import { isSibling, listEntry } from '../authenticator';
import { writeLog } from '../logs';
import { requireBearer, requireScope } from '../mfa-session';
import { refusals } from '../refusals';
import type { AddRoutes } from './route';

/** `GET /mfa/authenticators` and `DELETE /mfa/authenticators/{id}`. */
export const authenticatorsRoutes: AddRoutes = (app, tenant) => {
  app.get('/mfa/authenticators', async (request) => {
    const session = await requireBearer(tenant, request);
    requireScope(tenant, session, 'read:authenticators');
    return session.user.authenticators.map((one) => listEntry(one, tenant.state.switches.flexibleFactors));
  });

  app.delete<{ Params: { id: string } }>('/mfa/authenticators/:id', async (request, reply) => {
    const session = await requireBearer(tenant, request);
    // An mfa_token may list but not delete: it proves a password, not a factor.
    if (session.via === 'mfa_token') throw refusals.bearerInvalid();
    requireScope(tenant, session, 'remove:authenticators');
    const { user } = session;
    const target = user.authenticators.find((one) => one.id === request.params.id);
    if (target === undefined) throw refusals.authenticatorGone();
    if (target.kind === 'oob' && target.automatic) throw refusals.automaticEmail();
    user.authenticators = user.authenticators.filter((one) => !isSibling(one, target));
    writeLog(tenant, 'gd_unenroll', user.userId, target.id);
    return reply.code(204).send();
  });
};
