import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { createJsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

/** The OpenAPI 3.1 file, written from the schemas that the routes are checked with. */
export const openApi = (publicUrl: string): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'MFA enrollment',
      version: '1',
      description:
        'Takes an Auth0 user through SMS and an authenticator app, and says when both are truly active. Errors are problems (RFC 9457); `type` and `code` are stable.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: publicUrl }],
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, or an access token (JWT) of the configured issuer. Each operation names its scope.',
        },
      },
    },
  },
  transform: createJsonSchemaTransform({}),
  transformObject: (input) => {
    const document = jsonSchemaTransformObject(input);
    allowMissingBodies(document);
    dropUnused(document, 'components' in document ? document.components?.schemas : undefined);
    return document;
  },
});

/** A body that may be null may also be missing; the plug-in calls every body required. */
function allowMissingBodies(document: object): void {
  const { paths } = document as Described; // the plug-in's type knows every version of OpenAPI; ours is 3.1
  for (const { requestBody } of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    const mayBeNull = requestBody?.content['application/json'].schema.anyOf?.some(({ type }) => type === 'null');
    if (requestBody !== undefined && mayBeNull === true) requestBody.required = false;
  }
}

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly requestBody?: RequestBody }>>>>;
}
interface RequestBody {
  required: boolean;
  readonly content: {
    readonly 'application/json': { readonly schema: { readonly anyOf?: readonly { type?: string }[] } };
  };
}

/** Every schema is written twice, as input and as output; the one that no operation refers to goes. */
function dropUnused(document: object, schemas: Record<string, unknown> | undefined): void {
  for (const [name, schema] of Object.entries(schemas ?? {})) {
    delete schemas?.[name];
    if (!JSON.stringify(document).includes(`"#/components/schemas/${name}"`)) return dropUnused(document, schemas);
    if (schemas !== undefined) schemas[name] = schema;
  }
}
