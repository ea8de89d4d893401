import type { FastifyRequest } from 'fastify';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import type { Application, TokenEndpointAuthMethod } from './application';
import { textField } from './fields';
import { issuerFor } from './place';
import { refusals } from './refusals';
import type { Tenant } from './tenant';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * The application that a request to the token endpoint comes from. An application has one method at a time; another
 * one is refused, as is a secret from an application that has none.
 * @throws OAuthError 401
 */
export async function authenticateClient(tenant: Tenant, request: FastifyRequest): Promise<Application> {
  const presented = presentedBy(request);
  const application = tenant.state.applications.get(presented.clientId ?? '');
  const refused = refusals.clientUnauthorized(tenant.state.switches);
  if (application === undefined || application.tokenEndpointAuthMethod !== presented.method) throw refused;
  switch (presented.method) {
    case 'none':
      return application;
    case 'client_secret_post':
    case 'client_secret_basic':
      if (presented.secret !== application.clientSecret) throw refused;
      return application;
    case 'private_key_jwt':
      if (!(await provesKey(tenant, request, application, presented.assertion))) throw refused;
      return application;
  }
}

type Presented = { readonly clientId: string | undefined } & (
  | { readonly method: 'none' }
  | { readonly method: 'client_secret_post' | 'client_secret_basic'; readonly secret: string }
  | { readonly method: 'private_key_jwt'; readonly assertion: string }
);

function presentedBy(request: FastifyRequest): Presented {
  const { body, headers } = request;
  const clientId = textField(body, 'client_id');
  const basic = /^basic (.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (basic !== undefined) {
    // RFC 6749 2.3.1: both halves are form-encoded before they are joined.
    const pair = Buffer.from(basic, 'base64').toString();
    const colon = pair.indexOf(':');
    return {
      method: 'client_secret_basic',
      clientId: decoded(pair.slice(0, colon)),
      secret: decoded(pair.slice(colon + 1)),
    };
  }
  const assertion = textField(body, 'client_assertion');
  if (assertion !== undefined && textField(body, 'client_assertion_type') === assertionType) {
    return { method: 'private_key_jwt', clientId: clientId ?? subjectOf(assertion), assertion };
  }
  const secret = textField(body, 'client_secret');
  return secret === undefined ? { method: 'none', clientId } : { method: 'client_secret_post', clientId, secret };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function subjectOf(assertion: string): string | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString());
    return textField(payload, 'sub');
  } catch {
    return undefined;
  }
}

/** Auth0's bounds: RS256, RS384 or PS256; `iss` and `sub` the client; a new `jti` of at most 64 characters; 2048 bytes. */
async function provesKey(
  tenant: Tenant,
  request: FastifyRequest,
  application: Application,
  assertion: string,
): Promise<boolean> {
  if (Buffer.byteLength(assertion) > 2048) return false;
  try {
    // A key without `kid` fits any header, so the header's own is not asked for.
    const keys = createLocalJWKSet({ keys: [...application.publicKeys] });
    const header = decodeProtectedHeader(assertion);
    const { payload } = await jwtVerify(assertion, () => keys({ ...header, alg: header.alg ?? 'none' }), {
      algorithms: ['RS256', 'RS384', 'PS256'],
      issuer: application.clientId,
      subject: application.clientId,
      audience: [
        ...new Set([
          `${tenant.place.origin}/`,
          issuerFor(tenant.place, request.host),
          `https://${tenant.place.domain}/`,
        ]),
      ],
      currentDate: new Date(tenant.clock.now()),
      requiredClaims: ['exp', 'jti'],
    });
    const jti = payload.jti ?? '';
    if (jti === '' || jti.length > 64 || application.usedAssertions.has(jti)) return false;
    application.usedAssertions.add(jti);
    return true;
  } catch {
    return false;
  }
}

/** For answers that name what a client may use. */
export const supportedMethods: readonly TokenEndpointAuthMethod[] = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
];
