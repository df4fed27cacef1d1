/** Files of an export, or of the hosted service's lists, as requests that any server takes. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** Whole lines of a file, one after the other. */
export interface Piece {
  text: string;
  /** The number of its first line in the file, from 1. */
  firstLine: number;
  /** Of the file, with this piece. */
  bytesRead: number;
}

/** Whether the file that begins with it is an export of ours. */
export const isExport = ({ text }: Piece): boolean => text.startsWith('{"type":"header"');

/** API Gateway takes 10 MB, a Lambda 6 MB, and both count more than the text alone. */
export const MOST_PIECE_BYTES = 4 * 1024 * 1024;

/** JSON Lines as they are; a file that is one JSON value over several lines becomes one line, and a long list several. */
export async function* piecesOf(path: string, mostBytes = MOST_PIECE_BYTES): AsyncGenerator<Piece> {
  let lines: string[] = [];
  let bytes = 0;
  let line = 0;
  let bytesRead = 0;
  const cut = (): Piece => {
    const piece = { text: lines.join(''), firstLine: line - lines.length + 1, bytesRead };
    [lines, bytes] = [[], 0];
    return piece;
  };
  for await (const text of linesOf(path)) {
    const size = Buffer.byteLength(text) + 1;
    if (lines.length > 0 && bytes + size > mostBytes) yield cut();
    line++;
    lines.push(`${text}\n`);
    bytes += size;
    bytesRead += size;
  }
  if (lines.length > 0) yield cut();
}

async function* linesOf(path: string): AsyncGenerator<string> {
  if (await isLines(path)) {
    yield* splitLines(path);
    return;
  }
  for (const value of cutList(JSON.parse(await readFile(path, 'utf8')))) yield JSON.stringify(value);
}

/** Not by node:readline alone: that would also break at U+2028, which JSON has in its texts. */
async function* splitLines(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const [first = '', ...others] = piece.split('\n');
    rest += first;
    for (const next of others) {
      yield rest;
      rest = next;
    }
  }
  if (rest !== '') yield rest;
}

/** Whether the first line that is not blank is a JSON value by itself. */
async function isLines(path: string): Promise<boolean> {
  const input = createReadStream(path, 'utf8');
  try {
    for await (const text of createInterface({ input })) {
      if (text.trim() !== '') return isJson(text);
    }
    return true;
  } finally {
    input.destroy();
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Objects of a list that go in one line. */
const MOST_OBJECTS = 1000;

function cutList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(cutList);
  if (typeof value !== 'object' || value === null || !('data' in value) || !Array.isArray(value.data)) return [value];
  const { data } = value;
  return Array.from({ length: Math.ceil(data.length / MOST_OBJECTS) }, (_, at) => ({ object: 'list', data: data.slice(at * MOST_OBJECTS, (at + 1) * MOST_OBJECTS) as unknown[] }));
}
