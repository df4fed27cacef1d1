/** Bodies that must be refused, made from bodies that would be taken. */
import fc from 'fast-check';
import type { Json, JsonObject } from '../support/contract-json.ts';
import { isBounded, isFreeForm, isRequired } from './samples.ts';

/** One place in a body: the object or array that holds it, its key there, and the nearest names above it. */
interface Place {
  path: (string | number)[];
  /** The name it goes by: an element of an array goes by the array's. */
  name: string;
  /** The name of what holds it; undefined at the top. */
  owner: string | undefined;
  value: Json;
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every place whose value the endpoint checks. */
export function placesIn(value: Json, path: (string | number)[] = [], name?: string, owner?: string): Place[] {
  const here = name === undefined ? [] : [{ path, name, owner, value }];
  if (name !== undefined && isFreeForm(name)) return here;
  if (Array.isArray(value)) return [...here, ...value.flatMap((item, index) => placesIn(item, [...path, index], name ?? '', owner))];
  if (!isObject(value)) return here;
  return [...here, ...Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : placesIn(inner, [...path, key], key, name)))];
}

/** JSON text that no JavaScript value stands for. */
class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
type Wild = Json | Raw;

const deep = (levels: number): Raw => new Raw(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
const deepList = (levels: number): Raw => new Raw('['.repeat(levels) + ']'.repeat(levels));

const WRONG_ANYWHERE: Wild[] = [deep(10_000), deepList(10_000), deep(200)];
const WRONG: Record<'string' | 'number' | 'boolean' | 'array' | 'object', Wild[]> = {
  string: [5, -1.5, true, { zzz: 1 }, [5], [[]], new Raw('1e999'), [null]],
  number: ['x', '1', '', true, { zzz: 1 }, [1], -1, 1e300, new Raw('1e999'), new Raw('-1e999'), new Raw('123456789012345678901234567890')],
  boolean: ['true', 'x', 1, 0, { zzz: 1 }, []],
  array: [5, true, { zzz: 1 }, [{ zzz: 1 }], [null], [[]], { length: 1 }],
  object: [5, 'zzz', true, [1], [[]]],
};

function kindOf(value: Json): keyof typeof WRONG | undefined {
  if (value === null) return undefined;
  if (Array.isArray(value)) return 'array';
  return typeof value as 'string' | 'number' | 'boolean' | 'object';
}

const STRANGE_KEYS = ['zzz', 'constructor', 'toString', 'hasOwnProperty', '__proto__', 'prototype', '', ' ', 'a.b', '[0]', '\u0000', '\ud800', '😀', 'k'.repeat(100_000)];

/** A copy of `body` with `change` made to what holds the place. */
function changed(body: JsonObject, path: readonly (string | number)[], change: (holder: Map<string | number, Wild>, key: string | number) => void): string {
  const write = (value: Wild, rest: readonly (string | number)[]): string => {
    if (value instanceof Raw) return value.text;
    const [key, ...deeper] = rest;
    if (key === undefined || typeof value !== 'object' || value === null) return JSON.stringify(value);
    const holder = new Map<string | number, Wild>(Array.isArray(value) ? value.entries() : Object.entries(value).flatMap(([name, inner]) => (inner === undefined ? [] : [[name, inner] as const])));
    if (deeper.length === 0) change(holder, key);
    const inside = [...holder].map(([name, inner]) => ({ name, text: write(inner, deeper.length > 0 && name === key ? deeper : []) }));
    if (Array.isArray(value)) return `[${inside.map(({ text }) => text).join(',')}]`;
    return `{${inside.map(({ name, text }) => `${JSON.stringify(String(name))}:${text}`).join(',')}}`;
  };
  return write(body, path);
}

/** One of the arbitraries made from these places, if there are any. */
const ifAny = (places: Place[], make: (place: Place) => fc.Arbitrary<string>) => (places.length === 0 ? [] : [{ arbitrary: fc.constantFrom(...places).chain(make), weight: 2 }]);

/** A body with one thing wrong with it, as text. */
export function wrongBody(route: string, body: JsonObject): fc.Arbitrary<string> {
  const places = placesIn(body);
  const replaced = fc.constantFrom(...places).chain(({ path, value, name }) => {
    const kind = kindOf(value);
    // A client's own JSON may be any object, but not one that nothing could store.
    const wild = [...(kind ? WRONG[kind] : []), ...WRONG_ANYWHERE, ...(kind === 'object' && !isFreeForm(name) ? [{ zzz: {} }] : [])];
    return fc.constantFrom(...wild).map((instead) => changed(body, path, (holder, key) => holder.set(key, instead)));
  });

  const objects = [[] as (string | number)[], ...places.filter(({ value, name }) => isObject(value) && !isFreeForm(name)).map(({ path }) => path)];
  const added = fc.tuple(fc.constantFrom(...objects), fc.constantFrom(...STRANGE_KEYS), fc.constantFrom<Wild[]>({}, [], 5, deep(10_000))).map(([path, strange, value]) =>
    // One step further down than any key that is there: `change` gets the object itself.
    changed(body, [...path, strange], (holder) => holder.set(strange, value)),
  );

  const required = places.filter(({ path, name, owner }) => typeof path.at(-1) === 'string' && isRequired(route, owner, name));
  const dropped = ifAny(required, ({ path }) => fc.constantFrom(undefined, null).map((instead) => changed(body, path, (holder, key) => (instead === undefined ? holder.delete(key) : holder.set(key, instead)))));

  const bounded = places.filter(({ value, name, owner }) => typeof value === 'string' && isBounded(owner, name));
  const stretched = ifAny(bounded, ({ path }) => fc.constantFrom('x', 'é', '\u202e').map((letter) => changed(body, path, (holder, key) => holder.set(key, letter.repeat(300_000)))));

  return fc.oneof({ arbitrary: replaced, weight: 6 }, { arbitrary: added, weight: 2 }, ...dropped, ...stretched);
}

/** Bytes that are no JSON at all, or JSON that nothing could carry. */
export function noJson(body: JsonObject | undefined): fc.Arbitrary<string | Buffer> {
  const text = JSON.stringify(body ?? {});
  const cut = fc.integer({ min: 1, max: text.length - 1 }).map((at) => text.slice(0, at));
  const broken = fc.constantFrom(`{'a':1}`, '{"a":NaN}', '{"a":undefined}', '{"a":1,}', '{,}', '{}{}', '// x\n{}', 'undefined', 'NaN', '01', '.5', 'a=b&c=d', '<a/>', '\u0000{}', '{"a":"\n"}', '{"a":"\\x"}', '{"a":"\\ud8"}', '\\');
  const endless = fc.tuple(fc.constantFrom('[', '{"a":', '[{"a":'), fc.integer({ min: 1, max: 20_000 })).map(([piece, times]) => piece.repeat(times));
  const tooDeep = fc.integer({ min: 129, max: 50_000 }).map((levels) => deepList(levels).text);
  const notUtf8 = fc.constantFrom(Buffer.from([0x22, 0xff, 0x22]), Buffer.from('{"a":"é"}', 'latin1'), Buffer.from(text, 'utf16le'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([0xfe, 0xff, 0, 0x7b]));
  const spoilt = fc.tuple(fc.nat(text.length - 1), fc.constantFrom(0x80, 0xc0, 0xff, 0x00)).map(([at, byte]) => {
    const bytes = Buffer.from(text);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)]);
  });
  const noise = fc.uint8Array({ minLength: 1, maxLength: 2000 }).map((bytes) => Buffer.concat([Buffer.from([0xff]), bytes]));
  return fc.oneof(cut, broken, endless, tooDeep, notUtf8, spoilt, noise);
}

/** No object, but JSON: refused by every endpoint that reads a body. */
export const noObject: fc.Arbitrary<string> = fc.constantFrom('[]', '[{}]', '"x"', '5', 'true', '1e999', '[[]]', '"{}"', 'false', '0', '""');

const STRANGE_TEXTS = ['', ' ', '\u0000', '\ud800', '\udc00x', '😀'.repeat(50), '\u202eabc', 'ﷺ', '\r\n\r\n', '</script>', `'; DROP TABLE thread; --`, '${7*7}', '%s%n', '../../etc/passwd', 'data: [DONE]\n\n', 'x'.repeat(60_000)];

/** Bodies that may be taken or refused, but by no means break anything: odd texts, nulls, keys told twice. */
export function strangeBody(body: JsonObject): fc.Arbitrary<string> {
  const places = placesIn(body);
  const oddText = fc.tuple(fc.constantFrom(...places), fc.oneof(fc.constantFrom(...STRANGE_TEXTS), fc.string({ unit: 'binary', maxLength: 600 }))).map(([{ path }, text]) => changed(body, path, (holder, key) => holder.set(key, text)));
  const nulls = fc.constantFrom(...places).map(({ path }) => changed(body, path, (holder, key) => holder.set(key, null)));
  const twice = fc.constantFrom(...places).map(({ path: [key = ''], value }) => `{${JSON.stringify(String(key))}:${JSON.stringify(value)},${JSON.stringify(body).slice(1)}`);
  const anything = fc.json({ maxDepth: 5 });
  return fc.oneof(oddText, nulls, twice, anything);
}
