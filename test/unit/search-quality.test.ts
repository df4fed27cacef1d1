/** The question set of `npm run bench:search`: searches by meaning and words together must find more than either alone. */
import { expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ARTICLES, QUESTIONS } from '../../bench/search/corpus/articles.ts';
import { measureQuality } from '../../bench/search/quality.ts';
import { makeSearchIndex } from '../../shared/embedded/search-index.ts';

test('hybrid search beats both of its parts', async () => {
  expect([ARTICLES.length >= 200, QUESTIONS.length >= 100, new Set(ARTICLES.map(({ text }) => text)).size]).toEqual([true, true, ARTICLES.length]);
  const folder = mkdtempSync(join(tmpdir(), 'threadkeep-quality-'));
  const { vector, keyword, hybrid } = await measureQuality(makeSearchIndex(folder));
  rmSync(folder, { recursive: true });
  for (const { recall, mrr } of [vector, keyword]) {
    expect(hybrid.recall).toBeGreaterThan(recall);
    expect(hybrid.mrr).toBeGreaterThan(mrr);
  }
  expect(hybrid.recall).toBeGreaterThan(0.75);
});
