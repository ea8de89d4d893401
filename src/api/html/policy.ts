/**
 * The Content-Security-Policy of a page: files of ours alone, nothing inline. `formTargets`: where its forms may lead besides
 * this origin; browsers hold every redirect that follows a form against it.
 */
export function pagePolicy(...formTargets: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    ["form-action 'self'", ...formTargets].join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
