/** Documents as text. Text is decoded here; whatever needs a parser is read by a process of its own (docs/documents.md). */
import type { Documents } from '../ports/documents.ts';
import { Bytes } from './bytes.ts';
import { runChild } from './child-process.ts';
import { ReadingError } from './failure.ts';
import { errorOf, unsupported } from './failures.ts';
import { type Content, type Kind, contentOf, extensionOf, isRefused, kindByName } from './kinds.ts';
import { LIMITS, type Limits, megabytes } from './limits.ts';
import { clearFolder, openNameless, readAll } from './temp-file.ts';
import { HEAD_BYTES, decode } from './text.ts';
import { Turns } from './turns.ts';

export interface DocumentSettings {
  /** For files that last no longer than a document is read. Nobody else's. */
  folder: string;
  limits?: Partial<Limits> | undefined;
  /** Children at a time. */
  atOnce?: number | undefined;
  /** All that is in a child's environment. */
  environment?: Record<string, string> | undefined;
}

type Reader = (kind: Exclude<Kind, 'text'> | 'zip' | 'ole', head: Uint8Array, bytes: Bytes, signal: AbortSignal | undefined) => AsyncIterable<string>;

export function makeDocuments({ folder, limits, atOnce = 2, environment = {} }: DocumentSettings): Documents {
  const all = { ...LIMITS, ...limits };
  const turns = new Turns(atOnce);
  clearFolder(folder);

  const parse: Reader = async function* (kind, head, bytes, signal) {
    await using input = await openNameless(folder);
    await using output = await openNameless(folder);
    for await (const piece of bytes.all(head)) {
      if (kind === 'html' && bytes.count > all.htmlBytes) throw new ReadingError('too_large', `A page may have ${megabytes(all.htmlBytes)} MB.`);
      await input.appendFile(piece);
    }
    await turns.take(() => runChild({ kind, input: input.fd, output: output.fd, limits: all, environment, signal }), signal);
    yield* decode(new Uint8Array(), readAll(output));
  };

  return {
    refuses: (filename) => (isRefused(filename) ? unsupported(extensionOf(filename)) : undefined),
    async *read(filename, content, signal) {
      const bytes = new Bytes(content, signal);
      try {
        yield* withText(textOf(filename, bytes, signal, parse));
      } catch (error) {
        throw error instanceof ReadingError ? errorOf(error) : error;
      } finally {
        await bytes.close();
      }
    },
  };
}

async function* textOf(filename: string, bytes: Bytes, signal: AbortSignal | undefined, parse: Reader): AsyncIterable<string> {
  if (isRefused(filename)) throw unsupported(extensionOf(filename));
  const head = await bytes.head(HEAD_BYTES);
  if (head.length === 0) throw new ReadingError('empty');
  const content = contentOf(head);
  const kind = kindOf(filename, content);
  try {
    yield* kind === 'text' ? decode(head, bytes.all(head)) : parse(kind, head, bytes, signal);
  } catch (error) {
    // A name that promises nothing, and no text: of a kind that is not known here.
    throw kind === 'text' && error instanceof ReadingError && kindByName(filename) === undefined ? unsupported(extensionOf(filename)) : error;
  }
}

/** The content decides where it shows what it is: many a .doc is something newer. A name that promises text is held to it. */
function kindOf(filename: string, content: Content | undefined): Exclude<Content['kind'], undefined> {
  const named = kindByName(filename);
  if (named === undefined) {
    if (content && !content.kind) throw unsupported(extensionOf(filename));
    return content?.kind ?? 'text';
  }
  // Source code and notes may well begin as a page does.
  if (content === undefined || content.kind === 'html') return named === 'doc' && content ? 'html' : named;
  if (named === 'text') throw new ReadingError('named_wrong', content.name);
  if (content.kind === undefined) throw new ReadingError('damaged', named);
  return content.kind;
}

/** The same, but an error where there is nothing to be read in it. */
async function* withText(pieces: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  let hasText = false;
  for await (const piece of pieces) {
    hasText ||= /\S/.test(piece);
    yield piece;
  }
  if (!hasText) throw new ReadingError('no_text');
}

