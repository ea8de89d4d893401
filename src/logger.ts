import type { FastifyReply, FastifyRequest } from 'fastify';
import { pino, type DestinationStream, type Logger } from 'pino';
import { errorCode, errorText, isError } from './error-text';
import { shownInLogs, shownMembers, shownText } from './shown-members';

/** The process that a line is of. */
export type Service = 'mfa-worker' | 'mfa-api' | 'mfa-codec-server';

/**
 * The log of a process: a JSON object a line, with `service`. It shows the members that src/shown-members.ts allows. A request
 * is its method and the pattern of its route, for the address itself may hold a link or a code; bodies are not logged.
 */
export const createLogger = (
  service: Service,
  level: string,
  destination?: DestinationStream,
  more: () => Readonly<Record<string, string>> = () => ({}),
): Logger =>
  pino(
    {
      level,
      base: { service, pid: process.pid },
      mixin: () => ({ ...more() }),
      formatters: { log: shownLine },
      serializers,
    },
    destination,
  );

const serializers = {
  req: ({ method, routeOptions, ip }: FastifyRequest) => ({ method, route: routeOptions.url ?? null, ip }),
  res: ({ statusCode }: FastifyReply) => ({ statusCode }),
  err: (error: unknown) =>
    isError(error)
      ? { type: error.name, message: shownText(error.message), code: errorCode(error), stack: errorText(error) }
      : { type: typeof error, stack: errorText(error) },
};

/** What has a serializer is shown by that; everything else by the list. */
function shownLine(line: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(line);
  const isSerialized = ([name]: readonly [string, unknown]) => Object.hasOwn(serializers, name);
  return {
    ...Object.fromEntries(entries.filter(isSerialized)),
    ...shownMembers(Object.fromEntries(entries.filter((entry) => !isSerialized(entry))), shownInLogs),
  };
}
