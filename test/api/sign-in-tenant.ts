import { z } from 'zod';
import { createEmulator, type Emulator } from '../../emulator/server';
import type { AppParts } from '../../src/api/app';
import { createIdTokenCheck } from '../../src/auth0/id-token';
import { createMfaClient } from '../../src/auth0/mfa-client';
import { createLinks } from '../../src/links';
import type { Enrollments } from '../../src/temporal/enrollments';
import { enrollmentIds } from '../../src/temporal/ids';
import { idKey, inState, testApp } from './support';

const ids = enrollmentIds(idKey);
const user = z.object({ userId: z.string(), email: z.string() });

/**
 * The app's sign-in, its real client and the emulated tenant, over one enrollment in memory: what a user's browser meets, apart
 * from Temporal. `port`: where the app will be reached.
 */
export async function signInAtEmulator(port: number) {
  const emulator: Emulator = await createEmulator();
  const control = async (method: string, path: string, body?: object): Promise<unknown> => {
    const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(`${emulator.controlUrl}${path}`, { method, ...(body === undefined ? {} : json) });
    return answer.json();
  };
  const newUser = async (email: string) =>
    user.parse(await control('POST', '/users', { email, password: 'correct horse' }));
  const { userId, email } = await newUser('ada@example.com');

  const publicUrl = `http://localhost:${port}`;
  const domain = new URL(emulator.publicUrl).host;
  const workflowId = ids.workflowId(domain, userId);
  const id = ids.enrollmentId(workflowId, '3f0d2d5e-7a55-4d57-9d3c-3f4c56b1f2aa');
  const held = {
    enrollment: { ...inState('awaiting_token'), id },
    spent: new Set<string>(),
    cancelledFor: undefined as string | undefined,
  };
  const enrollments: Partial<Enrollments> = {
    get: async () => held.enrollment,
    askedBy: async () => 'Onboarding of Example Corp',
    isUpdateKnown: async (_id, updateId) => held.spent.has(updateId),
    isOf: (_id, subject) => ids.workflowId(domain, subject) === workflowId,
    spendLink: async (_id, _token, updateId) => {
      held.spent.add(updateId);
      return true;
    },
    cancel: async (_id, reason) => {
      held.cancelledFor = reason;
      held.enrollment = { ...inState('cancelled'), id };
      return held.enrollment;
    },
  };
  const auth0 = {
    domain,
    baseUrl: emulator.publicUrl,
    audience: `https://${domain}/mfa/`,
    clientId: emulator.clientId,
  };
  const mfa = createMfaClient({ ...auth0, clientSecret: emulator.clientSecret });
  const links = createLinks({ idKey, publicUrl });
  const parts: Partial<AppParts> = {
    publicUrl,
    links,
    signIn: {
      idKey,
      auth0,
      exchangeCode: (request) => mfa.exchangeCode(request),
      checkIdToken: createIdTokenCheck(auth0),
    },
  };
  const { app } = await testApp(enrollments, parts);
  await app.listen({ host: '127.0.0.1', port });

  return {
    emulator,
    control,
    newUser,
    email,
    held,
    newLink: async () => (await links.create(id)).url,
    async close() {
      await app.close();
      await mfa.close();
      await emulator.close();
    },
  };
}
