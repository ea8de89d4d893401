import { z } from 'zod';
import { type Authenticator, idSuffix } from '../authenticator';
import { isoTime } from '../clock';
import { newRecoveryCode } from '../enroll';
import { alphabets } from '../random';
import type { AddRoutes } from '../routes/route';
import type { Tenant } from '../tenant';
import type { User } from '../user';
import { ManagementError, readBody, requireScope, requireUser } from './access';

interface ById {
  Params: { id: string };
}

const ticketRequest = z.object({
  user_id: z.string().min(1),
  email: z.email().optional(),
  send_mail: z.boolean().optional(),
  email_locale: z.string().optional(),
  factor: z.string().optional(),
  allow_multiple_enrollments: z.boolean().optional(),
});

/** Guardian enrolments, resets, tickets and recovery codes. */
export const enrollmentsRoutes: AddRoutes = (app, tenant) => {
  app.get<ById>('/api/v2/users/:id/enrollments', async (request) => {
    await requireScope(tenant, request, 'read:users');
    return requireUser(tenant, request.params.id).authenticators.flatMap(enrollmentView);
  });

  app.delete<ById>('/api/v2/users/:id/authenticators', async (request, reply) => {
    await requireScope(tenant, request, 'delete:guardian_enrollments');
    requireUser(tenant, request.params.id).authenticators = [];
    return reply.code(204).send();
  });

  app.delete<{ Params: { id: string; provider: string } }>(
    '/api/v2/users/:id/multifactor/:provider',
    async (request, reply) => {
      await requireScope(tenant, request, 'update:users');
      const user = requireUser(tenant, request.params.id);
      const provider = readBody(z.enum(['duo', 'google-authenticator']), request.params.provider);
      // Duo has no record here, so there is nothing of it to remove.
      if (provider === 'google-authenticator') {
        user.authenticators = user.authenticators.filter((one) => one.kind !== 'otp');
      }
      return reply.code(204).send();
    },
  );

  app.get<ById>('/api/v2/guardian/enrollments/:id', async (request) => {
    await requireScope(tenant, request, 'read:guardian_enrollments');
    const { user, records } = requireEnrollment(tenant, request.params.id);
    return { ...records.flatMap(enrollmentView)[0], user_id: user.userId };
  });

  app.delete<ById>('/api/v2/guardian/enrollments/:id', async (request, reply) => {
    await requireScope(tenant, request, 'delete:guardian_enrollments');
    const { user, records } = requireEnrollment(tenant, request.params.id);
    user.authenticators = user.authenticators.filter((one) => !records.includes(one));
    return reply.code(204).send();
  });

  app.post('/api/v2/guardian/enrollments/ticket', async (request) => {
    await requireScope(tenant, request, 'create:guardian_enrollment_tickets');
    requireUser(tenant, readBody(ticketRequest, request.body).user_id);
    const id = tenant.random.text(alphabets.alphanumeric, 32);
    return { ticket_id: id, ticket_url: `${tenant.place.origin}/guardian/enrollment?ticket=${id}` };
  });

  app.post<ById>('/api/v2/users/:id/recovery-code-regeneration', async (request) => {
    await requireScope(tenant, request, 'update:users');
    const user = requireUser(tenant, request.params.id);
    const record = user.authenticators.find((one) => one.kind === 'recovery-code');
    if (record?.kind !== 'recovery-code') {
      throw new ManagementError(404, 'recovery_code_not_found', 'The user has no recovery code.');
    }
    record.code = newRecoveryCode(tenant);
    return { recovery_code: record.code };
  });
};

function requireEnrollment(tenant: Tenant, id: string): { user: User; records: readonly Authenticator[] } {
  for (const user of tenant.state.users.values()) {
    const records = user.authenticators.filter((one) => one.id === id || idSuffix(one.id) === id);
    if (records.length > 0) return { user, records };
  }
  throw new ManagementError(404, 'enrollment_not_found', 'The enrollment does not exist.');
}

const authMethod = { sms: 'sms', voice: 'sms', email: 'email', auth0: 'guardian' } as const;

/** None for a recovery code: the old list does not know it. */
function enrollmentView(record: Authenticator): Record<string, unknown>[] {
  if (record.kind === 'recovery-code') return [];
  return [
    {
      id: idSuffix(record.id),
      status: record.active ? 'confirmed' : 'pending',
      auth_method: record.kind === 'otp' ? 'authenticator' : authMethod[record.channel],
      ...(record.kind === 'oob' && record.channel === 'sms' && { phone_number: record.destination }),
      enrolled_at: isoTime(record.createdAt),
    },
  ];
}
