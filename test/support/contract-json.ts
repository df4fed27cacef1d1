/** Finding the way in a parsed JSON document. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json | undefined;
}

/** `value` if it is a JSON object. */
export const object = (value: Json | undefined): JsonObject | undefined => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined);

/** What is found by going down `keys`, indices of arrays among them. */
export const dig = (value: Json | undefined, ...keys: string[]): Json | undefined =>
  keys.reduce<Json | undefined>((inner, key) => (Array.isArray(inner) ? inner[Number(key)] : object(inner)?.[key]), value);

/** The object found by going down `keys`; throws if there is none, because then the document is not what it was. */
export function at(value: JsonObject, ...keys: string[]): JsonObject {
  const found = object(dig(value, ...keys));
  if (!found) throw new Error(`the contract document has no object at ${keys.join('.')}`);
  return found;
}

/** A reference to a named schema of the document. */
export const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

/** The name that a reference refers to. */
export function refName(schema: Json | undefined): string | undefined {
  const target = object(schema)?.['$ref'];
  return typeof target === 'string' ? target.replace('#/components/schemas/', '') : undefined;
}

/** A deep copy, made of this realm's own objects: under jest structuredClone's are another realm's. */
export const clone = <T extends Json>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
