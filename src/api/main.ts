import { Registry, collectDefaultMetrics } from 'prom-client';
import { createMfaClient } from '../auth0/mfa-client';
import { loadConfig } from '../config';
import { defined } from '../enrollment/defined';
import { createLogger } from '../logger';
import { runMain } from '../run-main';
import { connectClient } from '../temporal/connection';
import { enrollmentIds } from '../temporal/ids';
import { createAuthenticate } from './access';
import { createApp } from './app';
import { createEnrollments } from './enrollments';
import { createLinks } from './links';
import { updateMetrics } from './metrics';

/** The API process: configuration, connections, app; and all of it closed again, in order, on SIGTERM or SIGINT. */
async function main(): Promise<void> {
  const config = loadConfig(process.env, 'api');
  const logger = createLogger('mfa-api', config.logLevel);
  for (const warning of config.warnings) logger.warn(warning);

  const connected = await connectClient(config);
  const { client, connection } = connected;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const ids = enrollmentIds(config.idKey);
  const { auth0, temporal, api } = config;

  const { clientSecret, opaqueTokens, ...application } = auth0;
  const mfa = createMfaClient({ ...application, ...defined({ clientSecret: clientSecret?.reveal() }) });
  const app = await createApp({
    enrollments: createEnrollments({
      client,
      ids,
      domain: auth0.domain,
      taskQueue: temporal.taskQueue,
      partialPolicy: api.partialPolicy,
      opaqueTokens,
      observeUpdate: updateMetrics(registry),
    }),
    links: createLinks({ idKey: config.idKey, publicUrl: api.publicUrl }),
    ids,
    opaqueTokens,
    authenticate: createAuthenticate(api),
    ready: async () => {
      await connection.withDeadline(Date.now() + 2_000, () => connection.workflowService.getSystemInfo({}));
    },
    signIn: { idKey: config.idKey, auth0, exchangeCode: (request) => mfa.exchangeCode(request) },
    registry,
    logger,
    publicUrl: api.publicUrl,
    callsPerMinute: api.callsPerMinute,
  });

  const stop = (signal: NodeJS.Signals) => {
    logger.info({ signal }, 'stopping');
    app
      .close()
      .then(() => Promise.all([connected.close(), mfa.close()]))
      .catch((error: unknown) => {
        logger.error({ err: error }, 'did not stop cleanly');
        process.exitCode = 1;
      });
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await app.listen({ host: api.host, port: api.port, listenTextResolver: (address) => `API at ${address}` });
}

void runMain(main);
