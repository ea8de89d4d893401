import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOTP, URI } from 'otpauth';
import { z } from 'zod';
import { send } from '../stack/http';
import type { DesklessStack } from '../stack/stack-file';
import { createTenant, type Tenant } from '../stack/tenant';

/** How far an enrollment is brought before the API is fuzzed. */
const steps = ['awaiting_token', 'sms', 'sms', 'otp', 'otp', 'completed', 'cancelled'] as const;
type Step = (typeof steps)[number];

const started = z.object({ id: z.string() });
const view = z.object({ state: z.string(), factor: z.string().optional() });
const appChallenge = z.object({ barcodeUri: z.string() });

/**
 * Starts enrollments, brings each to another step, and writes dictionaries of their ids, users and tokens into `folder`: what a
 * generator of requests would never guess. `name` keeps the users of several rounds apart.
 */
export async function arrangeEnrollments(stack: DesklessStack, folder: string, name: string): Promise<void> {
  const tenant = createTenant(stack);
  const arranged = await Promise.all(steps.map((step, index) => arrange(stack, tenant, `${name}-${index}`, step)));
  const write = (file: string, values: readonly string[]) =>
    writeFileSync(join(folder, `${file}.dict`), values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  write(
    'enrollments',
    arranged.map(({ id }) => id),
  );
  write(
    'users',
    arranged.map(({ userId }) => userId),
  );
  write(
    'tokens',
    arranged.map(({ accessToken }) => accessToken),
  );
}

async function arrange(stack: DesklessStack, tenant: Tenant, name: string, step: Step) {
  const userId = await tenant.createUser(`${name}@example.com`);
  const { accessToken, expiresIn } = await tenant.token(userId);
  const call = async (method: 'GET' | 'POST', path: string, body?: unknown, key = stack.keys.onboarding) => {
    const answer = await send({ method, url: `${stack.api}/v1/enrollments${path}`, key, body });
    if (answer.status >= 400) throw new Error(`${method} ${path} answered ${answer.status}`);
    return answer.body;
  };
  const { id } = started.parse(
    await call('POST', '', {
      userId,
      phoneNumber: '+14155550123',
      ...(step === 'awaiting_token' ? {} : { token: { accessToken, expiresIn } }),
    }),
  );
  const until = async (isThere: (at: z.infer<typeof view>) => boolean) => {
    for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50)))
      if (isThere(view.parse(await call('GET', `/${id}`)))) return;
    throw new Error(`The enrollment ${id} did not come to the step ${step}.`);
  };
  if (step === 'cancelled') await call('POST', `/${id}/cancel`, { reason: 'arranged' }, stack.keys.ops);
  if (step === 'otp' || step === 'completed') {
    await call('POST', `/${id}/binding-code`, { code: (await tenant.texts(userId)).at(-1)?.code }, stack.keys.support);
    await until(({ state, factor }) => state === 'awaiting_code' && factor === 'otp');
  }
  if (step === 'completed') {
    const app = URI.parse(appChallenge.parse(await call('GET', `/${id}/challenge`)).barcodeUri);
    if (!(app instanceof TOTP)) throw new Error('The QR code is not of a time-based code.');
    await call('POST', `/${id}/otp`, { code: app.generate() });
    await until(({ state }) => state === 'completed');
  }
  return { id, userId, accessToken };
}
