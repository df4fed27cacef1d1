import { describe, expect, it } from '@jest/globals';
import type { SearchIndex } from '../../../shared/ports/search-index.ts';
import { PLACE, bare, chunksOf, entry, meaning } from './search-index-samples.ts';

const ANIMALS = ['the brown fox jumps', 'a lazy dog sleeps', 'an owl hunts at night', 'bees fly over flowers'];

/** What can be asked of a search index, and in what order it answers. */
export function describeIndexQueries(theIndex: () => SearchIndex): void {
  describe('queries', () => {
    it('finds by words, by their stems and in any case, best first', async () => {
      const index = theIndex();
      await index.add(PLACE, entry('a'), bare([...ANIMALS, 'Foxes and a fox, fox, fox']));
      await index.tidy(PLACE);
      const hits = await index.search(PLACE, { text: 'FOXES?', limit: 5 });
      expect(hits.map(({ seq }) => seq)).toEqual([4, 0]);
      expect(hits[0]).toEqual({ fileId: 'file-a', indexId: 'index-a', seq: 4, text: 'Foxes and a fox, fox, fox', score: 1, best: { words: expect.any(Number) } });
      expect(hits[1]?.score).toBeGreaterThan(0);
      expect(hits[1]?.score).toBeLessThan(1);
      expect(await index.search(PLACE, { text: 'fox owl', limit: 2 })).toHaveLength(2);
      expect(await index.search(PLACE, { text: 'fox', limit: 0 })).toEqual([]);
    });

    it('finds by meaning what has no word of the question', async () => {
      const index = theIndex();
      await index.add(PLACE, entry('a'), chunksOf(ANIMALS));
      const hits = await index.search(PLACE, { text: '…', vector: meaning('a lazy dog sleeps'), limit: 2 });
      expect(hits[0]).toMatchObject({ seq: 1, score: 1 });
      expect(hits).toHaveLength(2);
    });

    it('fuses the two: first in both is 1, first in one of them a half', async () => {
      const index = theIndex();
      await index.add(PLACE, entry('a'), chunksOf(ANIMALS));
      const both = await index.search(PLACE, { text: 'fox', vector: meaning('the brown fox jumps'), limit: 4 });
      expect(both[0]).toMatchObject({ seq: 0, score: 1 });
      const apart = await index.search(PLACE, { text: 'owl', vector: meaning('the brown fox jumps'), limit: 4 });
      expect(apart.map(({ seq }) => seq).slice(0, 2).toSorted()).toEqual([0, 2]);
      expect(apart.every(({ score }, at) => score >= 0 && score <= (apart[at - 1]?.score ?? 1))).toBe(true);
      expect(apart.find(({ seq }) => seq === 0)?.score).toBeCloseTo(0.5, 10);
    });

    it('takes no account of how long vectors are', async () => {
      const index = theIndex();
      const scaled = (text: string, by: number) => meaning(text).map((value) => value * by);
      await index.add(PLACE, entry('a'), ANIMALS.map((text, seq) => ({ seq, text, overlap: 0, vector: scaled(text, 10 ** (seq * 4 - 8)) })));
      for (const [seq, text] of ANIMALS.entries()) expect((await index.search(PLACE, { text: '', vector: scaled(text, 5), limit: 1 }))[0]?.seq).toBe(seq);
      expect(await index.search(PLACE, { text: '', vector: new Float32Array(32), limit: 1 })).toEqual([]);
    });

    it('has chunks without vectors beside chunks with, whichever come first', async () => {
      const index = theIndex();
      await index.add(PLACE, entry('a'), bare(['fox without a vector']));
      expect((await index.search(PLACE, { text: 'fox', vector: meaning('fox'), limit: 5 }))[0]).toMatchObject({ fileId: 'file-a', score: 1 });
      await index.add(PLACE, entry('b'), chunksOf(['fox with a vector', 'owl with a vector']));
      await index.add(PLACE, entry('c'), [...bare(['late fox without']), ...chunksOf(['late fox with'], 1), { seq: 2, text: 'fox of no direction', overlap: 0, vector: new Float32Array(32) }]);
      for (let rounds = 0; rounds < 2; rounds++) {
        const hits = await index.search(PLACE, { text: 'fox', vector: meaning('fox with a vector'), limit: 50 });
        expect(hits[0]).toMatchObject({ fileId: 'file-b', seq: 0 });
        expect(hits.map(({ indexId, seq }) => `${indexId} ${seq}`).toSorted()).toEqual(['index-a 0', 'index-b 0', 'index-b 1', 'index-c 0', 'index-c 1', 'index-c 2']);
        await index.tidy(PLACE);
      }
    });

    it('refuses vectors of another length, and adds nothing of them', async () => {
      const index = theIndex();
      await index.add(PLACE, entry('a'), chunksOf(ANIMALS));
      const short = { seq: 0, text: 'fox', overlap: 0, vector: Float32Array.of(1, 2) };
      await expect(index.add(PLACE, entry('b'), [...bare(['fox']), { ...short, seq: 1 }])).rejects.toThrow('vectors of 2 numbers in an index of 32');
      await expect(index.search(PLACE, { text: 'fox', vector: short.vector, limit: 5 })).rejects.toThrow('a vector of 2 numbers for an index of 32');
      expect(await index.standing(PLACE, 'index-b')).toEqual({ chunks: 0, lastSeq: -1 });
    });

    it('looks into certain files alone, also when there are thousands of them', async () => {
      const index = theIndex();
      await index.add(PLACE, entry('a'), chunksOf(['fox a']));
      await index.add(PLACE, entry("b'; --"), chunksOf(['fox b']));
      const ask = async (fileIds: string[]) => (await index.search(PLACE, { text: 'fox', vector: meaning('fox'), limit: 5, fileIds })).map(({ text }) => text).toSorted();
      const many = Array.from({ length: 5000 }, (_, n) => `file-0000000000000000000${n}`);
      for (let rounds = 0; rounds < 2; rounds++) {
        expect(await ask(['file-a'])).toEqual(['fox a']);
        expect(await ask(["file-b'; --"])).toEqual(['fox b']);
        expect(await ask([...many, 'file-a', "file-b'; --"])).toEqual(['fox a', 'fox b']);
        expect(await ask(many)).toEqual([]);
        expect(await ask([])).toEqual([]);
        await index.tidy(PLACE);
      }
    });

    it('takes whatever a client asks for as words', async () => {
      const index = theIndex();
      await index.add(PLACE, entry('a'), chunksOf([...ANIMALS, '東京都の人口は多い', 'Straße nach Zürich, error E-4711/B']));
      await index.tidy(PLACE);
      await index.add(PLACE, entry('b'), chunksOf(['the fox again']));
      const first = async (text: string) => (await index.search(PLACE, { text, limit: 1 }))[0]?.text;
      for (const text of ['"fox" AND (jumps', 'fox:brown^2', '+fox -brown', 'NOT fox*', "fox'; DROP TABLE chunks; --", 'fox\u0000', 'fox 🦊', '\ud83efox', `${'zyx '.repeat(5000)}`.replace('zyx', 'fox'), '{"match": "fox"}']) expect(await first(text)).toContain('fox');
      for (const text of ['', ' \n\t', '🦊', '\u0000', '"', '()', '*', '\ud83e', 'the', '-']) expect([text, await first(text)]).toEqual([text, undefined]);
      expect(await first('人口')).toBe('東京都の人口は多い');
      expect(await first('strasse zurich')).toContain('Zürich');
      expect(await first('e-4711/b')).toContain('E-4711/B');
    });
  });
}
