import { z } from 'zod';
import { addUser } from '../add-user';
import { textField } from '../fields';
import type { AddRoutes } from '../routes/route';
import type { User } from '../user';
import { ManagementError, readBody, requireScope, requireUser } from './access';
import { pageOf } from './page';

interface ById {
  Params: { id: string };
}

/** The emulator's one connection. */
const connection = 'Username-Password-Authentication';

const newUser = z.object({ connection: z.literal(connection), email: z.email(), password: z.string().min(1) });

/** `/users`: list, find by email, get, create and delete. Profiles are not changed here. */
export const managementUsersRoutes: AddRoutes = (app, tenant) => {
  // Of Auth0's query language only what asks for one email: `email:"…"`.
  app.get('/api/v2/users', async (request) => {
    await requireScope(tenant, request, 'read:users');
    const email = /email:"([^"]+)"/.exec(textField(request.query, 'q') ?? '')?.[1];
    const users = [...tenant.state.users.values()].filter((user) => email === undefined || user.email === email);
    return pageOf('users', users.map(userView), request.query);
  });

  app.get('/api/v2/users-by-email', async (request) => {
    await requireScope(tenant, request, 'read:users');
    const email = textField(request.query, 'email');
    return [...tenant.state.users.values()].filter((user) => user.email === email).map(userView);
  });

  app.get<ById>('/api/v2/users/:id', async (request) => {
    await requireScope(tenant, request, 'read:users');
    return userView(requireUser(tenant, request.params.id));
  });

  app.post('/api/v2/users', async (request, reply) => {
    await requireScope(tenant, request, 'create:users');
    const { email, password } = readBody(newUser, request.body);
    const user = addUser(tenant, { email, password, roles: [] });
    if (user === undefined) throw new ManagementError(409, 'auth0_idp_error', 'The user already exists.');
    return reply.code(201).send(userView(user));
  });

  // An unknown user is as good as deleted.
  app.delete<ById>('/api/v2/users/:id', async (request, reply) => {
    await requireScope(tenant, request, 'delete:users');
    tenant.state.users.delete(request.params.id);
    return reply.code(204).send();
  });
};

function userView({ userId, email }: User): Record<string, unknown> {
  const [provider, id] = userId.split('|');
  return {
    user_id: userId,
    email,
    email_verified: true,
    name: email,
    nickname: email.slice(0, email.lastIndexOf('@')),
    identities: [{ connection, provider, user_id: id, isSocial: false }],
  };
}
