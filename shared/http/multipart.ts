/** Forms as clients send files in them (contract §7): in any order of their parts, of any length, read once and never held whole. */
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { InvalidRequestError } from '../domain/errors.ts';
import { ClientGoneError } from '../wire/http-errors.ts';

const NOT_A_FORM =
  'We could not parse the body of your request as a form. (HINT: Send it as multipart/form-data, with the boundary in its Content-Type, and with its last boundary at its end.)';

/** Of everything but the file. */
const MOST_FIELDS = 100;
const MOST_FIELD_BYTES = 64 * 1024;
const MOST_HEADER_BYTES = 16 * 1024;

export interface SentFile {
  /** Without folders; undefined when the client gave none. */
  filename: string | undefined;
  /** To be read to its end. */
  content: AsyncIterable<Uint8Array>;
}

export interface FormReader {
  /** The field that holds the file, whether or not its part looks like one. */
  file: string;
  /** Called once for the file, if there is one, while the form is being read; what it rejects with ends the reading. */
  take: (file: SentFile) => Promise<void>;
}

/**
 * The other fields, each as it came first. InvalidRequestError for what is no form, or one with two such files; ClientGoneError when the client leaves
 * before its end. Whatever has been taken by then is the caller's to throw away.
 */
export async function readForm(request: Request, { file, take }: FormReader): Promise<Record<string, string>> {
  const form = openForm(request.headers.get('content-type') ?? '', file);
  const fields = new Map<string, string>();
  const failed = Promise.withResolvers<never>();
  const finished = Promise.withResolvers<void>();
  let hasFailed = false;
  const fail = (error: unknown) => {
    hasFailed = true;
    failed.reject(error);
  };
  let taking: Promise<void> | undefined;

  form.on('file', (_name: string | undefined, content: BusboyFileStream, filename: string | undefined) => {
    // Told by the form itself, too.
    content.on('error', () => undefined);
    if (taking) return fail(twice(file));
    taking = take({ filename: filename || undefined, content });
    taking.catch(fail);
  });
  form.on('field', (name: string | undefined, value: string, _nameTruncated: boolean, isCut: boolean) => {
    if (isCut) fail(new InvalidRequestError(`Invalid '${brief(name)}': the field has more than ${MOST_FIELD_BYTES} bytes.`, brief(name), 'string_above_max_length'));
    else if (name !== undefined && !fields.has(name)) fields.set(name, value);
  });
  form.on('fieldsLimit', () => fail(new InvalidRequestError(`The form has more than ${MOST_FIELDS} fields.`)));
  form.on('filesLimit', () => fail(twice(file)));
  form.on('error', () => fail(new InvalidRequestError(NOT_A_FORM)));
  form.on('finish', () => finished.resolve());

  feed(request.body as ReadableStream<Uint8Array> | null, form, () => hasFailed).catch(fail);
  await Promise.race([finished.promise, failed.promise]);
  await taking;
  return Object.fromEntries(fields);
}

function openForm(contentType: string, file: string): BusboyInstance {
  if (!/^multipart\/form-data\b/i.test(contentType)) throw new InvalidRequestError(NOT_A_FORM);
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      isPartAFile: (name) => name === file,
      limits: { fields: MOST_FIELDS, fieldSize: MOST_FIELD_BYTES, headerSize: MOST_HEADER_BYTES, files: 1 },
    });
  } catch {
    // It has no boundary.
    throw new InvalidRequestError(NOT_A_FORM);
  }
}

/** Hands the body over at the pace at which it is taken. Does not cancel it: that would cut the connection before the answer. */
async function feed(body: ReadableStream<Uint8Array> | null, form: BusboyInstance, hasFailed: () => boolean): Promise<void> {
  const reader = body?.getReader();
  for (;;) {
    // A race of each of these with the failure would keep every piece for as long as the failure does not come.
    const piece = await next(reader);
    if (hasFailed()) return;
    if (piece === undefined) break;
    await written(form, piece);
  }
  form.end();
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<Uint8Array | undefined> {
  try {
    return (await reader?.read())?.value;
  } catch {
    throw new ClientGoneError('the client left before it had sent its body');
  }
}

const written = (form: BusboyInstance, piece: Uint8Array): Promise<void> => new Promise((resolve) => void form.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength), () => resolve()));

const twice = (file: string) => new InvalidRequestError(`Invalid '${file}': expected one file, but the form has several.`, file, 'invalid_value');

const brief = (name: string | undefined): string => (name ?? '').slice(0, 100);
