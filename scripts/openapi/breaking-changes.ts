/** JSON as it was parsed. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

const methods = ['get', 'put', 'post', 'delete', 'patch'];

/**
 * What of the released OpenAPI document a client may rely on and the present one no longer keeps: operations, parameters, members of
 * bodies and answers. More values in an answer are no break, as clients are told to expect them. Empty when nothing breaks.
 *
 * Knows the part of JSON Schema that our documents use: the packages that compare whole documents do not read OpenAPI 3.1.
 */
export function breakingChanges(released: object, present: object): string[] {
  const [before, after] = [released, present].map((document) => JSON.parse(JSON.stringify(document)) as JsonObject); // any JSON object is one
  if (before === undefined || after === undefined) return [];
  return operationsOf(before).flatMap(({ path, method, operation }) => {
    const at = `${method.toUpperCase()} ${path}`;
    const now = child(after, 'paths', path, method);
    if (now === undefined) return [`${at}: is gone`];
    return [
      ...parameterChanges(at, operation, now, before, after),
      ...bodyChanges(at, operation, now, before, after),
      ...answerChanges(at, operation, now, before, after),
    ];
  });
}

function operationsOf(document: JsonObject) {
  return Object.entries(object(document['paths'])).flatMap(([path, each]) =>
    Object.entries(object(each))
      .filter(([method]) => methods.includes(method))
      .map(([method, operation]) => ({ path, method, operation: object(operation) })),
  );
}

function parameterChanges(at: string, was: JsonObject, is: JsonObject, before: JsonObject, after: JsonObject) {
  const byName = (operation: JsonObject) =>
    new Map(
      array(operation['parameters'])
        .map(object)
        .map((each) => [`${text(each['in'])} ${text(each['name'])}`, each]),
    );
  const [old, now] = [byName(was), byName(is)];
  const gone = [...old].flatMap(([name, each]) => {
    const other = now.get(name);
    const where = `${at} ${name}`;
    if (other === undefined) return [`${where}: is no longer taken`];
    return taken(where, each['schema'], other['schema'], before, after);
  });
  const needed = [...now]
    .filter(([name, each]) => each['required'] === true && old.get(name)?.['required'] !== true)
    .map(([name]) => `${at} ${name}: is needed now`);
  return [...gone, ...needed];
}

function bodyChanges(at: string, was: JsonObject, is: JsonObject, before: JsonObject, after: JsonObject) {
  const [old, now] = [child(was, 'requestBody'), child(is, 'requestBody')];
  if (now?.['required'] === true && old?.['required'] !== true) return [`${at} body: is needed now`];
  return Object.entries(object(old?.['content'])).flatMap(([type, each]) => {
    const other = child(now, 'content', type);
    if (other === undefined) return [`${at} body: ${type} is no longer taken`];
    return taken(`${at} body`, object(each)['schema'], other['schema'], before, after);
  });
}

function answerChanges(at: string, was: JsonObject, is: JsonObject, before: JsonObject, after: JsonObject) {
  return Object.entries(object(was['responses'])).flatMap(([status, each]) => {
    const now = child(is, 'responses', status);
    // A problem that no longer comes breaks nobody.
    if (now === undefined) return status.startsWith('2') ? [`${at} ${status}: is no longer answered`] : [];
    return Object.entries(object(object(each)['content'])).flatMap(([type, media]) => {
      const other = child(now, 'content', type);
      if (other === undefined) return [`${at} ${status}: ${type} is no longer answered`];
      return given(`${at} ${status}`, object(media)['schema'], other['schema'], before, after);
    });
  });
}

/** What clients send: everything that was taken must be taken still. */
function taken(
  at: string,
  was: Json | undefined,
  is: Json | undefined,
  before: JsonObject,
  after: JsonObject,
): string[] {
  const [old, now] = [resolve(was, before), resolve(is, after)];
  const variants = variantsOf(old);
  if (variants.length > 0 || variantsOf(now).length > 0) {
    // Each variant that was there must be taken by one that is there.
    const others = variantsOf(now).length > 0 ? variantsOf(now) : [now];
    return (variants.length > 0 ? variants : [old]).flatMap((variant) => {
      const found = others.map((other) => taken(at, variant, other, before, after));
      return found.some(({ length }) => length === 0) ? [] : (found[0] ?? []);
    });
  }
  const changes = typeChanges(at, old, now);
  const values = valuesOf(now);
  if (values !== undefined) {
    const missing = valuesOf(old)?.filter((value) => !values.includes(value));
    if (missing === undefined) changes.push(`${at}: only certain values are taken now`);
    else changes.push(...missing.map((value) => `${at}: ${value} is no longer taken`));
  }
  for (const [rule, isTighter] of Object.entries(bounds)) {
    const [limit, other] = [old[rule], now[rule]];
    if (other === undefined || other === limit) continue;
    if (limit === undefined || isTighter(Number(limit), Number(other))) changes.push(`${at}: ${rule} is tighter`);
  }
  if (now['pattern'] !== undefined && now['pattern'] !== old['pattern']) changes.push(`${at}: another pattern`);
  const [members, others] = [object(old['properties']), object(now['properties'])];
  for (const [name, member] of Object.entries(members)) {
    const other = others[name];
    if (other !== undefined) changes.push(...taken(`${at}.${name}`, member, other, before, after));
    else if (now['additionalProperties'] === false) changes.push(`${at}.${name}: is no longer taken`);
  }
  const needed = array(now['required']).filter((name) => !array(old['required']).includes(name));
  changes.push(...needed.map((name) => `${at}.${text(name)}: is needed now`));
  if (old['items'] !== undefined) changes.push(...taken(`${at}[]`, old['items'], now['items'], before, after));
  return changes;
}

const bounds: Readonly<Record<string, (was: number, is: number) => boolean>> = {
  ...{ maxLength: (was, is) => is < was, maximum: (was, is) => is < was, maxItems: (was, is) => is < was },
  ...{ minLength: (was, is) => is > was, minimum: (was, is) => is > was, minItems: (was, is) => is > was },
};

/** What clients read: everything that was there must be there still. */
function given(
  at: string,
  was: Json | undefined,
  is: Json | undefined,
  before: JsonObject,
  after: JsonObject,
): string[] {
  const [old, now] = [resolve(was, before), resolve(is, after)];
  const [variants, others] = [variantsOf(old), variantsOf(now)];
  if (variants.length > 0) {
    return variants.flatMap((variant, index) => {
      const found = (others.length > 0 ? others : [now]).map((other) =>
        given(`${at} (${index})`, variant, other, before, after),
      );
      return found.some(({ length }) => length === 0) ? [] : (found[index] ?? found[0] ?? []);
    });
  }
  const changes = typeChanges(at, old, now);
  const members = object(now['properties']);
  for (const [name, member] of Object.entries(object(old['properties']))) {
    const other = members[name];
    const wasSure = array(old['required']).includes(name);
    if (other === undefined) changes.push(`${at}.${name}: is no longer given`);
    else if (wasSure && !array(now['required']).includes(name)) changes.push(`${at}.${name}: may be absent now`);
    else changes.push(...given(`${at}.${name}`, member, other, before, after));
  }
  if (old['items'] !== undefined) changes.push(...given(`${at}[]`, old['items'], now['items'], before, after));
  return changes;
}

function typeChanges(at: string, was: JsonObject, is: JsonObject): string[] {
  if (was['type'] === undefined || is['type'] === was['type']) return [];
  return [`${at}: was ${text(was['type'])}, is ${text(is['type'])}`];
}

const variantsOf = (schema: JsonObject): readonly Json[] => array(schema['anyOf'] ?? schema['oneOf']);

function valuesOf(schema: JsonObject): string[] | undefined {
  const values = schema['const'] === undefined ? schema['enum'] : [schema['const']];
  return values === undefined ? undefined : array(values).map(text);
}

function resolve(schema: Json | undefined, document: JsonObject): JsonObject {
  const { $ref, ...rest } = object(schema);
  return typeof $ref === 'string' ? (child(document, ...$ref.slice(2).split('/')) ?? {}) : rest;
}

function child(parent: JsonObject | undefined, ...names: readonly string[]): JsonObject | undefined {
  let found: Json | undefined = parent;
  for (const name of names) found = object(found)[name];
  return found === undefined ? undefined : object(found);
}

const isList = (json: Json | undefined): json is readonly Json[] => Array.isArray(json);
const array = (json: Json | undefined): readonly Json[] => (isList(json) ? json : []);
const object = (json: Json | undefined): JsonObject =>
  typeof json === 'object' && json !== null && !isList(json) ? json : {};
const text = (json: Json | undefined): string =>
  typeof json === 'string' ? json : (JSON.stringify(json) ?? 'nothing');
