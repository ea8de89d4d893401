import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import { z } from 'zod';
import type { Engine } from '../engine';

const codeResult = z.object({ setupKey: z.string().optional() });

/** The floor's workflow, driven with Temporal's client and nothing between. */
export function floor({ workflow }: Client, taskQueue: string): Pick<Engine, 'start' | 'code' | 'next'> {
  const setupKeys = new Map<string, string>();
  return {
    async start({ userId, accessToken, phoneNumber }) {
      const workflowId = `${taskQueue}:${userId}`;
      const startWorkflowOperation = new WithStartWorkflowOperation('enrollment', {
        workflowId,
        taskQueue,
        args: [{ accessToken, phoneNumber }],
        workflowIdConflictPolicy: 'USE_EXISTING',
      });
      await workflow.executeUpdateWithStart('started', { startWorkflowOperation });
      return workflowId;
    },
    async code(id, factor, code) {
      const result = codeResult.parse(await workflow.getHandle(id).executeUpdate('code', { args: [{ factor, code }] }));
      setupKeys.set(id, result.setupKey ?? '');
    },
    async next(id) {
      const setupKey = setupKeys.get(id) ?? '';
      setupKeys.delete(id);
      return setupKey;
    },
  };
}
