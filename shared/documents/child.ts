/**
 * The main module of the process that reads one document: `child.ts <kind> <limits as JSON>`. Standard input: closed when the parent is gone. 3: one verdict goes
 * there. 4: the document. 5: its text. It imports nothing from outside this folder but parsers, and may open nothing but its own code.
 */
import { writeSync } from 'node:fs';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { ReadingError } from './failure.ts';
import { Document } from './document.ts';
import { readDocument } from './formats/index.ts';
import type { Limits } from './limits.ts';
import { TextFile } from './text-file.ts';
import { watch } from './watch.ts';

const VERDICT = 3;
const DOCUMENT = 4;
const TEXT = 5;

const say = (verdict: object): void => void writeSync(VERDICT, JSON.stringify(verdict));

function whatIsWrong(error: unknown, kind: string, limits: Limits) {
  if (error instanceof ReadingError) return { reason: error.reason, detail: error.detail };
  if (error instanceof RangeError && /call stack/.test(error.message)) return { reason: 'too_deep', detail: '' };
  // What is too large for one string or array is too large for what memory there is.
  if (error instanceof RangeError && /allocation|Invalid (array|string|typed array) length/.test(error.message)) return { reason: 'too_hungry', detail: String(limits.memoryBytes / 1024 / 1024) };
  return { reason: 'damaged', detail: kind };
}

async function main(kind: string, limits: Limits): Promise<void> {
  // It is there before the document is touched: no parser can keep it from its work.
  const watcher = new Worker(new URL(import.meta.url), { workerData: limits, stdout: false });
  await new Promise((resolve, reject) => watcher.once('message', resolve).once('error', reject));
  try {
    await readDocument(kind, { document: new Document(DOCUMENT), text: new TextFile(TEXT, limits.textBytes), limits });
    say({ ok: true });
  } catch (error) {
    say({ ok: false, ...whatIsWrong(error, kind, limits) });
  }
  // What a parser has left running is nobody's concern.
  process.exit(0);
}

if (isMainThread) await main(String(process.argv[2]), JSON.parse(String(process.argv[3])) as Limits);
else watch(workerData as Limits, say);
