import { Client } from '@temporalio/client';
import { Runtime, makeTelemetryFilterString, type TelemetryOptions } from '@temporalio/worker';
import { createEnrollments } from './api/enrollments';
import { createLinks } from './api/links';
import { createMfaClient } from './auth0/mfa-client';
import { paced } from './auth0/paced';
import { loadConfig, type WorkerServerConfig } from './config';
import { capsOf } from './enrollment/campaign';
import { defined } from './enrollment/defined';
import { wantsChanges } from './enrollment/webhook-endpoints';
import { createLogger } from './logger';
import { runMain } from './run-main';
import { createLinkDelivery } from './temporal/campaigns';
import { identity } from './temporal/connection';
import { sealedClientOptions } from './temporal/data-converter';
import { enrollmentIds } from './temporal/ids';
import { createReadiness } from './temporal/readiness';
import { createSendingLimits } from './temporal/sending-limits';
import { createTenantBudget } from './temporal/tenant-budget';
import { createWebhooks, rememberedEndpoints } from './temporal/webhook-endpoints';
import { connectWorker } from './temporal/worker-connection';
import { createWebhookSender } from './webhooks/send';
import { campaignStarts } from './worker/campaigns';
import { createWorker } from './worker/create';
import { createHealthServer } from './worker/health';
import { temporalLogger } from './worker/temporal-logger';

/** The worker's process: configuration, connection, worker; on SIGTERM what is under way ends, then everything closes. */
async function main(): Promise<void> {
  const config = loadConfig(process.env, 'worker');
  const logger = createLogger('mfa-worker', config.logLevel);
  Runtime.install({
    logger: temporalLogger(logger),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
      ...metrics(config.worker),
    },
  });
  for (const warning of config.warnings) logger.warn(warning);

  const connection = await connectWorker(config);
  const { clientSecret, opaqueTokens, ...auth0 } = config.auth0;
  const mfa = createMfaClient({ ...auth0, ...defined({ clientSecret: clientSecret?.reveal() }) });
  const { namespace, taskQueue } = config.temporal;
  const client = new Client({
    connection,
    identity: identity('mfa-worker'),
    ...sealedClientOptions(config.payload, namespace),
  });
  const pace = createTenantBudget({
    ...{ client, taskQueue, idKey: config.idKey, tenant: auth0.domain, ...config.auth0Calls },
    warn: (facts, sentence) => logger.warn(facts, sentence),
  });
  const ids = enrollmentIds(config.idKey, config.previousIdKeys);
  const sender = createWebhookSender(config.receivers);
  const endpoints = rememberedEndpoints(createWebhooks({ client, taskQueue }));
  const hasWebhooks = async () => (await endpoints()).some(wantsChanges);
  const { domain } = auth0;
  const worker = await createWorker({
    ...{ connection, client, mfa: paced(mfa, pace), namespace, taskQueue, opaqueTokens },
    sendingLimits: createSendingLimits({ client, taskQueue, idKey: config.idKey, ...config.sendingLimits }),
    webhooks: {
      endpoints,
      send: (request, signal) => sender.send(request, signal),
      enrollmentId: ({ workflowId, firstRunId, keyId }) => ids.enrollmentId(workflowId, firstRunId, keyId),
      linkTo: (id, { linkId, linkSeconds, publicUrl }) =>
        createLinks({ ...config, publicUrl }).create(id, linkId, linkSeconds),
    },
    campaigns: {
      ...campaignStarts(createEnrollments({ client, ids, domain, taskQueue, opaqueTokens, hasWebhooks })),
      handOver: createLinkDelivery({ client, taskQueue, ids }),
      caps: capsOf({ ...config.auth0Calls, ...config.sendingLimits }),
    },
    payload: config.payload,
  });
  const health = createHealthServer({ worker, ready: createReadiness(connection, namespace), logger });
  try {
    const running = worker.run(); // ends on SIGTERM and SIGINT, which the Temporal runtime hears
    if (config.worker.healthPort !== undefined) {
      await health.listen({ host: config.worker.healthHost, port: config.worker.healthPort });
    }
    logger.info({ namespace, taskQueue, auth0: auth0.domain }, 'worker runs');
    await running;
  } finally {
    await health.close();
    await mfa.close();
    await sender.close();
    await connection.close();
  }
}

/** Temporal's own metrics of a worker and our count of outcomes, as Prometheus text at `/metrics`. */
const metrics = ({ healthHost, metricsPort }: WorkerServerConfig): Pick<TelemetryOptions, 'metrics'> =>
  metricsPort === undefined
    ? {}
    : {
        metrics: {
          prometheus: {
            bindAddress: `${healthHost.includes(':') ? `[${healthHost}]` : healthHost}:${metricsPort}`,
            unitSuffix: true,
            countersTotalSuffix: true,
            useSecondsForDurations: true,
          },
        },
      };

void runMain(main);
