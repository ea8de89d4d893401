import { Client } from '@temporalio/client';
import { Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import { bothOf, measured, measuredPace } from './auth0/measured';
import { createMfaClient } from './auth0/mfa-client';
import { paced } from './auth0/paced';
import { loadConfig } from './config';
import { capsOf } from './enrollment/campaign';
import { defined } from './enrollment/defined';
import { wantsChanges } from './enrollment/webhook-endpoints';
import { createLinks } from './links';
import { createLogger } from './logger';
import { runMain } from './run-main';
import { createLinkDelivery } from './temporal/campaigns';
import { identity } from './temporal/connection';
import { sealedClientOptions } from './temporal/data-converter';
import { createEnrollments } from './temporal/enrollments';
import { enrollmentIds } from './temporal/ids';
import { createReadiness } from './temporal/readiness';
import { createSendingLimits } from './temporal/sending-limits';
import { createTenantBudget } from './temporal/tenant-budget';
import { createWebhooks, rememberedEndpoints } from './temporal/webhook-endpoints';
import { connectWorker } from './temporal/worker-connection';
import { createWebhookSender } from './webhooks/send';
import { campaignStarts } from './worker/campaigns';
import { createWorker } from './worker/create';
import { warnWithoutCurrentVersion } from './worker/current-version';
import { createHealthServer } from './worker/health';
import { createWorkerMetrics, metricsOptions } from './worker/metrics';
import { temporalLogger } from './worker/temporal-logger';

/** The worker's process: configuration, connection, worker; on SIGTERM what is under way ends, then everything closes. */
async function main(): Promise<void> {
  const config = loadConfig(process.env, 'worker');
  const telemetry = config.tracing ? await import('./telemetry/tracing.js') : undefined; // it costs a start something
  const tracing = telemetry?.startTracing('mfa-worker', config.auth0.domain);
  const logger = createLogger('mfa-worker', config.logLevel, undefined, telemetry?.traceIds);
  Runtime.install({
    logger: temporalLogger(logger),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
      ...metricsOptions(config.worker),
    },
  });
  for (const warning of config.warnings) logger.warn(warning);

  const connection = await connectWorker(config);
  const { clientSecret, opaqueTokens, ...auth0 } = config.auth0;
  const mfa = createMfaClient({ ...auth0, ...defined({ clientSecret: clientSecret?.reveal() }) });
  const { namespace, taskQueue } = config.temporal;
  const metrics = createWorkerMetrics(Runtime.instance().metricMeter, { namespace, taskQueue });
  const client = new Client({
    connection,
    identity: identity('mfa-worker'),
    ...sealedClientOptions(config.payload, namespace, metrics.unreadable, tracing && [tracing.client]),
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
    ...{
      connection,
      client,
      mfa: paced(measured(mfa, bothOf(metrics.call, tracing?.call)), measuredPace(pace, metrics.turn)),
      namespace,
      taskQueue,
      opaqueTokens,
    },
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
    observer: metrics.activities,
    observeUnreadable: metrics.unreadable,
    ...(tracing && { activityInterceptors: [tracing.activity] }),
    ...defined({ version: config.version }),
  });
  const health = createHealthServer({ worker, ready: createReadiness(connection, namespace), logger });
  try {
    const running = worker.run(); // ends on SIGTERM and SIGINT, which the Temporal runtime hears
    if (config.worker.healthPort !== undefined) {
      await health.listen({ host: config.worker.healthHost, port: config.worker.healthPort });
    }
    logger.info({ namespace, taskQueue, auth0: auth0.domain, ...config.version }, 'worker runs');
    if (config.version !== undefined) {
      const parts = { connection, namespace, taskQueue, identity: identity('mfa-worker') };
      await warnWithoutCurrentVersion(config.version, parts, logger);
    }
    await running;
  } finally {
    await health.close();
    await mfa.close();
    await sender.close();
    await connection.close();
    await tracing?.close();
  }
}

void runMain(main);
