import { z } from 'zod';
import type { Authenticator } from '../authenticator';
import { bucketRules, refill } from '../bucket';
import { isoTime } from '../clock';
import { alphabets } from '../random';
import type { AddRoutes } from '../routes/route';
import type { Tenant } from '../tenant';
import { createUser, type User } from '../user';
import { ControlError, requireUser } from './control-error';

const newUser = z.strictObject({ email: z.email(), password: z.string().min(1).default('correct horse') });

const pushAnswer = z.strictObject({ answer: z.enum(['approve', 'reject']) });

interface ById {
  Params: { id: string };
}

export const usersRoutes: AddRoutes = (app, tenant) => {
  app.get('/users', async () => [...tenant.state.users.values()].map((user) => userView(tenant, user)));

  app.post('/users', async (request, reply) => {
    const { email, password } = newUser.parse(request.body);
    if ([...tenant.state.users.values()].some((user) => user.email === email)) {
      throw new ControlError(409, `There is a user ${email} already`);
    }
    const userId = `auth0|${tenant.random.text(alphabets.hex, 24)}`;
    const user = createUser(userId, email, password, tenant.clock.now());
    tenant.state.users.set(userId, user);
    return reply.code(201).send(userView(tenant, user));
  });

  app.get<ById>('/users/:id/authenticators', async (request) =>
    requireUser(tenant, request.params.id).authenticators.map(trueState),
  );

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
    textsLeft: refill(user.buckets.sms, bucketRules.sms, now).level,
    attemptsLeft: refill(user.buckets.attempts, bucketRules.attempts, now).level,
  };
}

/** What the tenant knows and no client is ever told. */
function trueState(authenticator: Authenticator): Record<string, unknown> {
  return { ...authenticator, createdAt: isoTime(authenticator.createdAt) };
}
