import { z } from 'zod';
import { defined } from '../enrollment/defined';
import type { ReceiverRules } from '../webhooks/addresses';
import type { ConfigReader } from './reader';
import { flag } from './variables';

const expectedHosts =
  'host names such as hooks.example.com or *.example.com, separated by commas, without scheme, port or path';
const hosts = z
  .string()
  .transform((list): readonly string[] => list.split(',').map((host) => host.trim().toLowerCase()))
  .refine(
    (list) =>
      list.every((host) =>
        /^(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(host),
      ),
    expectedHosts,
  );

/** `WEBHOOK_ALLOWED_HOSTS` and `WEBHOOK_ALLOW_PRIVATE`; http only in development. */
export function readReceiverRules(reader: ConfigReader): ReceiverRules {
  const allowedHosts = reader.optional('WEBHOOK_ALLOWED_HOSTS', hosts);
  return Object.freeze({
    allowPrivate: reader.withDefault('WEBHOOK_ALLOW_PRIVATE', flag, false),
    allowHttp: !reader.production,
    ...defined({ allowedHosts }),
  });
}
