/** npm run import -- FILE…: brings exports, and lists as the hosted service returned them, into a running server. */
import { stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { WireImport } from '../shared/wire/import.ts';
import { EnvError, readEnv } from './env.ts';
import { MOST_PIECE_BYTES, type Piece, isExport, piecesOf } from './import-pieces.ts';
import { Totals } from './import-totals.ts';

const USAGE = `npm run import -- FILE… [--url URL] [--key KEY] [--dry-run]

FILE       an export (JSON Lines), or what the hosted API's lists of assistants, threads and messages returned, in that order
--url      of the server, as clients have it; http://127.0.0.1:4010/v1 unless HOST and PORT say otherwise
--key      an API key of the project that the records go to; sk-local
--dry-run  says what would happen, and changes nothing`;

const TRIES = 5;
const FIRST_PAUSE_MS = 500;

interface Target {
  url: string;
  key: string;
}

async function main(args: string[]): Promise<number> {
  const { HOST, PORT } = readEnv();
  const { positionals: files, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { url: { type: 'string', default: `http://${HOST}:${PORT}/v1` }, key: { type: 'string', default: 'sk-local' }, 'dry-run': { type: 'boolean', default: false } },
  });
  if (files.length === 0) {
    console.error(USAGE);
    return 1;
  }
  const target = { url: values.url.replace(/\/$/, ''), key: values.key };
  const totals = new Totals();
  if (values['dry-run']) await tryFiles(target, files, totals);
  else for (const file of files) await sendFile(target, file, totals);
  console.log(totals.summary(values['dry-run']));
  return totals.isClean ? 0 : 1;
}

async function* watched(file: string, totals: Totals): AsyncGenerator<Piece> {
  totals.begin(file);
  for await (const piece of piecesOf(file)) {
    totals.piece(piece);
    yield piece;
  }
}

async function sendFile(target: Target, file: string, totals: Totals): Promise<void> {
  const { size } = await stat(file);
  for await (const { text, firstLine, bytesRead } of watched(file, totals)) {
    totals.add(await insist(() => send(target, '', text)), (line) => `${file}:${line + firstLine - 1}`);
    progress(file, Math.min(bytesRead / size, 1));
  }
  totals.end();
  endProgress();
}

/** A dry run looks for what something hangs under in the same request: an export has that itself, dumps of lists have it in one another. */
async function tryFiles(target: Target, files: readonly string[], totals: Totals): Promise<void> {
  const dumps: string[] = [];
  for (const file of files) {
    if (await isExportFile(file)) await tryTogether(target, [file], totals);
    else dumps.push(file);
  }
  if (dumps.length > 0) await tryTogether(target, dumps, totals);
}

async function isExportFile(file: string): Promise<boolean> {
  for await (const piece of piecesOf(file)) return isExport(piece);
  return false;
}

const TOO_LONG_TO_TRY = `A dry run is one request, and this one has more than ${MOST_PIECE_BYTES / 1024 / 1024} MB, which a server on AWS does not take. Try a part of it, or import it into a project that was made for that.`;

async function tryTogether(target: Target, files: readonly string[], totals: Totals): Promise<void> {
  const begins: Begin[] = [];
  const pieces = allOf(files, totals, begins);
  let bytes = 0;
  for (const file of files) bytes += (await stat(file)).size;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await pieces.next();
      if (next.done === true) controller.close();
      else controller.enqueue(Buffer.from(next.value.text));
    },
  });
  try {
    totals.add(await send(target, '?dry_run=true', body), (line) => placeOf(begins, line));
  } catch (error) {
    if (bytes <= MOST_PIECE_BYTES || !(error instanceof Error)) throw error;
    throw new Error(`${error.message}\n${TOO_LONG_TO_TRY}`, { cause: error });
  }
  totals.end();
}

/** Lines of the request that come before a file's own. */
interface Begin {
  file: string;
  before: number;
}

async function* allOf(files: readonly string[], totals: Totals, begins: Begin[]): AsyncGenerator<Piece> {
  let before = 0;
  for (const file of files) {
    begins.push({ file, before });
    for await (const piece of watched(file, totals)) {
      before += piece.text.split('\n').length - 1;
      yield piece;
    }
  }
}

function placeOf(begins: readonly Begin[], line: number): string {
  const begin = begins.findLast(({ before }) => before < line);
  return `${begin?.file}:${line - (begin?.before ?? 0)}`;
}

class ServerError extends Error {}

async function send({ url, key }: Target, query: string, body: string | ReadableStream<Uint8Array>): Promise<WireImport> {
  const response = await fetch(`${url}/imports${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
    body,
    ...(typeof body !== 'string' && { duplex: 'half' }),
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text) as WireImport;
  const message = `${url} answered ${response.status}: ${text.slice(0, 500)}`;
  throw response.status >= 500 ? new ServerError(message) : new Error(message);
}

/** What has been brought already is left as it is, so that sending a piece again does no harm. */
async function insist(act: () => Promise<WireImport>): Promise<WireImport> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      // fetch fails with a TypeError when there is no answer at all.
      if (tries === TRIES || !(error instanceof ServerError || error instanceof TypeError)) throw error;
      await pause(FIRST_PAUSE_MS * 2 ** (tries - 1));
    }
  }
}

const WIDTH = 30;

function progress(file: string, part: number): void {
  if (!process.stderr.isTTY) return;
  const full = Math.round(part * WIDTH);
  process.stderr.write(`\r${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${String(Math.round(part * 100)).padStart(3)} % ${file}`);
}

const endProgress = (): void => void (process.stderr.isTTY && process.stderr.write('\n'));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error;
  console.error(isUsage ? `${error.message}\n${USAGE}` : error instanceof EnvError || error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
