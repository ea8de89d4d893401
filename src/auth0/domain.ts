/**
 * The host of an Auth0 domain as configured, for example `tenant.eu.auth0.com` or, in development, `localhost:8443`.
 * One trailing slash is forgiven. Throws a TypeError on anything else, a scheme or a path above all.
 */
export function domainHost(domain: string): string {
  const host = domain.trim().replace(/\/$/, '').toLowerCase();
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/.test(host)) {
    throw new TypeError(
      `Auth0 domain "${domain}": expected a host alone, such as "tenant.eu.auth0.com", without scheme or path`,
    );
  }
  return host;
}

/**
 * The origin that calls go to: `https://<domain>`, or `baseUrl` (development and tests) when given.
 * Throws a TypeError when `baseUrl` is not an http(s) origin.
 */
export function auth0Origin({ domain, baseUrl }: { domain: string; baseUrl?: string | undefined }): string {
  if (baseUrl === undefined) return `https://${domainHost(domain)}`;
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    throw new TypeError('Auth0 base URL: expected an http or https origin alone, such as "http://127.0.0.1:3001"');
  }
  return url.origin;
}
