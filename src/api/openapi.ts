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
    dropUnused(document, 'components' in document ? document.components?.schemas : undefined);
    return document;
  },
});

/** Every schema is written twice, as input and as output; the one that no operation refers to goes. */
function dropUnused(document: object, schemas: Record<string, unknown> | undefined): void {
  for (const [name, schema] of Object.entries(schemas ?? {})) {
    delete schemas?.[name];
    if (!JSON.stringify(document).includes(`"#/components/schemas/${name}"`)) return dropUnused(document, schemas);
    if (schemas !== undefined) schemas[name] = schema;
  }
}
