import { describe, expect, it } from '@jest/globals';
import { InvalidRequestError } from '../../shared/domain/errors.ts';
import { readJson } from '../../shared/http/body.ts';
import { BodyTooLargeError, ClientGoneError } from '../../shared/wire/http-errors.ts';

const LIMIT = 10_000;

type Sent = string | Uint8Array;

/** A request as it comes with a declared length, or in chunks without one. */
const declared = (body: Sent): Request => new Request('http://test/', { method: 'POST', body: new Blob([body instanceof Uint8Array ? new Uint8Array(body) : body]), headers: { 'content-length': String(Buffer.byteLength(body)) } });

function chunked(...pieces: Sent[]): Request {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(Buffer.from(piece));
      controller.close();
    },
  });
  return new Request('http://test/', { method: 'POST', body, duplex: 'half' });
}

const both: [string, (body: Sent) => Request][] = [
  ['with a declared length', declared],
  ['in chunks', chunked],
];

describe.each(both)('a body %s', (_, request) => {
  it.each<[string, unknown]>([
    ['{"a":[1,"x",null]}', { a: [1, 'x', null] }],
    ['[]', []],
    ['5', 5],
    ['null', null],
    ['', undefined],
    [' \r\n\t', undefined],
    ['{"a":1,"a":2}', { a: 2 }],
    ['\ufeff{"a":1}', { a: 1 }],
  ])('%j is read', async (body, value) => {
    expect(await readJson(request(body), LIMIT)).toEqual(value);
  });

  it.each<[string, Sent]>([
    ['cut off', '{"a":'],
    ['followed by more', '{} {}'],
    ['of single quotes', `{'a':1}`],
    ['with NaN', '{"a":NaN}'],
    ['with a control character in a string', '{"a":"\u0000"}'],
    ['of form fields', 'a=1&b=2'],
    ['with bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['in UTF-16', Buffer.from('{"a":1}', 'utf16le')],
  ])('%s is refused in the words of the contract', async (_name, body) => {
    const refused = readJson(request(body), LIMIT);
    await expect(refused).rejects.toBeInstanceOf(InvalidRequestError);
    await expect(refused).rejects.toThrow(/^We could not parse the JSON body of your request\. \(HINT: .* contact us through our help center at help\.openai\.com\.\)$/);
  });

  it('may have exactly as many bytes as are allowed, counted as bytes', async () => {
    const body = (bytes: number) => `"${'é'.repeat((bytes - 2) / 2)}"`;
    expect(await readJson(request(body(LIMIT)), LIMIT)).toBe('é'.repeat((LIMIT - 2) / 2));
    await expect(readJson(request(body(LIMIT + 2)), LIMIT)).rejects.toMatchObject({ limitBytes: LIMIT });
    await expect(readJson(request(body(LIMIT + 2)), LIMIT)).rejects.toBeInstanceOf(BodyTooLargeError);
  });

  it('is refused when it is nested deeper than what later code can carry', async () => {
    const deep = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
    expect(await readJson(request(deep(128)), LIMIT)).toBeDefined();
    for (const body of [deep(129), deep(1500), '['.repeat(4000) + ']'.repeat(4000)]) {
      await expect(readJson(request(body), LIMIT)).rejects.toThrow('The JSON body of your request is nested more than 128 levels deep.');
    }
  });

  it.each(['{"__proto__":1}', '{"a":[{"b":{"__proto__":{}}}]}'])('%s is refused: objects do not take that key', async (body) => {
    await expect(readJson(request(body), LIMIT)).rejects.toMatchObject({ param: '__proto__', code: 'unknown_parameter' });
  });
});

it('a chunked body is read no further than the limit', async () => {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1000;
      controller.enqueue(new Uint8Array(1000).fill(32));
    },
  });
  await expect(readJson(new Request('http://test/', { method: 'POST', body, duplex: 'half' }), LIMIT)).rejects.toBeInstanceOf(BodyTooLargeError);
  expect(pulled).toBeLessThan(LIMIT * 2);
});

it('a client that leaves in mid-body is no error of ours', async () => {
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('aborted')) });
  await expect(readJson(new Request('http://test/', { method: 'POST', body, duplex: 'half' }), LIMIT)).rejects.toBeInstanceOf(ClientGoneError);
});
