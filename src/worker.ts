import { DefaultLogger, Runtime, makeTelemetryFilterString, type TelemetryOptions } from '@temporalio/worker';
import { createMfaClient } from './auth0/mfa-client';
import { loadConfig, type WorkerServerConfig } from './config';
import { Client } from '@temporalio/client';
import { createDataConverter } from './temporal/data-converter';
import { identity } from './temporal/connection';
import { connectWorker } from './temporal/worker-connection';
import { createWorker } from './worker/create';
import { createHealthServer } from './worker/health';

/** The worker's process: configuration, connection, worker; on SIGTERM what is under way ends, then everything closes. */
async function main(): Promise<void> {
  const config = loadConfig(process.env, 'worker');
  const logger = new DefaultLogger(temporalLevel(config.logLevel));
  Runtime.install({
    logger,
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
      ...metrics(config.worker),
    },
  });
  for (const warning of config.warnings) logger.warn(warning);

  const connection = await connectWorker(config);
  const { clientSecret, ...auth0 } = config.auth0;
  const mfa = createMfaClient({
    ...auth0,
    ...(clientSecret === undefined ? {} : { clientSecret: clientSecret.reveal() }),
  });
  const { namespace, taskQueue } = config.temporal;
  const client = new Client({
    connection,
    namespace,
    identity: identity('mfa-worker'),
    dataConverter: createDataConverter(config.payload),
  });
  const worker = await createWorker({ connection, client, mfa, namespace, taskQueue, payload: config.payload });
  const health = createHealthServer(worker);
  try {
    const running = worker.run(); // ends on SIGTERM and SIGINT, which the Temporal runtime hears
    if (config.worker.healthPort !== undefined) {
      await health.listen({ host: config.worker.healthHost, port: config.worker.healthPort });
    }
    logger.info('worker runs', { namespace, taskQueue, auth0: auth0.domain });
    await running;
  } finally {
    await health.close();
    await mfa.close();
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

type TemporalLevel = ConstructorParameters<typeof DefaultLogger>[0];

function temporalLevel(level: string): TemporalLevel {
  switch (level) {
    case 'trace':
      return 'TRACE';
    case 'debug':
      return 'DEBUG';
    case 'warn':
      return 'WARN';
    case 'error':
    case 'fatal':
    case 'silent':
      return 'ERROR';
    default:
      return 'INFO';
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
