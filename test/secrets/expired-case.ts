import { createSecretKey } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { StackFile } from '../../scripts/stack/stack-file';
import type { Secrets } from '../../scripts/stack/secrets';
import { createDataConverter } from '../../src/temporal/data-converter';
import { enrollmentIds } from '../../src/temporal/ids';
import { awaitChallenge, workflowType, type MfaEnrollmentInput } from '../../src/workflows/messages';
import type { Desk } from '../support/desk';

const keyOf = (base64: string) => createSecretKey(Buffer.from(base64, 'base64'));

/** A case that lives a few seconds, which the HTTP API does not offer: it gets as far as its text, then runs out of time. */
export async function expireCase(stack: StackFile, desk: Desk, { payloadKey, idKey }: Secrets): Promise<void> {
  const connection = await Connection.connect({ address: stack.temporal });
  const client = new Client({
    connection,
    namespace: stack.namespace,
    dataConverter: createDataConverter({ activeKeyId: 'local-1', keys: new Map([['local-1', keyOf(payloadKey)]]) }),
  });
  const { userId } = await desk.newUser();
  const ids = enrollmentIds(keyOf(idKey));
  const input: MfaEnrollmentInput = {
    userId,
    factors: ['otp'],
    token: await desk.token(userId),
    options: { lifetimeSeconds: 5 },
  };
  const handle = await client.workflow.start<(input: MfaEnrollmentInput) => Promise<{ state: string }>>(workflowType, {
    workflowId: ids.workflowId(new URL(stack.emulator).host, userId),
    taskQueue: stack.taskQueue,
    args: [input],
  });
  await handle.executeUpdate(awaitChallenge);
  const { state } = await handle.result();
  await connection.close();
  if (state !== 'expired') throw new Error(`the case ended as ${state}, not expired`);
}
