/** Where the tenant lives: what issuer and audiences are derived from. */
export interface Place {
  /** `scheme://host[:port]` that clients are given. */
  readonly origin: string;
  /** Canonical tenant domain, `host[:port]`: audiences keep to it. */
  readonly domain: string;
  /** A second host name on which the same tenant answers; tokens asked for there carry it as issuer. */
  readonly customDomain?: string;
}

/** Issuer of tokens asked for under this Host header; ends in a slash. */
export function issuerFor(place: Place, host: string | undefined): string {
  const scheme = place.origin.slice(0, place.origin.indexOf('://'));
  return place.customDomain !== undefined && host === place.customDomain
    ? `${scheme}://${place.customDomain}/`
    : `${place.origin}/`;
}

const inBothSpellings = (place: Place, path: string): readonly string[] => [
  ...new Set([`https://${place.domain}${path}`, `${place.origin}${path}`]),
];

/** The canonical domain is always spoken of as https; the plain origin is taken too, since the emulator may serve http. */
export const mfaAudiences = (place: Place): readonly string[] => inBothSpellings(place, '/mfa/');
export const managementAudiences = (place: Place): readonly string[] => inBothSpellings(place, '/api/v2/');
