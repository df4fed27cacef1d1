/**
 * npm run bench:search [-- quality | speed]
 *
 * The search index in a folder, in this process: how well it finds what answers a question, and how fast. docs/search.md says what of.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSearchIndex } from '../../shared/embedded/search-index.ts';
import { describeMachine } from '../support/machine.ts';
import { type Row, format } from '../support/table.ts';
import { ARTICLES, QUESTIONS } from './corpus/articles.ts';
import { measureQuality } from './quality.ts';
import { measureSpeed } from './speed.ts';

const [part] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'threadkeep-bench-search-'));
const index = makeSearchIndex(folder);
const rows: Row[] = [];
try {
  if (part !== 'speed') {
    const { vector, keyword, hybrid } = await measureQuality(index);
    const shown = ({ recall, mrr }: typeof hybrid) => `recall@5 ${recall.toFixed(3)}, MRR ${mrr.toFixed(3)}`;
    const isBest = [vector, keyword].every(({ recall, mrr }) => hybrid.recall > recall && hybrid.mrr > mrr);
    rows.push({ what: `${QUESTIONS.length} questions about ${ARTICLES.length} articles: vector`, value: shown(vector) }, { what: '… keyword', value: shown(keyword) });
    rows.push({ what: '… hybrid', value: shown(hybrid), aim: 'beats both', met: isBest });
  }
  if (part !== 'quality') rows.push(...(await measureSpeed(index)));
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`Node ${process.version}, ${describeMachine()}\n`);
console.log(format(rows));
