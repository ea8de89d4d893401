import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { createJsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { apiProblemCodes, problems, type ApiProblemCode } from '../problems';
import { version } from '../version';
import { operationExamples, problemExample, type Example } from './examples';

/** The groups of operations, in the order of the page. */
const tags = {
  Enrollments: 'Start an enrollment, look at it, follow it.',
  Codes: 'What the user must see and type: the QR code, and the codes of both factors.',
  'Sign-in': 'The token that opens Auth0’s MFA API, brought by you or by the user with a link.',
  Support: 'Act on an enrollment for its user. Each call says why, and who acts.',
  Webhooks: 'Where events are sent, and what has not arrived.',
  Campaigns: 'Enroll many users: started at a rate, reminded, counted.',
  Texts: 'Stop all texts and calls to numbers with a prefix, when they are abused.',
} as const;
export type Tag = keyof typeof tags;

/**
 * What `/docs` shows of an operation beside its schemas: its group, and the problems of its own that it may answer. Those that every
 * operation has, and those that come with a path, a body or a scope, are added.
 */
export const described = (tag: Tag, ...own: readonly ApiProblemCode[]) => ({ tags: [tag], 'x-problems': own });

/** The OpenAPI 3.1 file, written from the schemas that the routes are checked with. */
export const openApi = (publicUrl: string): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'MFA enrollment for Auth0',
      version,
      description: [
        'Takes an Auth0 user through SMS and an authenticator app, and says when both are truly active.',
        'Press **Authorize** with an API key; on a local stack, `npm start` prints one for each role.',
        'Errors are problems (RFC 9457); their `type` and `code` are stable, their sentences are not.',
      ].join('\n\n'),
      contact: { name: 'Whoever runs this installation', url: publicUrl },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    servers: [{ url: publicUrl }],
    components: {
      headers,
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
    for (const { path, operation } of operationsOf(document)) {
      allowMissingBody(operation);
      addExamples(operation);
      nameProblems(path, operation);
      nameHeaders(operation);
    }
    linkOperations(document);
    dropUnused(document, 'components' in document ? document.components?.schemas : undefined);
    return document;
  },
});

function operationsOf(document: object): readonly { readonly path: string; readonly operation: Operation }[] {
  const { paths } = document as Described; // the plug-in's type knows every version of OpenAPI; ours is 3.1
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, operation })),
  );
}

/** A body that may be null may also be missing; the plug-in calls every body required. */
function allowMissingBody({ requestBody }: Operation): void {
  const mayBeNull = requestBody?.content['application/json']?.schema.anyOf?.some(({ type }) => type === 'null');
  if (requestBody !== undefined && mayBeNull === true) requestBody.required = false;
}

function addExamples({ operationId = '', requestBody, responses }: Operation): void {
  const { request, answers = {} } = operationExamples[operationId] ?? {};
  for (const body of Object.values(request === undefined ? {} : (requestBody?.content ?? {}))) body.examples = request;
  for (const [status, response] of Object.entries(responses)) {
    const examples = answers[Number(status)];
    if (examples === undefined) continue;
    for (const body of Object.values(response.content ?? {})) body.examples = examples;
    if (response.description !== placeholder) continue;
    response.description = Object.values(examples)
      .map(({ summary }) => `${summary}.`)
      .join(' ');
  }
}

/** What the plug-in says of an answer that says nothing of itself. */
const placeholder = 'Default Response';

/** Under each status the problems that it stands for, each as it is answered; a status without one goes. */
function nameProblems(path: string, operation: Operation): void {
  const own = operation['x-problems'];
  delete operation['x-problems'];
  const codes = own === undefined ? undefined : problemsOf(path, operation, own);
  const [like] = Object.entries(operation.responses).find(([status]) => Number(status) >= 400) ?? [];
  const schema = like === undefined ? undefined : operation.responses[like]?.content?.[problemType]?.schema;
  if (schema === undefined) return;
  for (const status of new Set(Object.values(problems).map((each) => each.status))) {
    const ofStatus = apiProblemCodes.filter((code) => problems[code].status === status && (codes?.has(code) ?? true));
    if (ofStatus.length === 0) delete operation.responses[status];
    else if (codes !== undefined || operation.responses[status] !== undefined) {
      operation.responses[status] = {
        description: ofStatus.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '),
        content: {
          [problemType]: {
            schema,
            examples: Object.fromEntries(
              ofStatus.map((code) => [code, problemExample(code, operation.operationId ?? '')]),
            ),
          },
        },
      };
    }
  }
}

const problemType = 'application/problem+json';

function problemsOf(path: string, operation: Operation, own: readonly ApiProblemCode[]): ReadonlySet<ApiProblemCode> {
  const { requestBody, security = [] } = operation;
  const manages = security.some(({ bearer }) => bearer?.includes('enrollments:manage'));
  return new Set<ApiProblemCode>([
    ...(['invalid_request', 'unauthorized', 'forbidden', 'too_many_requests', 'internal', 'unavailable'] as const),
    ...(path.includes('{id}') ? (['enrollment_not_found'] as const) : []),
    ...(requestBody === undefined ? [] : (['body_too_large', 'unsupported_media_type'] as const)),
    ...(manages ? (['reason_needed', 'person_needed'] as const) : []),
    ...own,
  ]);
}

/** The headers of an answer that a client may use. */
function nameHeaders({ operationId = '', responses }: Operation): void {
  for (const [status, response] of Object.entries(responses)) {
    const always: SharedHeader[] = [
      'X-Request-Id',
      'Cache-Control',
      ...(status === '401' ? (['WWW-Authenticate'] as const) : []),
      ...(['429', '503'].includes(status) ? (['Retry-After'] as const) : []),
      ...(headersOf[operationId]?.[status] ?? []),
    ];
    const sometimes: SharedHeader[] = [
      ...(status === '403' ? (['WWW-Authenticate'] as const) : []),
      ...(status === '200' && answersCodes.includes(operationId) ? (['Retry-After'] as const) : []),
    ];
    const shared = [...always, 'X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'];
    response.headers = {
      ...Object.fromEntries(shared.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
      ...Object.fromEntries(sometimes.map((name) => [name, { ...headers[name], required: false }])),
    };
  }
}

/**
 * OpenAPI links: which operations take the id that an answer has. An answer of `/things` names things by `id`, itself or in a list, and
 * the operations below `/things/{…}` take it: so a new group of operations is linked by itself.
 */
function linkOperations(document: object): void {
  const operations = operationsOf(document);
  for (const { path: collection, operation } of operations) {
    const below = operations.flatMap(({ path, operation: { operationId } }) => {
      const [, name] = path.startsWith(`${collection}/`)
        ? (/^\/\{(\w+)\}[^{]*$/.exec(path.slice(collection.length)) ?? [])
        : [];
      return name === undefined || operationId === undefined ? [] : [{ name, operationId }];
    });
    for (const [status, response] of Object.entries(operation.responses)) {
      const at = status.startsWith('2') ? idIn(document, response.content?.['application/json']?.schema) : undefined;
      if (at === undefined || below.length === 0) continue;
      response.links = Object.fromEntries(
        below.map(({ name, operationId }) => [
          operationId,
          { operationId, parameters: { [name]: `$response.body#${at}` } },
        ]),
      );
    }
  }
}

/** Where an answer has the id of what it tells of: of itself, or of the first in its list. */
function idIn(document: object, schema: JsonSchema | undefined): string | undefined {
  const { properties = {} } = resolved(document, schema);
  if ('id' in properties) return '/id';
  const list = Object.entries(properties).find(([, { items }]) => 'id' in (resolved(document, items).properties ?? {}));
  return list === undefined ? undefined : `/${list[0]}/0/id`;
}

function resolved(document: object, schema: JsonSchema = {}): JsonSchema {
  const name = schema.$ref?.split('/').at(-1);
  const { components } = document as Described; // as in `operationsOf`
  return name === undefined ? schema : (components?.schemas?.[name] ?? {});
}

function header(description: string, schema: { type: 'string' | 'integer'; const?: string; minimum?: number }) {
  return { description, required: true, schema };
}

type SharedHeader = keyof typeof headers;
const string = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;
/** `required`: where an answer names it, it is there every time. */
const headers = {
  'X-Request-Id': header('Names this call, as in the log and in the `instance` of a problem.', string),
  'Cache-Control': header('Nothing of this API is kept on the way.', { type: 'string', const: 'no-store' }),
  'WWW-Authenticate': header(
    'Why the credential is not enough; with `forbidden` for want of a scope, which one.',
    string,
  ),
  'Retry-After': header('Seconds after which the call may succeed.', count),
  Location: header('The path of the enrollment.', string),
  'X-RateLimit-Limit': { ...header('Calls that this caller may make in a minute.', count), required: false },
  'X-RateLimit-Remaining': { ...header('How many of them are left.', count), required: false },
  'X-RateLimit-Reset': { ...header('Seconds until they are counted anew.', count), required: false },
};

const answersCodes = ['submitBindingCode', 'submitOtp'];
/** There every time, beside those that follow from the status. */
const headersOf: Readonly<Record<string, Readonly<Record<string, readonly SharedHeader[]>>>> = {
  startEnrollment: { 200: ['Location'], 201: ['Location'] },
  submitBindingCode: { 202: ['Location'] },
  submitOtp: { 202: ['Location'] },
};

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> };
}
interface JsonSchema {
  readonly type?: string;
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}
interface Operation {
  readonly operationId?: string;
  readonly security?: readonly { readonly bearer?: readonly string[] }[];
  readonly requestBody?: { required: boolean; readonly content: Readonly<Record<string, Body>> };
  readonly responses: Record<
    string,
    { description?: string; headers?: object; content?: Record<string, Body>; links?: object }
  >;
  'x-problems'?: readonly ApiProblemCode[];
}
interface Body {
  readonly schema: JsonSchema;
  examples?: Readonly<Record<string, Example>> | undefined;
}

/** Every schema is written twice, as input and as output; the one that no operation refers to goes. */
function dropUnused(document: object, schemas: Record<string, unknown> | undefined): void {
  for (const [name, schema] of Object.entries(schemas ?? {})) {
    delete schemas?.[name];
    if (!JSON.stringify(document).includes(`"#/components/schemas/${name}"`)) return dropUnused(document, schemas);
    if (schemas !== undefined) schemas[name] = schema;
  }
}
