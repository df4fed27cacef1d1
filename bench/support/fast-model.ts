/**
 * A Chat Completions endpoint that costs next to nothing: a process of its own, real HTTP, no delay, answers serialised once.
 * Model `tokens-N` answers N tokens, each an SSE event of its own. Prints `ready URL`.
 */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const DEFAULT_TOKENS = 20;
const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

const event = (fields: object): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'bench', ...fields })}\n\n`;
const choice = (delta: object, finish: string | null = null) => ({ choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] });

function serialise(tokens: number): Buffer {
  const usage = { prompt_tokens: 10, completion_tokens: tokens, total_tokens: 10 + tokens };
  return Buffer.from(
    [
      event(choice({ role: 'assistant', content: '' })),
      ...Array.from({ length: tokens }, (_, i) => event(choice({ content: ` token${i % 100}` }))),
      event(choice({}, 'stop')),
      event({ choices: [], usage }),
      'data: [DONE]\n\n',
    ].join(''),
  );
}

const answers = new Map<number, Buffer>();
function answerOf(tokens: number): Buffer {
  const known = answers.get(tokens);
  if (known) return known;
  const made = serialise(tokens);
  answers.set(tokens, made);
  return made;
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  // Only the model's name matters, so the body is searched, not parsed.
  let tokens: number | undefined;
  request.on('data', (piece: Buffer) => {
    const found = tokens === undefined ? /"model":"tokens-(\d+)"/.exec(piece.toString('latin1')) : null;
    if (found) tokens = Number(found[1]);
  });
  request.on('end', () => {
    response.writeHead(200, HEADERS);
    response.end(answerOf(tokens ?? DEFAULT_TOKENS));
  });
}

const server = createServer(answer);
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`));
process.once('SIGTERM', () => process.exit(0));
