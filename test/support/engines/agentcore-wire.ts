/**
 * The wire of Bedrock AgentCore's Code Interpreter, seen from the service: which operation a request is and what it carries, as the SDK's own
 * model says, and answers in AWS's event stream encoding.
 */
import * as sdk from '@aws-sdk/client-bedrock-agentcore';
import { crc32 } from 'node:zlib';

/** Of a schema as the SDK writes them down: what is at these places of the array. */
const TRAITS = 3;
const FIRST = 4;
const SECOND = 5;
const REQUIRED = 6;
const STRUCTURE = 3;
const LIST = 1;
/** The one trait in a number's lowest bit. */
const LABEL = 1;

type Schema = readonly unknown[];
type Members = Record<string, unknown>;

export interface Asked {
  operation: string;
  input: Members;
}

const operations = [sdk.StartCodeInterpreterSession$, sdk.InvokeCodeInterpreter$, sdk.StopCodeInterpreterSession$, sdk.GetCodeInterpreterSession$] as Schema[];

const resolved = (ref: unknown): unknown => (typeof ref === 'function' ? (ref as () => unknown)() : ref);
const schemaOf = (ref: unknown): Schema | undefined => (Array.isArray(resolved(ref)) ? (resolved(ref) as Schema) : undefined);

/** The operation and its input. Throws for what the model does not know, members that it lacks included. */
export function readRequest(method: string, url: URL, headers: Record<string, unknown>, body: Buffer): Asked {
  for (const operation of operations) {
    const [verb, path] = (operation[TRAITS] as { http: [string, string, number] }).http;
    const labels = new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`).exec(url.pathname)?.groups;
    const request = schemaOf(operation[FIRST]);
    if (verb !== method || !labels || !request) continue;
    const payload = (body.length === 0 ? {} : JSON.parse(body.toString())) as Members;
    return { operation: String(operation[2]), input: readInput(request, labels, url.searchParams, headers, payload) };
  }
  throw new Error(`${method} ${url.pathname} is no operation that is used`);
}

function readInput(schema: Schema, labels: Members, query: URLSearchParams, headers: Record<string, unknown>, payload: Members): Members {
  const input: Members = {};
  const names = schema[FIRST] as string[];
  const left = new Set(Object.keys(payload));
  for (const [at, name] of names.entries()) {
    const [member, traits = 0] = [(schema[SECOND] as unknown[])[at]].flat() as [unknown, unknown];
    const bound = (typeof traits === 'object' ? traits : {}) as { httpHeader?: string; httpQuery?: string };
    if (traits === LABEL) input[name] = decodeURIComponent(String(labels[name]));
    else if (bound.httpHeader !== undefined) input[name] = headers[bound.httpHeader.toLowerCase()];
    else if (bound.httpQuery !== undefined) input[name] = query.get(bound.httpQuery) ?? undefined;
    else {
      input[name] = checked(member, payload[name], name);
      left.delete(name);
    }
  }
  demand(schema, input);
  if (left.size > 0) throw new Error(`unknown members: ${[...left].join(', ')}`);
  return input;
}

/** The first so many members of a structure must be there. */
function demand(schema: Schema, value: Members): void {
  for (const name of (schema[FIRST] as string[]).slice(0, Number(schema[REQUIRED] ?? 0))) if (value[name] === undefined) throw new Error(`${name} is missing`);
}

/** A value of the body, if the model knows all that is in it. */
function checked(ref: unknown, value: unknown, at: string): unknown {
  const schema = schemaOf(ref);
  if (value === undefined || !schema) return value;
  if (schema[0] === LIST) {
    if (!Array.isArray(value)) throw new Error(`${at} is no list`);
    return value.map((item) => checked([schema[FIRST]].flat()[0], item, at));
  }
  if (schema[0] !== STRUCTURE) return value;
  const members = value as Members;
  const names = schema[FIRST] as string[];
  for (const [name, inner] of Object.entries(members)) {
    const place = names.indexOf(name);
    if (place < 0) throw new Error(`${at} has no member ${name}`);
    checked([(schema[SECOND] as unknown[])[place]].flat()[0], inner, `${at}.${name}`);
  }
  demand(schema, members);
  return members;
}

/** The status that the model gives an exception. */
export function statusOf(exception: string): number {
  const known = Object.values(sdk).find((schema) => Array.isArray(schema) && schema[2] === exception) as Schema | undefined;
  const { httpError } = (known?.[TRAITS] ?? {}) as { httpError?: number };
  if (httpError === undefined) throw new Error(`${exception} is no exception of the service`);
  return httpError;
}

/** A blob is base64 in JSON. */
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value, (_, inner: unknown) => (inner instanceof Uint8Array ? Buffer.from(inner).toString('base64') : inner)));

export const eventFrame = (type: 'result', value: sdk.CodeInterpreterResult): Buffer => frame({ ':message-type': 'event', ':event-type': type, ':content-type': 'application/json' }, json(value));

/** An exception that comes when the stream has begun: by its member's name in the stream's union. */
export const exceptionFrame = (exception: string, message: string): Buffer =>
  frame({ ':message-type': 'exception', ':exception-type': `${exception[0]?.toLowerCase()}${exception.slice(1)}`, ':content-type': 'application/json' }, json({ message }));

/** One message: a prelude of two lengths and their checksum, headers, payload, and a checksum over all. */
function frame(headers: Record<string, string>, payload: Buffer): Buffer {
  const STRING_HEADER = 7;
  const head = Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(Buffer.byteLength(value));
      return [Buffer.from([name.length]), Buffer.from(name), Buffer.from([STRING_HEADER]), length, Buffer.from(value)];
    }),
  );
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + head.length + payload.length, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const unsigned = Buffer.concat([prelude, head, payload]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(unsigned));
  return Buffer.concat([unsigned, sum]);
}
