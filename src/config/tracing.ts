import { z } from 'zod';
import type { ConfigReader } from './reader';

const collector = z
  .string()
  .refine(
    (address) => /^https?:$/.test(URL.parse(address)?.protocol ?? ''),
    'the http or https address of an OpenTelemetry collector, such as http://127.0.0.1:4318',
  );
const disabled = z.enum(['true', 'false'], { error: 'true or false' });

/**
 * Are traces sent? Only where OpenTelemetry's own variable names a collector. The exporter reads that and the other `OTEL_*` variables
 * itself, headers with a key among them.
 */
export function readTracing(reader: ConfigReader): boolean {
  const endpoint = reader.optional('OTEL_EXPORTER_OTLP_ENDPOINT', collector);
  return reader.withDefault('OTEL_SDK_DISABLED', disabled, 'false') === 'false' && endpoint !== undefined;
}
