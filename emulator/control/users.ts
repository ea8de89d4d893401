import { z } from 'zod';
import { addUser, newUser } from '../add-user';
import type { Authenticator } from '../authenticator';
import { bucketRules, refill } from '../bucket';
import { isoTime } from '../clock';
import { shownCode } from '../otp';
import type { AddRoutes } from '../routes/route';
import type { Tenant } from '../tenant';
import type { User } from '../user';
import { ControlError, requireUser } from './control-error';

const assignment = z.strictObject({ roles: z.array(z.string().min(1)) });

const pushAnswer = z.strictObject({ answer: z.enum(['approve', 'reject']) });

interface ById {
  Params: { id: string };
}

export const usersRoutes: AddRoutes = (app, tenant) => {
  app.get('/users', async () => [...tenant.state.users.values()].map((user) => userView(tenant, user)));

  app.post('/users', async (request, reply) => {
    const asked = newUser.parse(request.body);
    const user = addUser(tenant, asked);
    if (user === undefined) throw new ControlError(409, `There is a user ${asked.email} already`);
    return reply.code(201).send(userView(tenant, user));
  });

  // From the next token on: what was issued before stays as it is.
  app.put<ById>('/users/:id/roles', async (request) => {
    const user = requireUser(tenant, request.params.id);
    user.roles = assignment.parse(request.body).roles;
    return userView(tenant, user);
  });

  app.get<ById>('/users/:id/authenticators', async (request) =>
    requireUser(tenant, request.params.id).authenticators.map(trueState),
  );

  // Stands for the user's eyes on the authenticator app.
  app.get<ById>('/users/:id/otp', async (request) => {
    const user = requireUser(tenant, request.params.id);
    const shown = shownCode(tenant, user);
    if (shown === undefined) throw new ControlError(409, `User ${user.userId} has no authenticator app set up`);
    return shown;
  });

  // Stands for the user's hand on the Guardian app.
  app.post<ById>('/users/:id/push', async (request, reply) => {
    const { answer } = pushAnswer.parse(request.body);
    const { userId } = requireUser(tenant, request.params.id);
    const waiting = [...tenant.state.challenges.values()]
      .filter((challenge) => challenge.userId === userId)
      .map((challenge) => challenge.answer)
      .filter((one) => one.by === 'push' && one.state === 'pending');
    if (waiting.length === 0) throw new ControlError(409, 'No push waits for an answer');
    for (const one of waiting) one.state = answer === 'approve' ? 'approved' : 'rejected';
    return reply.code(204).send();
  });
};

function userView(tenant: Tenant, user: User): Record<string, unknown> {
  const now = tenant.clock.now();
  return {
    userId: user.userId,
    email: user.email,
    password: user.password,
    roles: user.roles ?? [],
    textsLeft: refill(user.buckets.sms, bucketRules.sms, now).level,
    attemptsLeft: refill(user.buckets.attempts, bucketRules.attempts, now).level,
  };
}

/** What the tenant knows and no client is ever told. */
function trueState(authenticator: Authenticator): Record<string, unknown> {
  return { ...authenticator, createdAt: isoTime(authenticator.createdAt) };
}
