import { InvalidRequestError } from '../domain/errors.ts';
import { BodyTooLargeError, ClientGoneError } from '../wire/http-errors.ts';

const NOT_JSON =
  "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble figuring out how to fix this, please contact us through our help center at help.openai.com.)";

/** Deeper than any sensible schema, and shallow enough for every recursive function that the value will meet. */
const DEEPEST = 128;

/** The JSON body, or undefined when there is none, whatever the content type says. Stops reading past `limitBytes`. */
export async function readJson(request: Request, limitBytes: number): Promise<unknown> {
  const bytes = await readBytes(request, limitBytes);
  const value = parse(bytes);
  checkShape(value, 0);
  return value;
}

/** Bytes that are not UTF-8 are refused: replaced, they would be stored as something that nobody has sent. */
function parse(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.trim() === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    throw new InvalidRequestError(NOT_JSON);
  }
}

/** Refuses what later code could not carry: endless nesting, and the one key that objects do not take as a key. */
export function checkShape(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth === DEEPEST) throw new InvalidRequestError(`The JSON body of your request is nested more than ${DEEPEST} levels deep.`);
  if (Object.hasOwn(value, '__proto__')) throw new InvalidRequestError("Unknown parameter: '__proto__'.", '__proto__', 'unknown_parameter');
  for (const part of Object.values(value)) checkShape(part, depth + 1);
}

async function readBytes(request: Request, limitBytes: number): Promise<Uint8Array> {
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > limitBytes) throw new BodyTooLargeError(limitBytes);
  try {
    // Node's server reads exactly as many bytes as were declared.
    if (declared !== null) return new Uint8Array(await request.arrayBuffer());
    return await readChunks(request.body as ReadableStream<Uint8Array> | null, limitBytes);
  } catch (error) {
    if (error instanceof BodyTooLargeError) throw error;
    throw new ClientGoneError('the client left before it had sent its body');
  }
}

async function readChunks(body: ReadableStream<Uint8Array> | null, limitBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body ?? []) {
    size += piece.byteLength;
    if (size > limitBytes) throw new BodyTooLargeError(limitBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
