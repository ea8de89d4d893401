import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { createControlServer } from './control-server';
import { type EmulatorOptions, emulatorOptions } from './options';
import { createPublicServer } from './public-server';
import { createTenant } from './tenant';

export interface Emulator {
  /** Origin of the tenant, without a slash at the end. */
  readonly publicUrl: string;
  readonly controlUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Cuts every connection. */
  close(): Promise<void>;
}

/** Starts an emulated tenant in this process. @throws ZodError on bad options. */
export async function createEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host, port, controlPort, publicUrl, domain, customDomain, ...ofTenant } = emulatorOptions.parse(options);
  const tenant = await createTenant(ofTenant);
  const closing = new AbortController();
  const publicServer = await createPublicServer(tenant, closing.signal, { https: null, forceCloseConnections: true });
  const controlServer = await createControlServer(tenant);
  const close = async () => {
    closing.abort();
    await Promise.all([publicServer.close(), controlServer.close()]);
  };
  try {
    await publicServer.listen({ host, port });
    const origin = publicUrl ?? `http://${addressOf(publicServer, host)}`;
    tenant.place = {
      origin,
      domain: domain ?? new URL(origin).host,
      ...(customDomain !== undefined && { customDomain }),
    };
    await controlServer.listen({ host, port: controlPort });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    publicUrl: tenant.place.origin,
    controlUrl: `http://${addressOf(controlServer, host)}`,
    clientId: tenant.client.id,
    clientSecret: tenant.client.secret,
    close,
  };
}

/** An any-address is for listening; callers need one that they can reach. */
function addressOf(server: FastifyInstance, host: string): string {
  const address: AddressInfo | string | null = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a port');
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `${reachable.includes(':') ? `[${reachable}]` : reachable}:${address.port}`;
}
