import { TOTP } from 'otpauth';
import { z } from 'zod';
import { send, type Call } from '../stack/http';
import type { Tenant } from '../stack/tenant';
import type { StackFile } from '../stack/stack-file';
import type { Watches } from './stopwatch';

const enrollment = z.object({ id: z.string(), state: z.string() });
const codeResult = z.object({ result: z.literal('confirmed') });
const appChallenge = z.object({ setupKey: z.string() });

/**
 * Through the HTTP API, as an onboarding system and a support tool would: the one that starts with a phone number does not send
 * the code that is texted to it.
 */
export function enrollDurable({ api, keys }: StackFile, tenant: Tenant) {
  const { onboarding, support } = keys;
  const call = async (method: Call['method'], path: string, body?: unknown, key = onboarding): Promise<unknown> => {
    const url = `${api}/v1/enrollments${path}`;
    const answer = await send({ method, url, key, ...(body === undefined ? {} : { body }) });
    if (answer.status >= 400) throw new Error(`${method} ${path.replace(/^\/[^/]*/, '…')} answered ${answer.status}`);
    return answer.body;
  };

  let numbers = 0;
  /** People have a number each: texts to one number are counted one after the other. */
  const nextNumber = () => `+1415555${String((numbers += 1) % 10_000).padStart(4, '0')}`;

  return async (userId: string, { firstChallenge, code }: Watches): Promise<void> => {
    const token = await tenant.token(userId);
    const { id } = await firstChallenge.time(async () =>
      enrollment.parse(await call('POST', '', { userId, phoneNumber: nextNumber(), token })),
    );
    const text = (await tenant.texts(userId)).at(-1)?.code;
    await code.time(async () => codeResult.parse(await call('POST', `/${id}/binding-code`, { code: text }, support)));
    await until(id, 'awaiting_code');
    const { setupKey } = appChallenge.parse(await call('GET', `/${id}/challenge`));
    const otp = new TOTP({ secret: setupKey }).generate();
    await code.time(async () => codeResult.parse(await call('POST', `/${id}/otp`, { code: otp })));
    await until(id, 'completed');
  };

  async function until(id: string, wanted: string): Promise<void> {
    for (const end = Date.now() + 60_000; Date.now() < end;) {
      if (enrollment.parse(await call('GET', `/${id}`)).state === wanted) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`A case was not ${wanted} within 60 s.`);
  }
}
