/** The process that reads a document: it ends with whoever wanted the text, sees nothing of ours and leaves nothing behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from '@jest/globals';
import { makeDocuments } from '../../shared/documents/index.ts';
import { doc } from '../support/documents/doc.ts';
import { pdf } from '../support/documents/pdf.ts';
import { streamOf, textOf } from '../support/documents/reading.ts';

const folder = mkdtempSync(join(tmpdir(), 'threadkeep-documents-'));
afterAll(() => rmSync(folder, { recursive: true }));
/** Its chain of sectors leads back to itself: the parser never comes out of it. */
const endless = () => streamOf(doc('Hello', { loop: true }));
const FOREVER_MS = 3_600_000;

/** The children that were given this time limit, by which a test knows its own. */
function childrenWith(timeMs: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(`"timeMs":${timeMs},`) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

it('ends at its time', async () => {
  const timeMs = 1501;
  await expect(textOf(makeDocuments({ folder, limits: { timeMs } }).read('a.doc', endless()))).rejects.toMatchObject({ code: 'invalid_file', message: 'The file could not be parsed within 1.501 seconds.' });
  expect(childrenWith(timeMs)).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

it('has an empty environment, and ends when its reader is told to', async () => {
  const timeMs = FOREVER_MS + 2;
  const stop = new AbortController();
  const reading = textOf(makeDocuments({ folder, limits: { timeMs } }).read('a.doc', endless(), stop.signal)).catch((error: unknown) => error);
  await until(() => childrenWith(timeMs).length === 1);
  const [pid] = childrenWith(timeMs);
  expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).toBe('');
  expect(readdirSync(folder)).toEqual([]);
  stop.abort(new Error('enough'));
  expect(await reading).toEqual(new Error('enough'));
  expect(childrenWith(timeMs)).toEqual([]);
});

it('waits for its turn, and never begins when it is told to stop before', async () => {
  const timeMs = FOREVER_MS + 3;
  const [first, second] = [new AbortController(), new AbortController()];
  const documents = makeDocuments({ folder, limits: { timeMs }, atOnce: 1 });
  const begun = textOf(documents.read('a.doc', endless(), first.signal)).catch((error: unknown) => error);
  await until(() => childrenWith(timeMs).length === 1);
  const waiting = textOf(documents.read('a.doc', endless(), second.signal)).catch((error: unknown) => error);
  second.abort(new Error('second'));
  first.abort(new Error('first'));
  expect(await Promise.all([begun, waiting])).toEqual([new Error('first'), new Error('second')]);
  expect(await textOf(documents.read('a.pdf', streamOf(pdf('Hello'))))).toBe('Hello\n\n');
});

it('ends when the server is killed', async () => {
  const timeMs = FOREVER_MS + 4;
  const server = spawn(process.execPath, ['--no-warnings', fileURLToPath(new URL('../support/documents/endless-reader.ts', import.meta.url)), folder, String(timeMs)], { stdio: 'ignore' });
  await until(() => childrenWith(timeMs).length === 1);
  server.kill('SIGKILL');
  await once(server, 'exit');
  await until(() => childrenWith(timeMs).length === 0);
  expect(readdirSync(folder)).toEqual([]);
});

it('what a killed server may have left is removed at the next start', () => {
  writeFileSync(join(folder, 'document-left'), 'text');
  makeDocuments({ folder });
  expect(readdirSync(folder)).toEqual([]);
});

it('a reader that stops early has the source closed', async () => {
  let isClosed = false;
  const source = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(Buffer.from('more and more\n'.repeat(100))), cancel: () => void (isClosed = true) });
  for await (const piece of makeDocuments({ folder }).read('a.txt', source)) {
    expect(piece).toMatch(/^more/);
    break;
  }
  expect(isClosed).toBe(true);
});

it('an aborted reader of text has the source closed, also while it waits for more', async () => {
  let isClosed = false;
  const stop = new AbortController();
  const source = new ReadableStream<Uint8Array>({ cancel: () => void (isClosed = true) });
  const reading = textOf(makeDocuments({ folder }).read('a.txt', source, stop.signal));
  stop.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
  expect(isClosed).toBe(true);
});

it('a source that breaks is no fault of the document', async () => {
  const source = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error('the disk is gone')) });
  await expect(textOf(makeDocuments({ folder }).read('a.txt', source))).rejects.toThrow(new Error('the disk is gone'));
});
