import type { FastifyRequest } from 'fastify';
import type { Application } from '../application';
import { textField } from '../fields';
import { refusals } from '../refusals';
import type { Tenant } from '../tenant';

/** One way to get tokens: the client is known and may use it; answers the 200 body or throws OAuthError. */
export type GrantHandler = (context: {
  readonly tenant: Tenant;
  readonly request: FastifyRequest;
  readonly application: Application;
}) => Promise<Record<string, unknown>>;

/** @throws OAuthError "Missing required parameter: …" */
export function requireField(tenant: Tenant, request: FastifyRequest, name: string): string {
  const value = textField(request.body, name);
  if (value === undefined) throw refusals.missingParameter(name, tenant.state.switches.statusMissingParameter);
  return value;
}
