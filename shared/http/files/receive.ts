import { Incoming, TooManyBytesError } from '../../actions/receive-content.ts';
import { ContentTooLargeError } from '../../wire/http-errors.ts';
import { missingPart } from '../../wire/requests/files.ts';
import type { Call } from '../endpoint.ts';
import { readForm } from '../multipart.ts';

/** A body that has more of them than its content may is not worth reading. */
const MOST_AROUND_BYTES = 1024 * 1024;

interface Expected<T> {
  /** The field that holds the content. */
  field: string;
  what: 'file' | 'part';
  mostBytes: number;
  /** Makes a record of what has come in. */
  make: (received: { incoming: Incoming; fields: Record<string, string>; filename: string | undefined }) => Promise<T>;
}

/** Takes in the content that a form brings, and has something made of it; whatever goes wrong on the way, the content goes. */
export async function receive<T>(call: Call<unknown, unknown>, { field, what, mostBytes, make }: Expected<T>): Promise<T> {
  const { world, projectId, request, maxUploadBytes = Infinity } = call;
  const limit = Math.min(mostBytes, maxUploadBytes);
  if (Number(call.header('content-length') ?? 0) > limit + MOST_AROUND_BYTES) throw new ContentTooLargeError(what, limit);
  const incoming = new Incoming(world, projectId, { isHashed: call.header('idempotency-key') !== undefined });
  let file: { filename: string | undefined } | undefined;
  try {
    const fields = await readForm(request, {
      file: field,
      async take({ filename, content }) {
        file = { filename };
        await incoming.take(content, limit);
      },
    });
    if (!file) throw missingPart(field);
    const { filename } = file;
    // Boundaries are made anew for each try, so what is the same about two requests is what they say.
    call.sent.body = { fields: Object.entries(fields).sort(), filename, bytes: incoming.bytes, digest: incoming.digest() };
    return await make({ incoming, fields, filename });
  } catch (error) {
    await incoming.discard();
    throw error instanceof TooManyBytesError ? new ContentTooLargeError(what, limit) : error;
  }
}
