import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';

const sdk = readFileSync(require.resolve('@auth0/auth0-spa-js/dist/auth0-spa-js.production.js'));

/** Serves a page that has Auth0's SDK and `start(options)`, which makes `client` and handles a callback. */
export async function startSinglePageApplication() {
  const page = `<!doctype html><html lang="en"><title>Application</title><script src="/sdk.js"></script><script>
    let client;
    async function start(options) {
      client = new auth0.Auth0Client(options);
      if (location.search.includes('state=')) await client.handleRedirectCallback();
    }
    const refusal = (attempt) => attempt.then(() => 'not refused', ({ error, error_description, mfa_token }) => ({ error, error_description, mfa_token }));
  </script><h1>Application</h1></html>`;
  const server = createServer((request, response) => {
    const isSdk = request.url === '/sdk.js';
    response.writeHead(200, { 'content-type': isSdk ? 'text/javascript' : 'text/html' }).end(isSdk ? sdk : page);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    origin: `http://127.0.0.1:${port}`,
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * The key of an https server as Chromium's `--ignore-certificate-errors-spki-list` takes it: base64 of the SHA-256 of
 * its public key. With it Chromium trusts that key alone and goes on checking all others.
 */
export async function publicKeyPin(origin: string, ca: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port), ca });
  await once(socket, 'secureConnect');
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  socket.destroy();
  if (key === undefined) throw new Error(`${origin} showed no certificate`);
  return createHash('sha256').update(key).digest('base64');
}
