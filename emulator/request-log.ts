import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isoTime } from './clock';
import { userOfRequest } from './request-user';
import { type RequestRecord, requestLimit } from './requests';
import type { Tenant } from './tenant';

const records = new WeakMap<FastifyRequest, RequestRecord>();

/** Keeps what arrives, in the order it arrives. */
export function addRequestLog(app: FastifyInstance, tenant: Tenant): void {
  app.addHook('onRequest', async (request) => {
    const record: RequestRecord = {
      method: request.method,
      path: request.url,
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      at: isoTime(tenant.clock.now()),
    };
    records.set(request, record);
    const { requests } = tenant.state;
    requests.push(record);
    if (requests.length > requestLimit) requests.shift();
  });

  // Before the fault hooks look at the request: one that they cut off was received all the same.
  app.addHook('preHandler', async (request) => {
    const record = records.get(request);
    if (record === undefined) return;
    if (request.body !== undefined) record.body = request.body;
    const userId = await userOfRequest(tenant, request);
    if (userId !== undefined) record.userId = userId;
  });

  app.addHook('onSend', async (request, reply) => note(request, reply.statusCode));
  app.addHook('onResponse', async (request, reply) => note(request, reply.statusCode));
}

/** The user whose token a request carries, once the request was logged. */
export const loggedUser = (request: FastifyRequest): string | undefined => records.get(request)?.userId;

function note(request: FastifyRequest, status: number): void {
  const record = records.get(request);
  if (record !== undefined) record.status = status;
}

export function noteFaults(request: FastifyRequest, types: string[]): void {
  const record = records.get(request);
  if (record !== undefined && types.length > 0) record.faults = types;
}
