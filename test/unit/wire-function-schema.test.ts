import { describe, expect, it } from '@jest/globals';
import { refusedSchemaPart } from '../../shared/wire/requests/function-schema.ts';
import { CreateAssistant } from '../../shared/wire/requests/assistants.ts';
import { validate } from '../../shared/wire/validate.ts';

// References would allow recursion, so they are refused wherever a schema can stand (limits L9), and only there.

const reference = { $ref: '#/definitions/node' };

describe('a reference is refused', () => {
  it.each<[string, object]>([
    ['at the top', reference],
    ['in a property', { type: 'object', properties: { a: reference } }],
    ['in items', { type: 'array', items: reference }],
    ['in items as a list', { items: [{ type: 'string' }, reference] }],
    ['in anyOf', { anyOf: [{ type: 'string' }, reference] }],
    ['in oneOf', { oneOf: [reference] }],
    ['in allOf', { allOf: [reference] }],
    ['in not', { not: reference }],
    ['in if, then and else', { if: {}, then: {}, else: reference }],
    ['in additionalProperties', { additionalProperties: reference }],
    ['in patternProperties', { patternProperties: { '^a': reference } }],
    ['in definitions', { definitions: { node: reference } }],
    ['in $defs', { $defs: { node: reference } }],
    ['in dependencies', { dependencies: { a: reference } }],
    ['in propertyNames', { propertyNames: reference }],
    ['in contains', { contains: reference }],
    ['deep down', { properties: { a: { items: { anyOf: [{ properties: { b: reference } }] } } } }],
    ['in a property that is called enum', { properties: { enum: reference } }],
    ['in a property that is called properties', { properties: { properties: reference } }],
  ])('%s', (_, schema) => {
    expect(refusedSchemaPart(schema)).toBe(`'$ref' is not supported; write the schema out in place.`);
  });

  it.each(['$dynamicRef', '$recursiveRef'])('also as %s', (keyword) => {
    expect(refusedSchemaPart({ properties: { a: { [keyword]: '#' } } })).toBe(`'${keyword}' is not supported; write the schema out in place.`);
  });
});

describe('what only looks like a reference is taken', () => {
  it.each<[string, object]>([
    ['a property that is called $ref', { type: 'object', properties: { $ref: { type: 'string' } }, required: ['$ref'] }],
    ['a definition that is called $ref', { definitions: { $ref: { type: 'string' } } }],
    ['a value in enum', { enum: [reference, '$ref'] }],
    ['a const', { const: reference }],
    ['a default', { properties: { a: { default: reference } } }],
    ['an example', { examples: [reference] }],
    ['a description', { description: '$ref' }],
    ['an empty schema', {}],
    ['boolean schemas', { properties: { a: true, b: false }, additionalProperties: false }],
    ['properties that are null', { properties: null }],
  ])('%s', (_, schema) => {
    expect(refusedSchemaPart(schema)).toBeUndefined();
  });
});

/** `levels` schemas, one in the other. */
function nested(levels: number): object {
  let schema: object = { type: 'string' };
  for (let level = 1; level < levels; level++) schema = { items: schema };
  return schema;
}

const withParameters = (parameters: object) => ({ model: 'm', tools: [{ type: 'function', function: { name: 'f', parameters } }] });

describe('nesting', () => {
  it('is taken to 64 levels', () => {
    expect(refusedSchemaPart(nested(64))).toBeUndefined();
  });

  it('is refused beyond, however deep', () => {
    expect(refusedSchemaPart(nested(70))).toBe('it is nested more than 64 levels deep.');
    expect(refusedSchemaPart(nested(100_000))).toBe('it is nested more than 64 levels deep.');
  });
});

it('says of which function and where', () => {
  expect(() => validate(CreateAssistant, withParameters({ properties: { a: reference } }))).toThrow(
    expect.objectContaining({
      message: `Invalid schema for function 'f': '$ref' is not supported; write the schema out in place.`,
      param: 'tools[0].function.parameters',
      code: 'invalid_function_parameters',
    }),
  );
});
