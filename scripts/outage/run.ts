import { setTimeout as sleep } from 'node:timers/promises';
import { TOTP } from 'otpauth';
import { z } from 'zod';
import { throughApi } from '../bench/engines/ours';
import { startStack, type Stack } from '../stack';
import { send } from '../stack/http';
import { createTenant } from '../stack/tenant';
import { createReceiver } from '../webhook-receiver';

export interface OutageOptions {
  /** Half of them enroll before the receiver is killed, half while it is down. */
  readonly users: number;
  readonly downMs: number;
  /** How long it may take, once the receiver is back, until it has got every event. */
  readonly patienceMs: number;
  readonly compiled?: boolean;
  readonly say?: (line: string) => void;
}

export interface OutageProof {
  readonly users: number;
  readonly downSeconds: number;
  /** Enrollments with events that were tried again and again, when the receiver came back. */
  readonly retrying: number;
  readonly caughtUpAfterSeconds: number;
  readonly events: number;
  /** Events that came more than once, which is allowed. */
  readonly repeated: number;
  /** What is not as it should be; empty: all is. */
  readonly faults: readonly string[];
}

const endpoint = z.object({ id: z.string(), secret: z.string() });
const deliveries = z.object({ deliveries: z.array(z.object({ state: z.string() })) });
const event = z.object({
  type: z.string(),
  data: z.object({ enrollmentId: z.string(), sequence: z.number() }),
});
interface Told {
  readonly type: string;
  readonly sequence: number;
}
const ends = ['enrollment.completed', 'enrollment.cancelled'];

/**
 * A whole stack, and a receiver of its events that is killed while people enroll and comes back later; then it is compared what the receiver
 * got of each enrollment. Every other user cancels half-way. Signatures are checked by the library `standardwebhooks`.
 */
export async function runOutage(options: OutageOptions): Promise<OutageProof> {
  const { users, downMs, patienceMs, compiled = false, say = () => undefined } = options;
  const stack = await startStack({ compiled, logLevel: 'warn' });
  const got = new Map<string, Told[]>();
  const receiver = createReceiver(event, ({ type, data: { enrollmentId, sequence } }) =>
    got.set(enrollmentId, [...(got.get(enrollmentId) ?? []), { type, sequence }]),
  );
  const eventsOf = (id: string): readonly Told[] => got.get(id) ?? [];
  try {
    const ops = (method: 'GET' | 'POST', path: string, body?: unknown) =>
      send({ ...{ method, url: `${stack.api}/v1${path}`, key: stack.keys.ops }, body });
    const port = await receiver.listen();
    const hook = endpoint.parse((await ops('POST', '/webhooks', { url: `http://127.0.0.1:${port}/events` })).body);
    receiver.takes(hook.secret);

    const half = Math.ceil(users / 2);
    const ids = [...(await enroll(stack, 0, half))];
    await receiver.kill();
    say(`${half} users have enrolled; the receiver is killed`);
    ids.push(...(await enroll(stack, half, users)));
    say(`${users - half} more have enrolled; the receiver stays down for ${downMs / 1000} s`);
    await sleep(downMs);
    const waiting = deliveries.parse((await ops('GET', `/webhooks/${hook.id}/deliveries`)).body).deliveries;
    const retrying = waiting.filter(({ state }) => state === 'retrying').length;

    await receiver.listen(port);
    const back = Date.now();
    say(`the receiver is back; events of ${retrying} enrollments are tried again`);
    const isEnded = (id: string): boolean => ends.includes(eventsOf(id).at(-1)?.type ?? '');
    while (!ids.every(isEnded) && Date.now() - back < patienceMs) await sleep(500);
    return {
      ...{ users, downSeconds: downMs / 1000, retrying },
      caughtUpAfterSeconds: Math.round((Date.now() - back) / 1000),
      ...{ events: receiver.events(), repeated: receiver.repeated() },
      faults: [
        ...ids.filter((id) => !isEnded(id)).map((id) => `${id}: its end was not told`),
        ...ids.filter((id) => !inOrder(eventsOf(id))).map((id) => `${id}: not every event in order`),
        ...receiver.refused().map((why) => `an event did not verify: ${why}`),
      ],
    };
  } finally {
    await receiver.kill();
    await stack.stop();
  }
}

const inOrder = (events: readonly Told[]): boolean => events.every(({ sequence }, index) => sequence === index + 1);

/** The ids of the enrollments of users `from` to `to`, which have all come to their ends. */
async function enroll(stack: Stack, from: number, to: number): Promise<readonly string[]> {
  const tenant = createTenant(stack);
  const api = throughApi(stack);
  const ids: string[] = [];
  for (let index = from; index < to; index += 1) {
    const userId = await tenant.createUser(`outage-${index}@example.com`);
    const { accessToken, expiresIn } = await tenant.token(userId);
    const phoneNumber = `+1415555${String(1000 + index).slice(-4)}`;
    const id = await api.start({ userId, phoneNumber, accessToken, expiresIn });
    ids.push(id);
    await api.code(id, 'sms', (await tenant.texts(userId)).at(-1)?.code ?? '');
    const setupKey = await api.next(id, 'sms');
    if (index % 2 === 0) {
      await api.code(id, 'otp', new TOTP({ secret: setupKey }).generate());
      await api.next(id, 'otp');
    } else {
      const url = `${stack.api}/v1/enrollments/${id}/cancel`;
      await send({ method: 'POST', url, key: stack.keys.ops, body: { reason: 'They changed their mind.' } });
    }
  }
  return ids;
}
