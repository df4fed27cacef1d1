import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { InvalidRequestError } from '../../shared/domain/errors.ts';
import { readForm } from '../../shared/http/multipart.ts';
import { ClientGoneError } from '../../shared/wire/http-errors.ts';

const NOT_A_FORM = expect.stringMatching(/^We could not parse the body of your request as a form/);

interface Sent {
  boundary?: string;
  contentType?: string;
  /** How many bytes come at once. */
  pace?: number;
  /** The client leaves at the end of the body. */
  leaves?: boolean;
}

function request(body: string | Buffer, { boundary = 'b', contentType = `multipart/form-data; boundary=${boundary}`, pace = 7, leaves = false }: Sent = {}): Request {
  const bytes = Buffer.from(body);
  let at = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, (at += pace)));
      else if (leaves) controller.error(new Error('aborted'));
      else controller.close();
    },
  });
  return new Request('http://localhost/v1/files', { method: 'POST', headers: { 'content-type': contentType }, body: stream, duplex: 'half' });
}

/** The form as it was read: its fields, and what its file was. */
async function read(sent: Request, file = 'file') {
  const files: { filename: string | undefined; content: string }[] = [];
  const fields = await readForm(sent, {
    file,
    async take({ filename, content }) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of content) chunks.push(chunk);
      files.push({ filename, content: Buffer.concat(chunks).toString() });
    },
  });
  return { fields, files };
}

const part = (disposition: string, content: string, more = '', boundary = 'b') => `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n${content}\r\n`;
const FILE = part('name="file"; filename="a.txt"', 'Hello,\r\n--world', 'Content-Type: application/octet-stream\r\n');
const PURPOSE = part('name="purpose"', 'vision');
const END = '--b--\r\n';

describe('a form', () => {
  const whole = { fields: { purpose: 'vision' }, files: [{ filename: 'a.txt', content: 'Hello,\r\n--world' }] };

  test.each([
    ['with its fields first', PURPOSE + FILE + END],
    ['with its file first', FILE + PURPOSE + END],
    ['with something before and behind it', `before\r\n${FILE}${PURPOSE}${END}behind`],
    ['without a last line end', FILE + PURPOSE + '--b--'],
    ['with a field twice', PURPOSE + FILE + part('name="purpose"', 'batch') + END],
  ])('%s is read', async (_, body) => {
    for (const pace of [1, 2, 3, 16, 65_536]) expect(await read(request(body, { pace }))).toEqual(whole);
  });

  test.each([
    ['a quoted boundary', 'multipart/form-data; boundary="b"'],
    ['other parameters', 'Multipart/Form-Data; charset=utf-8; boundary=b'],
  ])('is read by %s', async (_, contentType) => {
    expect(await read(request(FILE + PURPOSE + END, { contentType }))).toEqual(whole);
  });

  test('with a boundary of odd characters is read', async () => {
    const boundary = "a'()+_,-./:=?b";
    const body = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n1\r\n--${boundary}--\r\n`;

    expect(await read(request(body, { contentType: `multipart/form-data; boundary="${boundary}"` }))).toEqual({ fields: {}, files: [{ filename: 'x', content: '1' }] });
  });

  test.each([
    ['filename="fävourite foods 漢.txt"', 'fävourite foods 漢.txt'],
    [`filename*=UTF-8''f%C3%A4v%20%E6%BC%A2.txt`, 'fäv 漢.txt'],
    ['filename="say \\"hi\\".txt"', 'say "hi".txt'],
    ['filename="../../etc/passwd"', 'passwd'],
    ['filename="C:\\\\fakepath\\\\a.txt"', 'a.txt'],
    ['filename=""', undefined],
  ])('has its file under the name of %s', async (disposition, filename) => {
    const { files } = await read(request(part(`name="file"; ${disposition}`, 'x') + END));

    expect(files).toEqual([{ filename, content: 'x' }]);
  });

  test('may have its content in a part that does not look like a file', async () => {
    expect(await read(request(part('name="data"', 'x') + END), 'data')).toEqual({ fields: {}, files: [{ filename: undefined, content: 'x' }] });
  });

  test('may have an empty file, and none', async () => {
    expect((await read(request(part('name="file"; filename="e"', '') + PURPOSE + END))).files).toEqual([{ filename: 'e', content: '' }]);
    expect(await read(request(PURPOSE + END))).toEqual({ fields: { purpose: 'vision' }, files: [] });
    expect(await read(request(END))).toEqual({ fields: {}, files: [] });
  });

  test('of any bytes comes as it was', async () => {
    const bytes = Buffer.alloc(300_000, 'x\r\n--b\r\n-');
    const content = Buffer.from(bytes.toString().replaceAll('\r\n--b', '\r\n--c'));
    const body = Buffer.concat([Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'), content, Buffer.from('\r\n' + PURPOSE + END)]);

    const { files } = await read(request(body, { pace: 4093 }));

    expect(createHash('sha256').update(files[0]?.content ?? '').digest('hex')).toBe(createHash('sha256').update(content).digest('hex'));
  });
});

describe('what is no form', () => {
  test.each([
    ['nothing', ''],
    ['other text', 'Hello'],
    ['another boundary', FILE.replaceAll('--b', '--c') + '--c--'],
    ['a part without its end', FILE.slice(0, -3)],
    ['a form without its end', FILE + PURPOSE],
    ['a field without its end', PURPOSE.slice(0, -4)],
    ['headers without their end', '--b\r\nContent-Disposition: form-data; name="file"'],
    ['a boundary and nothing', '--b'],
  ])('%s is refused', async (_, body) => {
    for (const pace of [1, 5, 65_536]) await expect(read(request(body, { pace }))).rejects.toMatchObject({ message: NOT_A_FORM });
  });

  test.each([['application/json'], ['multipart/form-data'], ['multipart/mixed; boundary=b'], ['text/plain']])('a body that is said to be %s is refused', async (contentType) => {
    await expect(read(request(FILE + END, { contentType }))).rejects.toMatchObject({ message: NOT_A_FORM });
  });

  test('every beginning of a form is refused, or ends with its client', async () => {
    const body = Buffer.from(FILE + PURPOSE + END);
    for (let length = 0; length < body.length - 4; length++) {
      await expect(read(request(body.subarray(0, length), { pace: 64 }))).rejects.toBeInstanceOf(InvalidRequestError);
      await expect(read(request(body.subarray(0, length), { pace: 64, leaves: true }))).rejects.toBeInstanceOf(ClientGoneError);
    }
  });

  test('two files are one too many', async () => {
    await expect(read(request(FILE + FILE + PURPOSE + END))).rejects.toMatchObject({ message: "Invalid 'file': expected one file, but the form has several.", param: 'file' });
  });

  test('fields that are too many or too large are refused', async () => {
    await expect(read(request(part('name="f"', 'x').repeat(101) + END, { pace: 999 }))).rejects.toMatchObject({ message: 'The form has more than 100 fields.' });
    await expect(read(request(part('name="purpose"', 'x'.repeat(65_537)) + END, { pace: 999 }))).rejects.toMatchObject({ message: "Invalid 'purpose': the field has more than 65536 bytes.", param: 'purpose' });
  });

  test('a file that nobody wants any more is not read on', async () => {
    const error = new Error('enough');
    const endless = new Request('http://localhost/', { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=b' }, body: endlessFile(), duplex: 'half' });

    await expect(readForm(endless, { file: 'file', take: () => Promise.reject(error) })).rejects.toBe(error);
  });
});

function endlessFile(): ReadableStream<Uint8Array> {
  let isBegun = false;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(Buffer.from(isBegun ? 'x'.repeat(65_536) : FILE.slice(0, -2)));
      isBegun = true;
    },
  });
}
