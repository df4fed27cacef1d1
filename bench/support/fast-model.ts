/**
 * A Chat Completions endpoint that costs next to nothing: a process of its own, real HTTP, no delay, answers serialised once.
 * Model `tokens-N` answers N tokens, each an SSE event of its own; `code-N` calls code_interpreter first, with 1+1, and `nothing-N` a function that does
 * not exist. Prints `ready URL`.
 */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const DEFAULT_TOKENS = 20;
const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

const event = (fields: object): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'bench', ...fields })}\n\n`;
const choice = (delta: object, finish: string | null = null) => ({ choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] });

const serialise = (deltas: object[], finish: string): Buffer =>
  Buffer.from(
    [
      ...deltas.map((delta) => event(choice(delta))),
      event(choice({}, finish)),
      event({ choices: [], usage: { prompt_tokens: 10, completion_tokens: deltas.length - 1, total_tokens: 9 + deltas.length } }),
      'data: [DONE]\n\n',
    ].join(''),
  );

const serialiseText = (tokens: number): Buffer =>
  serialise([{ role: 'assistant', content: '' }, ...Array.from({ length: tokens }, (_, i) => ({ content: ` token${i % 100}` }))], 'stop');

const serialiseCall = (name: string, args: object): Buffer =>
  serialise([{ role: 'assistant', content: null, tool_calls: [{ index: 0, id: 'call_bench', type: 'function', function: { name, arguments: '' } }] }, { tool_calls: [{ index: 0, function: { arguments: JSON.stringify(args) } }] }], 'tool_calls');

const CALLS: Record<string, Buffer> = { code: serialiseCall('code_interpreter', { code: '1+1' }), nothing: serialiseCall('nothing', {}) };

const answers = new Map<number, Buffer>();
function answerOf(tokens: number): Buffer {
  const known = answers.get(tokens);
  if (known) return known;
  const made = serialiseText(tokens);
  answers.set(tokens, made);
  return made;
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  // Little but the model's name matters, so the body is searched, not parsed.
  let found: RegExpExecArray | null = null;
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => {
    found ??= /"model":"(tokens|code|nothing)-(\d+)"/.exec(piece.toString('latin1'));
    pieces.push(piece);
  });
  request.on('end', () => {
    const [, kind = 'tokens', tokens = DEFAULT_TOKENS] = found ?? [];
    const call = CALLS[kind];
    const isFirst = call !== undefined && !Buffer.concat(pieces).includes('"role":"tool"');
    response.writeHead(200, HEADERS);
    response.end(isFirst ? call : answerOf(Number(tokens)));
  });
}

const server = createServer(answer);
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`));
process.once('SIGTERM', () => process.exit(0));
