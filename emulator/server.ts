import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { makeCertificate } from './certificate';
import { createControlServer } from './control-server';
import { type EmulatorOptions, emulatorOptions } from './options';
import { createPublicServer } from './public-server';
import { setUp } from './setup';
import { createTenant } from './tenant';

export interface Emulator {
  /** Origin of the tenant, without a slash at the end. */
  readonly publicUrl: string;
  readonly controlUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** With https: the authority to trust, for `NODE_EXTRA_CA_CERTS`. Gone after `close`. */
  readonly caFile?: string;
  /** Cuts every connection. */
  close(): Promise<void>;
}

/** Starts an emulated tenant in this process. @throws ZodError on bad options. */
export async function createEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const parsed = emulatorOptions.parse(options);
  const { host, port, controlPort, publicUrl, domain, customDomain, https, caFile, links, setup, ...ofTenant } = parsed;
  const tenant = await createTenant({
    ...ofTenant,
    ...(setup !== undefined && { prepare: (made) => setUp(made, setup) }),
  });
  const closing = new AbortController();
  const certificate = https ? await makeCertificate(namesOf(parsed), caFile) : undefined;
  const publicServer = await createPublicServer(tenant, closing.signal, certificate ?? null);
  const controlServer = await createControlServer(tenant, links);
  const close = async () => {
    closing.abort();
    await Promise.all([publicServer.close(), controlServer.close(), certificate?.remove()]);
    tenant.keep();
  };
  try {
    await publicServer.listen({ host, port });
    const origin = publicUrl ?? `${https ? 'https' : 'http'}://${addressOf(publicServer, host)}`;
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
    ...(certificate && { caFile: certificate.caFile }),
    close,
  };
}

/** Every name and address that the tenant may be called by; ports are no part of a certificate. */
function namesOf({ host, publicUrl, domain, customDomain }: EmulatorOptions): readonly string[] {
  const withPort = [publicUrl, domain && `https://${domain}`, customDomain && `https://${customDomain}`];
  const names = withPort.flatMap((url) => (url ? [new URL(url).hostname.replace(/^\[|\]$/g, '')] : []));
  return ['localhost', '127.0.0.1', '::1', ...(host ? [host] : []), ...names];
}

/** An any-address is for listening; callers need one that they can reach. */
function addressOf(server: FastifyInstance, host: string): string {
  const address: AddressInfo | string | null = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a port');
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `${reachable.includes(':') ? `[${reachable}]` : reachable}:${address.port}`;
}
