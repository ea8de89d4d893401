import type { Logger, LogLevel, LogMetadata } from '@temporalio/worker';
import type { Logger as Log } from 'pino';
import { isError } from '../error-text';

/** Temporal's SDK, its Rust core included, logs by this into the log of our process. */
export function temporalLogger(logger: Log): Logger {
  const log = (level: LogLevel, message: string, meta: LogMetadata = {}): void => {
    const { error, ...rest } = meta as Record<string, unknown>; // typed any; keys that are symbols are not logged
    logger[levels[level]](isError(error) ? { ...rest, err: error } : meta, message);
  };
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
}

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
