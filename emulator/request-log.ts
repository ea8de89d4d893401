import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isoTime } from './clock';
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
    if (record !== undefined && request.body !== undefined) record.body = request.body;
  });

  app.addHook('onSend', async (request, reply) => note(request, reply.statusCode));
  app.addHook('onResponse', async (request, reply) => note(request, reply.statusCode));
}

function note(request: FastifyRequest, status: number): void {
  const record = records.get(request);
  if (record !== undefined) record.status = status;
}

export function noteFaults(request: FastifyRequest, types: string[]): void {
  const record = records.get(request);
  if (record !== undefined && types.length > 0) record.faults = types;
}
