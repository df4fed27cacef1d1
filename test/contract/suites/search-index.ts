/** What every search index must do. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SearchIndex } from '../../../shared/ports/search-index.ts';
import { describeIndexQueries } from './search-index-queries.ts';
import { PLACE, bare, chunksOf, entry, meaning } from './search-index-samples.ts';

export interface IndexStage {
  index: SearchIndex;
  /** The same files as another process has them. */
  another(): SearchIndex;
  /** Names of all files that there are, and what is in them. */
  files(): Promise<Map<string, Uint8Array>>;
  close(): Promise<void>;
}

export function describeSearchIndex(name: string, makeStage: () => Promise<IndexStage>): void {
  describe(`${name}: search index`, () => {
    let stage: IndexStage;
    let index: SearchIndex;
    beforeEach(async () => {
      stage = await makeStage();
      index = stage.index;
    });
    afterEach(() => stage.close());
    const found = async (text: string, place = PLACE) => (await index.search(place, { text, limit: 50 })).map((hit) => hit.text);

    it('has nothing where nothing was added', async () => {
      expect(await index.search(PLACE, { text: 'anything', vector: meaning('anything'), limit: 5 })).toEqual([]);
      expect(await index.standing(PLACE, 'index-a')).toEqual({ chunks: 0, lastSeq: -1 });
      expect(await index.read(PLACE, 'index-a', 0, 10)).toEqual([]);
      await index.remove(PLACE, 'index-a');
      await index.tidy(PLACE);
      await index.drop(PLACE);
      expect(await stage.files()).toEqual(new Map());
    });

    it('finds what was added as soon as it was, before and after it is tidied', async () => {
      await index.add(PLACE, entry('a'), chunksOf(['The pump stands in the cellar']));
      expect(await found('pump')).toEqual(['The pump stands in the cellar']);
      await index.tidy(PLACE);
      expect(await found('pump')).toEqual(['The pump stands in the cellar']);
      await index.add(PLACE, entry('b'), chunksOf(['Another pump on the roof']));
      expect((await found('pump')).toSorted()).toEqual(['Another pump on the roof', 'The pump stands in the cellar']);
      expect((await stage.another().search(PLACE, { text: 'roof', limit: 5 })).map(({ fileId }) => fileId)).toEqual(['file-b']);
    });

    it('finds what another process has added since it last looked', async () => {
      const other = stage.another();
      await index.add(PLACE, entry('a'), chunksOf(['one pump']));
      expect(await other.search(PLACE, { text: 'pump', limit: 5 })).toHaveLength(1);
      await index.add(PLACE, entry('b'), chunksOf(['two pump']));
      expect(await other.search(PLACE, { text: 'pump', vector: meaning('pump'), limit: 5 })).toHaveLength(2);
      await index.drop(PLACE);
      expect(await other.search(PLACE, { text: 'pump', vector: meaning('pump'), limit: 5 })).toEqual([]);
      await index.add(PLACE, entry('c'), chunksOf(['three pump']));
      expect((await other.search(PLACE, { text: 'pump', vector: meaning('pump'), limit: 5 })).map(({ text }) => text)).toEqual(['three pump']);
    });

    it('gives chunks back as they were, in order, from where it is asked', async () => {
      const texts = ['plain', '  spaces\n\ttabs ', 'null \u0000 and "quotes\' \\', '東京都は大きい。ภาษาไทย', '🧵 e\u0301', ''];
      const chunks = texts.map((text, seq) => ({ seq, text, overlap: seq * 3 }));
      await index.add(PLACE, entry('a'), chunks.slice(0, 4));
      await index.add(PLACE, entry('b'), bare(['of another']));
      await index.add(PLACE, entry('a'), chunks.slice(4));
      expect(await index.read(PLACE, 'index-a', 0, 100)).toEqual(chunks);
      expect(await index.read(PLACE, 'index-a', 2, 3)).toEqual(chunks.slice(2, 5));
      expect(await index.read(PLACE, 'index-a', 6, 3)).toEqual([]);
    });

    it('tells how far an entry has come, and what is there twice', async () => {
      await index.add(PLACE, entry('a'), chunksOf(['zero', 'one']));
      expect(await index.standing(PLACE, 'index-a')).toEqual({ chunks: 2, lastSeq: 1 });
      await index.add(PLACE, entry('a'), chunksOf(['two'], 2));
      expect(await index.standing(PLACE, 'index-a')).toEqual({ chunks: 3, lastSeq: 2 });
      await index.add(PLACE, entry('a'), chunksOf(['one', 'two'], 1));
      expect(await index.standing(PLACE, 'index-a')).toEqual({ chunks: 5, lastSeq: 2 });
      expect(await found('two')).toEqual(['two']);
      expect(await index.standing(PLACE, "index-a' OR '1'='1")).toEqual({ chunks: 0, lastSeq: -1 });
    });

    it('adds nothing of nothing', async () => {
      await index.add(PLACE, entry('a'), []);
      expect(await stage.files()).toEqual(new Map());
    });

    it('takes an entry out and no other', async () => {
      await index.add(PLACE, entry('a'), chunksOf(['pump a']));
      await index.add(PLACE, { fileId: 'file-a', indexId: 'index-again' }, chunksOf(['pump again']));
      await index.remove(PLACE, 'index-a');
      await index.remove(PLACE, 'index-a');
      expect(await found('pump')).toEqual(['pump again']);
      expect(await index.standing(PLACE, 'index-a')).toEqual({ chunks: 0, lastSeq: -1 });
    });

    it('leaves no word of what was taken out on disk once it is tidied', async () => {
      await index.add(PLACE, entry('a'), chunksOf(Array.from({ length: 60 }, (_, n) => `an ordinary sentence with the number ${n}`)));
      await index.tidy(PLACE);
      await index.add(PLACE, entry('b'), chunksOf(['a secretquokka hides here']));
      await index.tidy(PLACE);
      const having = async () => [...(await stage.files())].filter(([, bytes]) => Buffer.from(bytes).includes('secretquokka')).map(([file]) => file);
      expect(await having()).not.toEqual([]);
      await index.remove(PLACE, 'index-b');
      expect(await found('secretquokka')).toEqual([]);
      await index.tidy(PLACE);
      expect(await having()).toEqual([]);
      expect(await index.standing(PLACE, 'index-a')).toEqual({ chunks: 60, lastSeq: 59 });
      expect(await found('ordinary')).toHaveLength(50);
    });

    it('does nothing when all is tidy', async () => {
      for (let n = 0; n < 5; n++) await index.add(PLACE, entry(`${n}`), chunksOf([`pump ${n}`]));
      const untidy = (await stage.files()).size;
      await index.tidy(PLACE);
      const tidied = [...(await stage.files()).keys()];
      expect(tidied.length).toBeLessThan(untidy);
      await index.tidy(PLACE);
      expect([...(await stage.files()).keys()]).toEqual(tidied);
    });

    it('leaves nothing of a store that is dropped, and all of another', async () => {
      const other = { ...PLACE, vectorStoreId: 'vs_A' };
      await index.add(PLACE, entry('a'), chunksOf(['pump a']));
      await index.add(other, entry('b'), chunksOf(['pump b']));
      await index.tidy(PLACE);
      await index.drop(PLACE);
      expect(await found('pump')).toEqual([]);
      expect(await found('pump', other)).toEqual(['pump b']);
      await index.drop(other);
      expect([...(await stage.files()).keys()]).toEqual([]);
      await index.add(PLACE, entry('c'), bare(['pump c']));
      expect(await found('pump')).toEqual(['pump c']);
    });

    it.each(['../../x', 'a/b', 'Ω "quoted" \' \\', 'x'.repeat(300), '.', ' ', 'vs_a?b#c%20'])('keeps the stores of a project called %j apart', async (projectId) => {
      const place = { projectId, vectorStoreId: 'vs_a' };
      await index.add(place, entry('a'), bare(['pump']));
      expect(await found('pump')).toEqual([]);
      expect(await found('pump', place)).toEqual(['pump']);
      await index.drop(place);
      expect([...(await stage.files()).keys()]).toEqual([]);
    });

    it('loses nothing of twenty who add at once, in two processes, while it is tidied and searched', async () => {
      const other = stage.another();
      const adders = Array.from({ length: 20 }, async (_, n) => {
        const mine = n % 2 === 0 ? index : other;
        for (const from of [0, 10]) await mine.add(PLACE, entry(`${n}`), chunksOf(Array.from({ length: 10 }, (__, k) => `pump ${n} ${from + k}`), from));
      });
      const meanwhile = [index, other].map(async (mine) => {
        await mine.tidy(PLACE);
        for (let n = 0; n < 5; n++) await mine.search(PLACE, { text: 'pump', vector: meaning('pump'), limit: 5 });
      });
      await Promise.all([...adders, ...meanwhile]);
      for (let n = 0; n < 20; n++) expect(await index.standing(PLACE, `index-${n}`)).toEqual({ chunks: 20, lastSeq: 19 });
      await index.tidy(PLACE);
      for (let n = 0; n < 20; n++) expect((await other.read(PLACE, `index-${n}`, 0, 50)).map(({ text }) => text)).toEqual(Array.from({ length: 20 }, (_, k) => `pump ${n} ${k}`));
    });

    it('serves readers while old versions are removed under them', async () => {
      await index.add(PLACE, entry('kept'), chunksOf(Array.from({ length: 50 }, (_, n) => `kept pump ${n}`)));
      const other = stage.another();
      let isOver = false;
      const reading = Promise.all(
        [index, other].map(async (mine) => {
          while (!isOver) {
            expect(await mine.read(PLACE, 'index-kept', 0, 50)).toHaveLength(50);
            expect(await mine.search(PLACE, { text: 'kept', vector: meaning('kept pump'), limit: 10, fileIds: ['file-kept'] })).toHaveLength(10);
          }
        }),
      );
      for (let n = 0; n < 4; n++) {
        await index.add(PLACE, entry(`${n}`), chunksOf([`pump ${n}`]));
        await index.remove(PLACE, `index-${n - 1}`);
        await index.tidy(PLACE);
      }
      isOver = true;
      await reading;
    });

    describeIndexQueries(() => index);
  });
}
