import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, type Connection } from '@temporalio/client';
import type { PlainSignal } from './flood';

export interface Signals {
  /**
   * Sends signals as they are, unencrypted, to the newest run of a workflow, some at a time. Each is sent until the server has
   * taken it, and once only. Resolves early when the workflow has closed; rejects when `signal` aborts.
   */
  send(workflowId: string, signals: readonly PlainSignal[], signal: AbortSignal): Promise<void>;
  /** How many the server has taken. */
  readonly taken: number;
}

const atOnce = 20;
/** gRPC's word for a workflow that is not there, or not running any more. */
const notFound = 5;
/** gRPC's words for what passes: cancelled, unknown, deadline exceeded, resource exhausted, aborted, internal, unavailable. */
const passing = [1, 2, 4, 8, 10, 13, 14];

/** What anybody can do who may write to the namespace. */
export function createSignals({ workflowService }: Connection, namespace: string): Signals {
  let taken = 0;

  return {
    get taken() {
      return taken;
    },
    async send(workflowId, signals, signal) {
      const waiting = [...signals].reverse();
      let isOpen = true;
      const lane = async () => {
        for (let next = waiting.pop(); next !== undefined && isOpen; next = waiting.pop()) {
          isOpen = await sendOne(workflowId, next, signal);
          if (isOpen) taken += 1;
        }
      };
      await Promise.all(Array.from({ length: atOnce }, lane));
    },
  };

  /** False when the workflow is closed. */
  async function sendOne(workflowId: string, { name, payloads }: PlainSignal, signal: AbortSignal): Promise<boolean> {
    // The same id on every try: the server takes it once, also when its first answer got lost.
    const requestId = randomUUID();
    for (let tries = 0; ; tries += 1) {
      signal.throwIfAborted();
      try {
        await workflowService.signalWorkflowExecution({
          namespace,
          workflowExecution: { workflowId },
          signalName: name,
          requestId,
          input: { payloads: payloads.map(({ metadata, data }) => ({ metadata: { ...metadata }, data })) },
        });
        return true;
      } catch (error) {
        const code = isGrpcServiceError(error) ? Number(error.code) : undefined;
        if (code === notFound) return false;
        if (code === undefined || !passing.includes(code)) throw error;
        await sleep(Math.min(2_000, 100 * 2 ** tries), undefined, { signal });
      }
    }
  }
}
