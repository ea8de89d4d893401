import { Registry, collectDefaultMetrics } from 'prom-client';
import { createIdTokenCheck } from '../auth0/id-token';
import { bothOf, measured } from '../auth0/measured';
import { createMfaClient } from '../auth0/mfa-client';
import { loadConfig } from '../config';
import { defined } from '../enrollment/defined';
import { wantsChanges } from '../enrollment/webhook-endpoints';
import { createLinks } from '../links';
import { createLogger } from '../logger';
import { runMain } from '../run-main';
import { createCampaigns } from '../temporal/campaigns';
import { connectClient } from '../temporal/connection';
import { createEnrollments } from '../temporal/enrollments';
import { enrollmentIds } from '../temporal/ids';
import { createOpenCounts } from '../temporal/open-counts';
import { createReadiness } from '../temporal/readiness';
import { createStoppedPrefixes } from '../temporal/stopped-prefixes';
import { createWebhooks, rememberedEndpoints } from '../temporal/webhook-endpoints';
import { createAuthenticate } from './access';
import { createApp } from './app';
import { createStaffSignIn } from './desk/staff-sign-in';
import { createHealthApp } from './health';
import { callMetrics, openMetrics, unreadableMetrics, updateMetrics } from './metrics';
import { createTemporalUrls } from './temporal-urls';

/** The API process: configuration, connections, app; and all of it closed again, in order, on SIGTERM or SIGINT. */
async function main(): Promise<void> {
  const config = loadConfig(process.env, 'api');
  const telemetry = config.tracing ? await import('../telemetry/tracing.js') : undefined; // it costs a start something
  const tracing = telemetry?.startTracing('mfa-api', config.auth0.domain);
  const logger = createLogger('mfa-api', config.logLevel, undefined, telemetry?.traceIds);
  for (const warning of config.warnings) logger.warn(warning);

  const registry = new Registry();
  const connected = await connectClient(config, 'mfa-api', unreadableMetrics(registry), tracing && [tracing.client]);
  const { client, connection } = connected;
  collectDefaultMetrics({ register: registry });
  openMetrics(registry, createOpenCounts(client), (error) => logger.warn({ err: error }, 'open runs were not counted'));
  const { auth0, temporal, api, idKey, previousIdKeys } = config;
  const ids = enrollmentIds(idKey, previousIdKeys);

  const { clientSecret, opaqueTokens, ...application } = auth0;
  const mfa = createMfaClient({ ...application, ...defined({ clientSecret: clientSecret?.reveal() }) });
  const signIns = measured(mfa, bothOf(callMetrics(registry), tracing?.call));
  const webhooks = createWebhooks({ client, taskQueue: temporal.taskQueue });
  const endpoints = rememberedEndpoints(webhooks);
  let addedAt: number | undefined; // an enrollment that starts after that is told of
  const app = await createApp({
    enrollments: createEnrollments({
      client,
      ids,
      domain: auth0.domain,
      taskQueue: temporal.taskQueue,
      partialPolicy: api.partialPolicy,
      opaqueTokens,
      hasWebhooks: async () => (await endpoints(addedAt)).some(wantsChanges),
      observeUpdate: updateMetrics(registry),
    }),
    links: createLinks({ idKey, previousIdKeys, publicUrl: api.publicUrl }),
    ids,
    opaqueTokens,
    stoppedPrefixes: createStoppedPrefixes({ client, taskQueue: temporal.taskQueue }),
    webhooks: {
      ...webhooks,
      add: async (...endpoint) => {
        const added = await webhooks.add(...endpoint);
        addedAt = Date.now();
        return added;
      },
    },
    campaigns: createCampaigns({
      ...{ client, ids, taskQueue: temporal.taskQueue, publicUrl: api.publicUrl, partialPolicy: api.partialPolicy },
    }),
    receivers: config.receivers,
    ...defined({ phoneCountries: api.phoneCountries }),
    authenticate: createAuthenticate(api),
    personNeeded: config.production,
    trustedProxies: api.trustedProxies,
    signIn: {
      idKey,
      previousIdKeys,
      auth0,
      exchangeCode: (request) => signIns.exchangeCode(request),
      checkIdToken: createIdTokenCheck(auth0),
    },
    registry,
    ...(tracing && { trace: tracing.requests }),
    logger,
    publicUrl: api.publicUrl,
    brand: api.brand,
    ...(api.desk === undefined
      ? {}
      : {
          desk: {
            idKey,
            previousIdKeys,
            staffSignIn: createStaffSignIn(api.desk, api.publicUrl),
            authenticate: createAuthenticate({ keys: [], jwt: api.desk }),
            temporalUrlOf: createTemporalUrls(ids, temporal.namespace, api.temporalUiUrl),
          },
        }),
    ...defined({ startLinks: api.startLinks }),
    callsPerMinute: api.callsPerMinute,
  });

  const health = createHealthApp({ ready: createReadiness(connection, temporal.namespace), registry, logger });

  const stop = (signal: NodeJS.Signals) => {
    logger.info({ signal }, 'stopping');
    app
      .close()
      .then(() => Promise.all([health.close(), connected.close(), mfa.close(), tracing?.close()]))
      .catch((error: unknown) => {
        logger.error({ err: error }, 'did not stop cleanly');
        process.exitCode = 1;
      });
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (api.healthPort !== undefined) {
    await health.listen({
      host: api.healthHost,
      port: api.healthPort,
      listenTextResolver: (address) => `Health and metrics at ${address}`,
    });
  }
  await app.listen({ host: api.host, port: api.port, listenTextResolver: (address) => `API at ${address}` });
}

void runMain(main);
