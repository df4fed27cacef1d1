/** How well searches find the article that answers a question: by meaning, by words, and by both. */
import type { SearchIndex } from '../../shared/ports/search-index.ts';
import { ARTICLES, QUESTIONS } from './corpus/articles.ts';
import { LatentSpace } from './latent.ts';

const PLACE = { projectId: 'bench', vectorStoreId: 'vs_quality' };
const DIMENSIONS = 40;
/** What stands behind it is not looked at. */
const DEPTH = 10;

export type Way = 'vector' | 'keyword' | 'hybrid';
export interface Quality {
  /** The share of questions whose article is among the first five. */
  recall: number;
  /** The mean of 1 / rank of that article; 0 where it is not among the first ten. */
  mrr: number;
}

export async function measureQuality(index: SearchIndex): Promise<Record<Way, Quality>> {
  const space = new LatentSpace(ARTICLES.map(({ text }) => text), DIMENSIONS);
  await index.add(PLACE, { fileId: 'file-articles', indexId: 'articles' }, ARTICLES.map(({ text }, seq) => ({ seq, text, overlap: 0, vector: space.vectorOf(text) })));
  await index.tidy(PLACE);
  const ask = async (way: Way): Promise<Quality> => {
    const ranks: number[] = [];
    for (const { text, answer } of QUESTIONS) {
      const hits = await index.search(PLACE, { text: way === 'vector' ? '' : text, vector: way === 'keyword' ? undefined : space.vectorOf(text), limit: DEPTH });
      ranks.push(hits.findIndex(({ seq }) => ARTICLES[seq]?.id === answer) + 1);
    }
    const mean = (scores: number[]) => scores.reduce((sum, score) => sum + score, 0) / scores.length;
    return { recall: mean(ranks.map((rank) => (rank >= 1 && rank <= 5 ? 1 : 0))), mrr: mean(ranks.map((rank) => (rank === 0 ? 0 : 1 / rank))) };
  };
  const qualities = { vector: await ask('vector'), keyword: await ask('keyword'), hybrid: await ask('hybrid') };
  await index.drop(PLACE);
  return qualities;
}
