import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { expectBoth, Refusal } from './auth0.mjs';

/** Runs until the process ends. */
export async function runWorker({ workflowsPath, activities, env }) {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address: env.TEMPORAL_ADDRESS }),
    taskQueue: env.TASK_QUEUE,
    workflowsPath,
    activities,
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 5 },
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 5 },
  });
  worker.run().catch((error) => {
    console.error(error);
    process.exit(1);
  });
}

/** The calls as activities: what the tenant has turned down is not tried again. */
export function activitiesOf(auth0) {
  const readBack = async (token) => expectBoth(await auth0.listActive(token));
  return Object.fromEntries(
    Object.entries({ ...auth0, readBack }).map(([name, call]) => [
      name,
      async (...args) => {
        try {
          return await call(...args);
        } catch (error) {
          throw error instanceof Refusal ? ApplicationFailure.nonRetryable(error.message, error.name) : error;
        }
      },
    ]),
  );
}
