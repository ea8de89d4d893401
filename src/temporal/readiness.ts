import type { Connection } from '@temporalio/client';
import { missingSearchAttributes } from './register-search-attributes';

/** Temporal answers, and cannot be used as it is; `message` says to operators why. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
}

type TemporalConnection = Pick<Connection, 'workflowService' | 'withDeadline'>;

/**
 * A check that rejects while Temporal does not answer within 2 seconds, and with NotReady while the namespace lacks search
 * attributes: without them no enrollment can start and none can be listed. Once they are there they are not looked for again.
 */
export function createReadiness(connection: TemporalConnection, namespace: string): () => Promise<void> {
  let isSetUp = false;
  return () =>
    connection.withDeadline(Date.now() + 2_000, async () => {
      await connection.workflowService.getSystemInfo({});
      if (isSetUp) return;
      const missing = await missingSearchAttributes(connection, namespace);
      if (missing.length > 0) {
        const names = missing.join(', ');
        throw new NotReady(`Namespace ${namespace} lacks the search attributes ${names}. Run "mfa setup-namespace".`);
      }
      isSetUp = true;
    });
}
