import { z } from 'zod';

// What the Management API answers, of each only what is looked at, from its spelling to ours.

export interface Application {
  readonly firstParty: boolean;
  readonly grantTypes: readonly string[];
  /** `none`, `client_secret_post`, `client_secret_basic`; absent for keys and certificates. */
  readonly authMethod?: string;
  readonly callbacks: readonly string[];
}

/** `GET /clients/{id}`. */
export const applicationAnswer = z
  .object({
    is_first_party: z.boolean().default(true),
    grant_types: z.array(z.string()).default([]),
    token_endpoint_auth_method: z.string().nullish(),
    callbacks: z.array(z.string()).nullish(),
  })
  .transform(({ is_first_party, grant_types, token_endpoint_auth_method, callbacks }): Application => ({
    firstParty: is_first_party,
    grantTypes: grant_types,
    ...(token_endpoint_auth_method ? { authMethod: token_endpoint_auth_method } : {}),
    callbacks: callbacks ?? [],
  }));

/** `GET /guardian/factors`: the names of those that are on. */
export const factorsAnswer = z
  .array(z.object({ name: z.string(), enabled: z.boolean() }))
  .transform(
    (factors): ReadonlySet<string> => new Set(factors.flatMap(({ name, enabled }) => (enabled ? [name] : []))),
  );

/** `GET /guardian/factors/phone/message-types`. */
export const messageTypesAnswer = z
  .object({ message_types: z.array(z.string()) })
  .transform(({ message_types }): readonly string[] => message_types);

/** `GET /guardian/factors/phone/selected-provider`. */
export const selectedProviderAnswer = z.object({ provider: z.string() }).transform(({ provider }) => provider);

export interface PhoneProvider {
  readonly name: string;
  readonly disabled: boolean;
  /** `text`, `voice`; absent when the answer does not tell. */
  readonly deliveryMethods?: readonly string[];
}

/** `GET /branding/phone/providers`: tenants with the unified phone experience. */
export const phoneProvidersAnswer = z
  .object({
    providers: z.array(
      z.object({
        name: z.string(),
        disabled: z.boolean().default(false),
        configuration: z.object({ delivery_methods: z.array(z.string()).nullish() }).nullish(),
      }),
    ),
  })
  .transform(({ providers }): readonly PhoneProvider[] =>
    providers.map(({ name, disabled, configuration }) => ({
      name,
      disabled,
      ...(configuration?.delivery_methods ? { deliveryMethods: configuration.delivery_methods } : {}),
    })),
  );

/** `GET /guardian/policies`. */
export const policiesAnswer = z.array(z.string());

/** `GET /.well-known/openid-configuration`. */
export const discoveryAnswer = z.object({ issuer: z.string() }).transform(({ issuer }) => issuer);

/** `GET /.well-known/jwks.json`: how many keys. */
export const keysAnswer = z.object({ keys: z.array(z.unknown()) }).transform(({ keys }) => keys.length);

export const managementTokenAnswer = z.object({ access_token: z.string().min(1) });
