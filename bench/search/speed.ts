/** How long indexing and searching take, and what they hold in memory. */
import type { Chunk, SearchIndex } from '../../shared/ports/search-index.ts';
import { percentile } from '../support/measure.ts';
import { type Row, held, mb, ms, number } from '../support/table.ts';
import { MadeUp } from './made-up.ts';

const PLACE = { projectId: 'bench', vectorStoreId: 'vs_speed' };
const DIMENSIONS = 256;
const WORDS = 500;
const CHUNKS_OF_FILE = 100;
/** As one request for vectors brings them. */
const AT_ONCE = 500;
const FIRST = 10_000;
const ALL = 100_000;
const SEARCHES = 300;
const LIMIT = 20;

export async function measureSpeed(index: SearchIndex): Promise<Row[]> {
  const made = new MadeUp(DIMENSIONS);
  const idle = rss();
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, rss())), 50);
  let spentMs = 0;
  const addUpTo = async (from: number, to: number) => {
    for (let at = from; at < to; at += AT_ONCE) {
      const chunks = Array.from({ length: AT_ONCE }, (_, n): Chunk => ({ seq: (at + n) % CHUNKS_OF_FILE, text: made.text(WORDS), overlap: 0, vector: made.vector() }));
      const began = performance.now();
      for (let n = 0; n < AT_ONCE; n += CHUNKS_OF_FILE) {
        const file = (at + n) / CHUNKS_OF_FILE;
        await index.add(PLACE, { fileId: `file-${file}`, indexId: `index-${file}` }, chunks.slice(n, n + CHUNKS_OF_FILE));
      }
      spentMs += performance.now() - began;
    }
    const began = performance.now();
    await index.tidy(PLACE);
    spentMs += performance.now() - began;
  };
  await addUpTo(0, FIRST);
  const rows = [held(`${number(FIRST)} chunks of ${WORDS} words, vectors of ${DIMENSIONS}, added in files of ${CHUNKS_OF_FILE} and tidied`, spentMs / 1000, (s) => `${number(s)} s`, { most: 30 })];
  rows.push({ what: 'memory above idle meanwhile', value: mb(peak - idle) });
  await addUpTo(FIRST, ALL);
  rows.push({ what: `${number(ALL)} chunks likewise`, value: `${number(spentMs / 1000)} s` }, { what: 'memory above idle meanwhile', value: mb(peak - idle) });
  clearInterval(watch);
  const ways = { vector: [true, false], keyword: [false, true], hybrid: [true, true] } as const;
  for (const [way, [byMeaning, byWords]] of Object.entries(ways)) {
    const took: number[] = [];
    for (let n = 0; n < SEARCHES; n++) {
      const query = { text: byWords ? made.text(8) : '', vector: byMeaning ? made.vector() : undefined, limit: LIMIT };
      const began = performance.now();
      await index.search(PLACE, query);
      took.push(performance.now() - began);
    }
    rows.push(held(`${way} search in ${number(ALL)} chunks, p50`, percentile(took, 0.5), ms, { most: 15 }), held(`${way} search, p99`, percentile(took, 0.99), ms, { most: 50 }));
  }
  rows.push({ what: 'memory above idle after these', value: mb(rss() - idle) });
  await index.drop(PLACE);
  return rows;
}

const rss = (): number => process.memoryUsage().rss / 1024 / 1024;
