// As Temporal's samples are written: activities that call, a workflow that waits, updates from outside. Worker and HTTP in one process.
import { fileURLToPath } from 'node:url';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { createAuth0 } from '../shared/auth0.mjs';
import { listen } from '../shared/http.mjs';
import { activitiesOf, runWorker } from '../shared/temporal-worker.mjs';

const { env } = process;
await runWorker({
  workflowsPath: fileURLToPath(new URL('./workflow.mjs', import.meta.url)),
  activities: activitiesOf(createAuth0(env)),
  env,
});
const { workflow } = new Client({ connection: await Connection.connect({ address: env.TEMPORAL_ADDRESS }) });

listen(env.PORT, {
  async '/start'({ userId, ...person }) {
    const workflowId = `${env.TASK_QUEUE}:${userId}`;
    const startWorkflowOperation = new WithStartWorkflowOperation('enrollment', {
      workflowId,
      taskQueue: env.TASK_QUEUE,
      args: [person],
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
    await workflow.executeUpdateWithStart('started', { startWorkflowOperation });
    return { id: workflowId };
  },
  '/code': ({ id, ...code }) => workflow.getHandle(id).executeUpdate('code', { args: [code] }),
});
