/** Bad requests to every route of the table, family by family. A new route is in all of them as soon as it is in the table. */
import fc from 'fast-check';
import { routes } from '../../shared/http/routes.ts';
import type { JsonObject } from '../support/contract-json.ts';
import type { Sent } from './answers.ts';
import { noJson, noObject, strangeBody, wrongBody } from './mutations.ts';
import { type Ids, lostFiles, samples } from './samples.ts';
import { MAX_BODY_BYTES, type Target } from './target.ts';

export interface BadRequest extends Sent {
  family: string;
  /** The statuses that it may be answered with; without them anything below 500 is right. */
  refusedWith?: readonly number[];
}

interface Route {
  name: string;
  method: string;
  pattern: string;
  params: (keyof Ids)[];
}

/**
 * They send requests of their own, to wherever they are told; or read no JSON body: a file of lines, each with its own verdict (test/e2e/imports), or a form
 * (test/unit/http-multipart, test/e2e/files).
 */
const APART = /^POST (\/webhook_endpoints\/.*\/(test|replay)|\/imports|\/files|\/uploads\/:upload_id\/parts)$/;

export const table: Route[] = routes.filter(([method, pattern]) => !APART.test(`${method} ${pattern}`)).map(([method, pattern]) => ({
  name: `${method} ${pattern}`,
  method,
  pattern,
  params: [...pattern.matchAll(/:(\w+)/g)].map(([, name]) => name as keyof Ids),
}));

const pathOf = (pattern: string, ids: Partial<Record<keyof Ids, string>>): string => `/v1${pattern.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: keyof Ids) => ids[name] ?? '')}`;

const AUTHORIZED = { authorization: 'Bearer sk-local' };
const PREFIX: Partial<Record<keyof Ids, string>> = { assistant_id: 'asst', thread_id: 'thread', message_id: 'msg', run_id: 'run', step_id: 'step', export_id: 'exp', webhook_endpoint_id: 'whe', file_id: 'file', upload_id: 'upload', vector_store_id: 'vs', batch_id: 'vsfb' };

const NO_IDS = ['', '.', '..', '%2e', '%2e%2e', '..%2f..%2fetc%2fpasswd', '%2F', '%5C', 'undefined', 'null', '0', '-1', '%20', '%00', '%0d%0aX:1', '%', '%zz', '%E0%A4%A', '%ff%fe', '*', '%25', ':thread_id', '%F0%9F%98%80', encodeURIComponent(`' OR 1=1 --`), encodeURIComponent('"; DROP TABLE thread; --'), encodeURIComponent('$.projectId'), encodeURIComponent('[object Object]'), '__proto__', 'constructor', 'x'.repeat(6000), '%41'.repeat(2000), 'thread', encodeURIComponent('ｔhread_1')];
const AFTER_PREFIX = ['', '_', '_x', '_%00', '_%25', '_%', '_*', '_%2F', '_a%2Fb', '_..%2f..', '_%F0%9F%98%80', '_%ed%a0%80', `_${'z'.repeat(6000)}`, '_%27%20OR%201%3D1', '_%22', '_%3Fx%3D1', '_0VbWdDIrb5JtlL73Cthm8qMC', '_0VbWdDIrb5JtlL73Cthm8qMC%20', '-1', '_%0a'];

/** Ids of a kind that are not there: of no kind, of another, of another project, or a real one and a bit. */
function badId(param: keyof Ids, target: Target): fc.Arbitrary<string> {
  const others = Object.entries(target.ids).flatMap(([name, id]) => (name === param ? [] : [String(id)]));
  const prefix = PREFIX[param];
  const real = target.ids[param];
  const near = [`${real}x`, `${real}%20`, `%20${real}`, `${real}%00`, real.slice(0, -1), `${real}%2F`, `${real}%2F${real}`, real.toUpperCase().replace(/^[A-Z]+/, (kind) => kind.toLowerCase())];
  const elsewhere = param === 'model' ? [] : [target.foreign[param]];
  const made = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).map((text) => encodeURIComponent(text.toWellFormed()).replaceAll('.', '%2e'));
  return fc.oneof(fc.constantFrom(...NO_IDS), fc.constantFrom(...others, ...near, ...elsewhere), ...(prefix === undefined ? [] : [fc.constantFrom(...AFTER_PREFIX.map((rest) => prefix + rest))]), made);
}

const BAD_LIMITS = ['abc', '0', '101', '-1', '1.5', '', '1e2', '0x10', '%205', '%00', 'Infinity', 'NaN', '99999999999999999999', '%D9%A3', '5,6', '%', 'true', '%5B%5D', '00x'];
const BAD_PAGES = [...BAD_LIMITS.map((limit) => `limit=${limit}`), 'limit=abc&limit=5', ...['x', '', 'ASC', 'asc,desc', '%00', 'asc%20'].map((order) => `order=${order}`), ...['x', 'undefined', '%00', '%27', '5', 'null', '%F0%9F%98%80', '..'].flatMap((id) => [`after=${id}`, `before=${id}`])];
const RIGHT_FOR: Record<string, RegExp> = { '/tool_endpoints': /^(after|before)=/, '/files': /^(before=|limit=101$)/ };
const ODD_QUERIES = ['limit=5&limit=abc', '__proto__=x', '__proto__[limit]=0', 'constructor=x', 'hasOwnProperty=1', 'toString=1', 'limit[]=5', 'limit[a]=5', 'after=&before=', 'metadata[__proto__]=x', 'metadata[constructor]=x', 'metadata[]=x', 'metadata[a]=%00', `metadata[a]=${'x'.repeat(5000)}`, `metadata[${encodeURIComponent(`"$.a' OR 1=1`)}]=x`, 'run_id=%00', `run_id=${encodeURIComponent(`' OR 1=1`)}`, 'include=x', 'include[]=x', 'include%5B%5D=x', '&&&', '=', '?', '%', '%zz=%zz', '%E0%A4%A', 'a=1&'.repeat(1000), 'a'.repeat(5000), 'order=asc;limit=0', 'after=thread_%00', 'before=msg_%25'];

const BAD_KEYS = ['', 'Bearer', 'Bearer ', 'bearer', 'Basic c2stbG9jYWw6', 'Token sk-local', 'sk-local', 'Bearer sk-wrong', 'Bearer sk-local x', 'Bearer sk-local,', 'Bearer SK-LOCAL', 'Bearer sk-loca', 'Bearer sk-locall', 'Bearer undefined', 'Bearer null', `Bearer ' OR 1=1`, `Bearer ${'x'.repeat(6000)}`, 'Bearer é', 'Bearer \t', 'Bearer Bearer sk-local', 'Digest username="x"', `Bearer sk-local%00`];

const OTHER_METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'TRACE', 'QUERY', 'PROPFIND', 'LOCK', 'SEARCH', 'MKCOL'];
const NO_URLS = ['/', '/v1', '/v1/', '/v2/threads', '/V1/threads', '/v1/Threads', '/v1/threads/', '/v1//threads', '//v1/threads', '/v1/threads/thread_1/unknown', '/v1/file', '/v1/chat/completions', '/v1/threads%2F', '/v1/threads;x=1', '/v1/%74hreads%2fx%2fy%2fz', '/healthz/', '/healthz/x', '/.env', '/v1/../etc/passwd', '/v1/\\', '/favicon.ico'];

const ODD_HEADERS: Record<string, string>[] = [
  ...['text/plain', 'application/xml', 'multipart/form-data', 'application/json; charset=utf-16', '', 'x'.repeat(3000), 'application/x-www-form-urlencoded'].map((type) => ({ 'content-type': type })),
  ...['gzip', 'br', 'deflate', 'zstd', 'identity', 'x, y', ''].map((encoding) => ({ 'content-encoding': encoding })),
  ...['', ' ', 'k', 'k'.repeat(6000), '\u00e9', `' OR 1=1`, '__proto__'].map((key) => ({ 'idempotency-key': key })),
  ...['assistants=v1', 'x', ''].map((beta) => ({ 'openai-beta': beta })),
  ...['https://evil.example', 'null', '', 'http://localhost.evil.example', 'x'.repeat(3000)].map((origin) => ({ origin })),
  ...['wait', '', 'QUEUE', 'queue, queue', '__proto__', 'x'.repeat(3000)].map((whenBusy) => ({ 'x-threadkeep-when-busy': whenBusy })),
  ...['python', '', '__proto__', 'x'.repeat(3000)].map((language) => ({ 'x-stainless-lang': language })),
  ...[{ 'transfer-encoding': 'chunked' }, { expect: '100-continue' }, { range: 'bytes=0-1' }, { 'if-none-match': '*' }, { 'x-http-method-override': 'DELETE' }, { 'x-forwarded-for': '::1' }, { accept: 'text/event-stream' }, { 'accept-encoding': 'x' }, { cookie: 'a=b; '.repeat(500) }, { connection: 'close' }, { te: 'trailers' }, { host: 'evil.example' }, { host: '' }],
];

const withKey = (key: string | null): Record<string, string> => (key === null ? {} : { authorization: key });

/** The families, each with its share of the requests. */
export function badRequests(target: Target): { family: string; share: number; requests: fc.Arbitrary<BadRequest> }[] {
  const bodies = samples(target.ids);
  const textOf = (body: JsonObject | undefined) => (body === undefined ? undefined : JSON.stringify(body));
  const to = (route: Route, ids: Partial<Record<keyof Ids, string>> = target.ids): Sent => ({ method: route.method, path: pathOf(route.pattern, ids), headers: AUTHORIZED, body: textOf(bodies[route.name]) });
  const of = (among: Route[]) => fc.constantFrom(...among);
  // A key must not make a refused request leave something behind: what is remembered is only what was done.
  let keys = 0;
  const maybeKeyed = (request: Sent): fc.Arbitrary<Sent> => fc.boolean().map((keyed) => (keyed ? { ...request, headers: { ...request.headers, 'idempotency-key': `fuzz-${++keys}` } } : request));
  // Outputs are checked against a run that waits for them.
  const idsFor = ({ name }: Route) => (name.endsWith('/submit_tool_outputs') || name.endsWith('/cancel') ? { ...target.ids, ...target.waiting } : target.ids);

  const posts = table.filter(({ method }) => method === 'POST');
  const withBody = posts.flatMap((route) => (bodies[route.name] ? [{ route, body: bodies[route.name] ?? {} }] : []));
  const withParams = table.filter(({ params }) => params.length > 0);
  const lists = table.filter(({ method, pattern }) => method === 'GET' && /\/\w+s$/.test(pattern) && pattern !== '/models' && pattern !== '/webhook_event_types');
  const harmless = table.filter(({ method }) => method !== 'DELETE');

  const family = (name: string, share: number, requests: fc.Arbitrary<Omit<BadRequest, 'family'>>) => ({ family: name, share, requests: requests.map((request) => ({ ...request, family: name })) });
  return [
    family('a body with one thing wrong', 900, fc.constantFrom(...withBody).chain(({ route, body }) => wrongBody(route.name, body).chain((text) => maybeKeyed({ ...to(route, idsFor(route)), body: text }).map((sent) => ({ ...sent, refusedWith: [400] }))))),
    family('a body that is no object', 100, of(withBody.map(({ route }) => route)).chain((route) => noObject.map((body) => ({ ...to(route, idsFor(route)), body, refusedWith: [400] })))),
    family('a body that is no JSON', 350, of(posts).chain((route) => noJson(bodies[route.name]).map((body) => ({ ...to(route, idsFor(route)), body, refusedWith: [400] })))),
    family('a body that is too large', 30, fc.tuple(of(posts), fc.boolean()).map(([route, chunked]) => ({ ...to(route), body: ' '.repeat(MAX_BODY_BYTES + 1), headers: { ...AUTHORIZED, ...(chunked && { 'transfer-encoding': 'chunked' }) }, refusedWith: [413] }))),
    family('a file that is none', 60, fc.constantFrom(...lostFiles(target.ids)).chain(([name, body]) => of(posts.filter((route) => route.name === name)).chain((route) => maybeKeyed({ ...to(route), body: JSON.stringify(body) }).map((sent) => ({ ...sent, refusedWith: [404] }))))),
    family('an id that is none', 500, of(withParams).chain((route) => fc.constantFrom(...route.params).chain((param) => badId(param, target).map((id) => ({ ...to(route, { ...target.ids, [param]: id }), refusedWith: [400, 404, 405] }))))),
    // There a cursor is a name, and any text could be one; and files have long pages, which go one way.
    family('a page that is none', 200, fc.tuple(of(lists), fc.constantFrom(...BAD_PAGES)).filter(([{ pattern }, query]) => !(RIGHT_FOR[pattern]?.test(query) ?? false)).map(([route, query]) => ({ ...to(route), path: `${pathOf(route.pattern, target.ids)}?${query}`, refusedWith: [400] }))),
    family('a key that is none', 200, fc.tuple(of(table), fc.option(fc.constantFrom(...BAD_KEYS))).map(([route, key]) => ({ ...to(route), headers: withKey(key), refusedWith: [401] }))),
    family('a method that is none', 120, of(table).chain((route) => fc.constantFrom(...OTHER_METHODS.filter((method) => !methodsOf(route.pattern).has(method))).map((method) => ({ ...to(route), method, body: undefined, refusedWith: [400, 404, 405] })))),
    family('a URL that is none', 60, fc.tuple(fc.constantFrom(...NO_URLS), fc.constantFrom('GET', 'POST', 'DELETE')).map(([path, method]) => ({ method, path, headers: AUTHORIZED, refusedWith: [400, 404] }))),
    family('an odd body', 200, fc.constantFrom(...withBody).chain(({ route, body }) => strangeBody(body).map((text) => ({ ...to(route), body: text })))),
    family('an odd query', 120, fc.tuple(of(harmless), fc.constantFrom(...ODD_QUERIES)).map(([route, query]) => ({ ...to(route), path: `${pathOf(route.pattern, target.ids)}?${query}` }))),
    family('an odd header', 160, fc.tuple(of(harmless), fc.constantFrom(...ODD_HEADERS)).map(([route, headers]) => ({ ...to(route), headers: { ...AUTHORIZED, ...headers } }))),
  ];
}

/** What a path takes, HEAD and OPTIONS included, as they come with GET and with CORS. */
function methodsOf(pattern: string): Set<string> {
  const own = table.filter((route) => route.pattern === pattern).map(({ method }) => method);
  return new Set([...own, 'OPTIONS', ...(own.includes('GET') ? ['HEAD'] : [])]);
}
