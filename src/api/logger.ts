import type { FastifyRequest } from 'fastify';
import { pino, type DestinationStream, type Logger } from 'pino';

const secretNames = [
  'authorization',
  'cookie',
  'accessToken',
  'refreshToken',
  'code',
  'phoneNumber',
  'setupKey',
  'barcodeUri',
];

/**
 * The log of the API. A request is its method and the pattern of its route: the address itself may hold a link or a code.
 * Bodies are not logged; should one be some day, its secrets are censored by name.
 */
export const createLogger = (level: string, destination?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: { service: 'mfa-enrollment-api' },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
      serializers: { req: requestLine },
    },
    destination,
  );

const requestLine = ({ method, routeOptions, ip }: FastifyRequest) => ({ method, route: routeOptions.url ?? null, ip });
