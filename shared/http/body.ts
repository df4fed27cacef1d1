import { InvalidRequestError } from '../domain/errors.ts';
import { BodyTooLargeError } from '../wire/http-errors.ts';

const NOT_JSON =
  "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble figuring out how to fix this, please contact us through our help center at help.openai.com.)";

/** The JSON body, or undefined when there is none, whatever the content type says. Stops reading past `limitBytes`. */
export async function readJson(request: Request, limitBytes: number): Promise<unknown> {
  const text = await readText(request, limitBytes);
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InvalidRequestError(NOT_JSON);
  }
}

async function readText(request: Request, limitBytes: number): Promise<string> {
  const declared = request.headers.get('content-length');
  if (declared !== null) {
    if (Number(declared) > limitBytes) throw new BodyTooLargeError(limitBytes);
    // Node's server reads exactly as many bytes as were declared.
    return request.text();
  }
  if (!request.body) return '';
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request.body as ReadableStream<Uint8Array>) {
    size += piece.byteLength;
    if (size > limitBytes) throw new BodyTooLargeError(limitBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
