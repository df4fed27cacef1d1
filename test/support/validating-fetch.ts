/** A `fetch` for the official clients that checks everything the server answers against the contract. */
import { expectValid, schemaForEvent, schemaForResponse, contractAvailable } from './contract-schema.ts';
import { SseFrames } from './sse-frames.ts';
import { type StreamKind, StreamRules } from './stream-rules.ts';

export interface ValidatingFetch {
  fetch: typeof globalThis.fetch;
  /** Everything found so far, one line each. */
  readonly problems: string[];
  /** Throws with all problems, if there are any. */
  assertClean: () => void;
}

export interface ValidatingFetchOptions {
  /** What precedes the paths of the contract. */
  basePath?: string;
  fetch?: typeof globalThis.fetch;
}

const STREAMS: readonly [RegExp, StreamKind][] = [
  [/^\/threads\/runs$/, 'thread_and_run'],
  [/^\/threads\/[^/]+\/runs$/, 'run'],
  [/^\/threads\/[^/]+\/runs\/[^/]+\/submit_tool_outputs$/, 'submit'],
];
/** Ours alone: a run's stream told again, from the run's beginning. */
const RETOLD = /^\/threads\/[^/]+\/runs\/[^/]+\/stream$/;

/** Wraps `fetch`: answers pass through unchanged, violations are collected. */
export function validatingFetch({ basePath = '/v1', fetch: inner = globalThis.fetch }: ValidatingFetchOptions = {}): ValidatingFetch {
  const problems: string[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await inner(input, init);
    const method = (init?.method ?? (input instanceof Request ? input.method : 'GET')).toUpperCase();
    const { pathname, protocol } = new URL(input instanceof Request ? input.url : input);
    // The clients find out by one of these what this function can do with forms.
    if (protocol === 'data:') return response;
    // A link to where the content of a large file is: what is there is not the server's answer.
    if (response.redirected) return response;
    const report = (problem: string): void => void problems.push(`${method} ${pathname} → ${response.status}: ${problem}`);
    const path = pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : pathname;
    checkHeaders(response.headers, report);
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('text/event-stream')) return checkedStream(response, path, method, report);
    if (response.ok && !type.startsWith('application/json')) return response;
    checkJson(await response.clone().text(), { response, path, method, type, report });
    return response;
  };
  const assertClean = (): void => {
    if (problems.length > 0) throw new Error(`${problems.length} answer(s) broke the contract:\n- ${problems.join('\n- ')}`);
  };
  return { fetch, problems, assertClean };
}

type Report = (problem: string) => void;

function checkHeaders(headers: Headers, report: Report): void {
  for (const name of ['x-request-id', 'openai-version', 'openai-processing-ms']) if (!headers.get(name)) report(`has no header ${name}`);
  const ms = headers.get('openai-processing-ms');
  if (ms !== null && !/^\d+$/.test(ms)) report(`openai-processing-ms is '${ms}', not whole milliseconds`);
}

function checkJson(text: string, { response, path, method, type, report }: { response: Response; path: string; method: string; type: string; report: Report }): void {
  if (!type.startsWith('application/json')) report(`an error is JSON, not '${type}'`);
  let payload: unknown;
  try {
    payload = JSON.parse(text);
  } catch {
    return report(`the body is no JSON: ${text.slice(0, 200)}`);
  }
  if (!response.ok) return checkEnvelope(payload, report);
  if (response.status !== 200) report('success is always 200');
  const schema = schemaForResponse(method, path);
  if (schema !== undefined) attempt(() => expectValid(schema, payload), report);
  else if (contractAvailable) report('the contract has no such operation');
}

/** Exactly what the clients make their exceptions of. */
function checkEnvelope(payload: unknown, report: Report): void {
  const error = typeof payload === 'object' && payload !== null && 'error' in payload ? payload.error : undefined;
  if (typeof error !== 'object' || error === null) return report(`the error envelope is missing: ${JSON.stringify(payload).slice(0, 200)}`);
  const { message, type, param, code } = error as Record<string, unknown>;
  if (typeof message !== 'string' || message === '') report('error.message is no text');
  if (typeof type !== 'string' || type === '') report('error.type is no text');
  for (const [name, value] of Object.entries({ param, code })) if (value !== null && typeof value !== 'string') report(`error.${name} is neither text nor null`);
  if (typeof message === 'string' && /\n\s+at /.test(message)) report('error.message contains a stack trace');
}

function streamKind(method: string, path: string): StreamKind | undefined {
  if (method === 'GET') return RETOLD.test(path) ? 'run' : undefined;
  return method === 'POST' ? STREAMS.find(([pattern]) => pattern.test(path))?.[1] : undefined;
}

/** The same answer, its body checked on its way; a client that leaves early still makes the server notice. */
function checkedStream(response: Response, path: string, method: string, report: Report): Response {
  const kind = streamKind(method, path);
  if (kind === undefined) report('the contract has no stream here');
  if (response.status !== 200) report('a stream has status 200');
  if (response.headers.has('content-length')) report('a stream has no content-length');
  if (!/^text\/event-stream; ?charset=utf-8$/i.test(response.headers.get('content-type') ?? '')) report(`content-type is '${response.headers.get('content-type')}'`);
  if (kind === undefined || !response.body) return response;
  const rules = new StreamRules(kind, report);
  const frames = new SseFrames((frame) => {
    const schema = schemaForEvent(frame.event);
    if (schema !== undefined) attempt(() => expectValid(schema, frame.data), (problem) => report(`${frame.event}: ${problem}`));
    rules.accept(frame);
  }, report);
  let isJudged = false;
  const judge = () => {
    if (!isJudged) rules.end();
    isJudged = true;
  };
  const checker = new TransformStream<Uint8Array, Uint8Array>({
    transform: (bytes, controller) => {
      frames.push(bytes);
      if (frames.isDone) judge();
      controller.enqueue(bytes);
    },
    flush: () => {
      frames.end();
      judge();
    },
  });
  const checked = new Response(response.body.pipeThrough(checker), { status: response.status, statusText: response.statusText, headers: response.headers });
  return Object.defineProperty(checked, 'url', { value: response.url });
}

function attempt(check: () => void, report: Report): void {
  try {
    check();
  } catch (error) {
    report(error instanceof Error ? error.message : String(error));
  }
}
