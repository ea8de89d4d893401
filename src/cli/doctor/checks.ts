import type { Reading } from '../../auth0/management/reading';
import type { TenantFacts } from '../../auth0/management/tenant';
import type { Where } from './where';

/** What the tenant is checked against. */
export interface Expected {
  /** `<baseUrl>/`. */
  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  readonly withSecret: boolean;
  /** Undefined when `PUBLIC_URL` was not given. */
  readonly callback: string | undefined;
  /** The tenant of a local stack, which takes every callback as long as none is listed. */
  readonly emulated: boolean;
}

export type Verdict =
  | { readonly status: 'ok'; readonly found: string }
  | { readonly status: 'change'; readonly found: string }
  | { readonly status: 'unknown'; readonly found: string };

export interface Check {
  readonly id: string;
  readonly title: string;
  readonly where: Where;
  readonly judge: (facts: TenantFacts, expected: Expected) => Verdict;
}

export const ok = (found: string): Verdict => ({ status: 'ok', found });
export const change = (found: string): Verdict => ({ status: 'change', found });
export const unknown = (found: string): Verdict => ({ status: 'unknown', found });

/** A verdict on what was read; everything else could not be checked, and says why. `scope`: what reading it takes. */
export function judged<Value>(
  reading: Reading<Value> | undefined,
  scope: string,
  judge: (value: Value) => Verdict,
): Verdict {
  switch (reading?.type) {
    case undefined:
      return unknown('Not asked: set AUTH0_MANAGEMENT_TOKEN, or AUTH0_MANAGEMENT_CLIENT_ID and its secret.');
    case 'read':
      return judge(reading.value);
    case 'missing':
      return unknown('Auth0 knows no such setting (404).');
    case 'denied':
      return unknown(
        reading.status === 401
          ? 'Auth0 does not take the Management credentials.'
          : `The Management credentials lack the scope ${scope}.`,
      );
    case 'closed':
      return unknown('Auth0 does not open this setting on this kind of tenant.');
    case 'unreadable':
      return unknown(reading.why);
  }
}
