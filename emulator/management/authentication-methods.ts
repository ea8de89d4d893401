import { z } from 'zod';
import { isSibling } from '../authenticator';
import { writeLog } from '../logs';
import type { AddRoutes } from '../routes/route';
import { readBody, requireScope, requireUser } from './access';
import { pageOf } from './page';
import { addMethod, methodsOf, methodView, newMethod, requireMethod } from './authentication-method';

interface OfUser {
  Params: { id: string };
}
interface OneOfUser {
  Params: { id: string; method: string };
}

const path = '/api/v2/users/:id/authentication-methods';

/** `/users/{id}/authentication-methods`: unconfirmed methods are not listed, yet can be deleted by id. */
export const authenticationMethodsRoutes: AddRoutes = (app, tenant) => {
  app.get<OfUser>(path, async (request) => {
    await requireScope(tenant, request, 'read:authentication_methods');
    const methods = methodsOf(requireUser(tenant, request.params.id))
      .filter(([first]) => first.active)
      .map(methodView);
    return pageOf('authenticators', methods, request.query);
  });

  app.post<OfUser>(path, async (request, reply) => {
    await requireScope(tenant, request, 'create:authentication_methods');
    const user = requireUser(tenant, request.params.id);
    const [first, ...others] = addMethod(tenant, user, readBody(newMethod, request.body));
    return reply.code(201).send(first && methodView([first, ...others]));
  });

  app.put<OfUser>(path, async (request) => {
    await requireScope(tenant, request, 'update:authentication_methods');
    const user = requireUser(tenant, request.params.id);
    const methods = readBody(z.array(newMethod), request.body);
    user.authenticators = [];
    for (const method of methods) addMethod(tenant, user, method);
    return methodsOf(user).map(methodView);
  });

  app.delete<OfUser>(path, async (request, reply) => {
    await requireScope(tenant, request, 'delete:authentication_methods');
    requireUser(tenant, request.params.id).authenticators = [];
    return reply.code(204).send();
  });

  app.get<OneOfUser>(`${path}/:method`, async (request) => {
    await requireScope(tenant, request, 'read:authentication_methods');
    return methodView(requireMethod(requireUser(tenant, request.params.id), request.params.method));
  });

  app.patch<OneOfUser>(`${path}/:method`, async (request) => {
    await requireScope(tenant, request, 'update:authentication_methods');
    const method = requireMethod(requireUser(tenant, request.params.id), request.params.method);
    const { name } = readBody(z.strictObject({ name: z.string().min(1) }), request.body);
    for (const record of method) record.name = name;
    return methodView(method);
  });

  app.delete<OneOfUser>(`${path}/:method`, async (request, reply) => {
    await requireScope(tenant, request, 'delete:authentication_methods');
    const user = requireUser(tenant, request.params.id);
    const [first] = requireMethod(user, request.params.method);
    user.authenticators = user.authenticators.filter((one) => !isSibling(one, first));
    writeLog(tenant, 'gd_unenroll', user.userId, first.id);
    return reply.code(204).send();
  });
};
