import type { ConfigReader } from './reader';
import { host, port } from './variables';

export interface WorkerServerConfig {
  /** Where health and metrics answer; nowhere when no port is set. */
  readonly healthHost: string;
  readonly healthPort?: number;
}

export function readWorker(reader: ConfigReader): WorkerServerConfig {
  const healthPort = reader.optional('WORKER_HEALTH_PORT', port);
  return Object.freeze({
    healthHost: reader.withDefault('WORKER_HEALTH_HOST', host, '127.0.0.1'),
    ...(healthPort === undefined ? {} : { healthPort }),
  });
}
