/** The JSON Schema subset that function parameters may use (limits L9): no references, so no recursion. */

const DEEPEST = 64;

/** What is wrong with a function's parameters, or undefined. Looks at schemas only, never into `enum`, `const`, `default` or `examples`. */
export function refusedSchemaPart(schema: unknown, depth = 0): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  if (depth > DEEPEST) return `it is nested more than ${DEEPEST} levels deep.`;
  if (Array.isArray(schema)) return firstOf(schema, depth);
  for (const keyword of ['$ref', '$dynamicRef', '$recursiveRef']) {
    if (keyword in schema) return `'${keyword}' is not supported; write the schema out in place.`;
  }
  const fields = Object.entries(schema);
  for (const [keyword, value] of fields) {
    if (DATA_KEYWORDS.has(keyword)) continue;
    // `properties` and its like map free names to schemas: a property may well be called "$ref".
    const refused = NAMED_SCHEMAS.has(keyword) ? firstOf(Object.values((value ?? {}) as object), depth) : refusedSchemaPart(value, depth + 1);
    if (refused) return refused;
  }
  return undefined;
}

const DATA_KEYWORDS = new Set(['enum', 'const', 'default', 'examples', 'required']);
const NAMED_SCHEMAS = new Set(['properties', 'patternProperties', 'definitions', '$defs', 'dependencies']);

function firstOf(schemas: unknown[], depth: number): string | undefined {
  for (const schema of schemas) {
    const refused = refusedSchemaPart(schema, depth + 1);
    if (refused) return refused;
  }
  return undefined;
}
