import { NativeConnection } from '@temporalio/worker';
import type { TemporalConfig } from '../config';
import { reach } from './connection';

/**
 * The connection of a worker: Rust's, one per process. In a file of its own because loading @temporalio/worker costs more than a
 * second and 90 MB, which a process that is only a client need not pay. Throws as `connectClient` does.
 */
export const connectWorker = (config: { readonly temporal: TemporalConfig }): Promise<NativeConnection> =>
  reach(config.temporal.address, () =>
    NativeConnection.connect({
      ...config.temporal.connectionOptions.reveal(),
      grpcCompression: { codec: 'none' }, // what is encrypted does not compress
    }),
  );
