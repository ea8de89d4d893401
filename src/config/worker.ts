import { defined } from '../enrollment/defined';
import type { ConfigReader } from './reader';
import { host, port } from './variables';

export interface WorkerServerConfig {
  /** Where health and metrics answer, each on its port; nowhere when none is set. */
  readonly healthHost: string;
  readonly healthPort?: number;
  readonly metricsPort?: number;
}

export function readWorker(reader: ConfigReader): WorkerServerConfig {
  const healthPort = reader.optional('WORKER_HEALTH_PORT', port);
  const metricsPort = reader.optional('WORKER_METRICS_PORT', port);
  return Object.freeze({
    healthHost: reader.withDefault('WORKER_HEALTH_HOST', host, '127.0.0.1'),
    ...defined({ healthPort, metricsPort }),
  });
}
