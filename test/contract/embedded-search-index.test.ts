/** The search index in a folder, and what a process leaves in it that dies while it writes. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSearchIndex } from '../../shared/embedded/search-index.ts';
import { describeSearchIndex } from './suites/search-index.ts';
import { PLACE, chunksOf, entry } from './suites/search-index-samples.ts';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'threadkeep index #%20-'));

function filesIn(folder: string): Map<string, Uint8Array> {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  return new Map(names.filter((name) => statSync(join(folder, name)).isFile()).map((name) => [name, readFileSync(join(folder, name))]));
}

describeSearchIndex('embedded', async () => {
  const folder = newFolder();
  return {
    index: makeSearchIndex(join(folder, 'index')),
    another: () => makeSearchIndex(join(folder, 'index')),
    files: async () => filesIn(join(folder, 'index')),
    close: async () => rmSync(folder, { recursive: true }),
  };
});

describe('a process that is killed while it adds and tidies', () => {
  let folder: string;
  beforeEach(() => void (folder = newFolder()));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('leaves whole batches, all that it had been told were in, and a table to go on with', async () => {
    const index = makeSearchIndex(folder);
    let added = 0;
    for (let life = 0; life < 4; life++) {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'children/index-writer.ts'), folder, String(added)], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      for await (const piece of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
        said += piece;
        // Each time at another moment of what it does over and over.
        if (said.split('\n').length > 3 + life * 2) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      expect(child.signalCode).toBe('SIGKILL');
      const told = said.split('\n').filter((line) => line.startsWith('added')).length;
      const { chunks, lastSeq } = await index.standing(PLACE, 'index-written');
      expect([chunks % 20, lastSeq]).toEqual([0, chunks - 1]);
      expect(chunks / 20 - added).toBeGreaterThanOrEqual(told);
      added = chunks / 20;
      expect((await index.search(PLACE, { text: 'batch', limit: 50 })).length).toBe(Math.min(50, chunks));
    }
    await index.add(PLACE, entry('after'), chunksOf(['after the last of them']));
    await index.tidy(PLACE);
    expect((await index.search(PLACE, { text: 'after', limit: 5 })).map(({ text }) => text)).toEqual(['after the last of them']);
    expect((await index.read(PLACE, 'index-written', 0, 1000)).map(({ seq }) => seq)).toEqual(Array.from({ length: added * 20 }, (_, n) => n));
  });
});
