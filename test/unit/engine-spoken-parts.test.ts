import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MessageDelta } from '../../shared/domain/run-event.ts';
import type { FoundPassage } from '../../shared/domain/run-step.ts';
import { type Lookup, markerOf } from '../../shared/engine/citations.ts';
import { SpokenParts } from '../../shared/engine/spoken-parts.ts';

// One message as it is told, and as it is kept.

const PASSAGE: FoundPassage = { fileId: 'file-a', filename: 'a.txt', score: 1, attributes: {}, text: 'Cheese is good.' };
const MARKER = markerOf(1, 0, 'a.txt');
const MADE_UP = markerOf(2, 0, 'a.txt');
const cited: Lookup = (ordinal, index, label) => (ordinal === 1 && index === 0 && label === PASSAGE.filename ? PASSAGE : undefined);
const links = new Map([
  ['x.csv', 'file-x'],
  ['y z.csv', 'file-y'],
]);
const LINK = 'sandbox:/mnt/data/x.csv';

const text = (index: number, value: string): MessageDelta => ({ index, type: 'text', text: { value } });
const opening = (index: number, value: string): MessageDelta => ({ index, type: 'text', text: { value, annotations: [] } });
const image = (file_id: string) => ({ type: 'image_file', image_file: { file_id, detail: 'auto' } });

describe('a message', () => {
  it('is empty until something is said or shown', () => {
    const parts = new SpokenParts({ images: ['file-1'], links, cited });
    expect(parts.isEmpty).toBe(true);
    expect(parts.content).toEqual([]);
    parts.begin();
    expect(parts.isEmpty).toBe(false);
    const wordless = new SpokenParts({});
    expect(wordless.begin()).toEqual([]);
    expect(wordless.isEmpty).toBe(true);
    expect(wordless.say('text', '')).toEqual([opening(0, '')]);
    expect(wordless.isEmpty).toBe(false);
  });

  it('begins with its images, and goes on with what is said', () => {
    const parts = new SpokenParts({ images: ['file-1', 'file-2'] });
    expect(parts.begin()).toEqual([{ index: 0, ...image('file-1') }, { index: 1, ...image('file-2') }]);
    expect(parts.say('text', 'Look')).toEqual([opening(2, 'Look')]);
    expect(parts.say('text', '!')).toEqual([text(2, '!')]);
    expect(parts.say('refusal', 'No')).toEqual([{ index: 3, type: 'refusal', refusal: 'No' }]);
    expect(parts.say('text', LINK)).toEqual([opening(4, LINK)]);
    expect(parts.end()).toEqual([]);
    expect(parts.content).toEqual([
      image('file-1'),
      image('file-2'),
      { type: 'text', text: { value: 'Look!', annotations: [] } },
      { type: 'refusal', refusal: 'No' },
      { type: 'text', text: { value: LINK, annotations: [] } },
    ]);
    expect(parts.words).toBe(`Look!No${LINK}`);
    expect(parts.linked).toEqual([]);
  });

  it('tells links and citations with their annotations, each in its place', () => {
    const parts = new SpokenParts({ cited, links, images: ['file-1'] });
    parts.begin();
    expect(parts.say('text', 'sand')).toEqual([opening(1, '')]);
    expect(parts.say('text', `box:/mnt/data/x.csv${MADE_UP}${MARKER}`)).toEqual([
      { index: 1, type: 'text', text: { value: LINK, annotations: [{ index: 0, type: 'file_path', text: LINK, start_index: 0, end_index: 23, file_path: { file_id: 'file-x' } }] } },
      { index: 1, type: 'text', text: { value: MARKER, annotations: [{ index: 1, type: 'file_citation', text: MARKER, start_index: 23, end_index: 34, file_citation: { file_id: 'file-a', quote: PASSAGE.text } }] } },
    ]);
    expect(parts.say('text', ' 🧀 sandbox:/mnt/data/y z.csv')).toEqual([text(1, ' 🧀 ')]);
    expect(parts.content).toMatchObject([{}, { text: { value: `${LINK}${MARKER} 🧀 ` } }]);
    expect(parts.end()).toMatchObject([{ index: 1, text: { annotations: [{ index: 2, start_index: 37, end_index: 62, file_path: { file_id: 'file-y' } }] } }]);
    expect(parts.content).toMatchObject([{}, { text: { annotations: [{ start_index: 0 }, { start_index: 23 }, { start_index: 37 }] } }]);
  });

  it('takes a made-up citation out before it looks for links', () => {
    const parts = new SpokenParts({ cited, links });
    parts.say('text', `sandbox:/mnt/data/x${MADE_UP}.csv`);
    parts.end();
    expect(parts.content).toMatchObject([{ text: { value: LINK, annotations: [{ file_path: { file_id: 'file-x' } }] } }]);
  });

  it('names the files that it links to, each once, in order', () => {
    const parts = new SpokenParts({ cited, links });
    parts.say('text', `sandbox:/mnt/data/y%20z.csv ${LINK} ${MARKER}`);
    parts.say('refusal', LINK);
    parts.say('text', `sandbox:/mnt/data/y%20z.csv `);
    expect(parts.linked).toEqual(['file-y', 'file-x']);
  });

  it('has at its end all that was held back, whatever for', () => {
    const parts = new SpokenParts({ cited, links });
    parts.say('text', `${LINK}【1`);
    parts.end();
    expect(parts.content).toMatchObject([{ text: { value: `${LINK}【1`, annotations: [{ text: LINK }] } }]);
    const other = new SpokenParts({ cited, links });
    other.say('text', 'a 【1:0†sandbox:/mnt/data/x.csv');
    other.end();
    expect(other.content).toMatchObject([{ text: { value: 'a 【1:0†sandbox:/mnt/data/x.csv', annotations: [{ start_index: 7 }] } }]);
  });

  it('holds nothing back of a refusal', () => {
    const parts = new SpokenParts({ cited, links });
    expect(parts.say('refusal', 's')).toEqual([{ index: 0, type: 'refusal', refusal: 's' }]);
    expect(parts.say('refusal', '【')).toEqual([{ index: 0, type: 'refusal', refusal: '【' }]);
  });

  it('releases what it held back when another part begins', () => {
    const parts = new SpokenParts({ links });
    parts.say('text', `a ${LINK}`);
    expect(parts.say('refusal', 'No')).toMatchObject([{ index: 0, text: { value: LINK, annotations: [{ start_index: 2 }] } }, { index: 1, refusal: 'No' }]);
  });

  it('is the same in whatever pieces, and as it was told', () => {
    const atom = fc.constantFrom(MARKER, MADE_UP, LINK, 'sandbox:/mnt/data/y%20z.csv', 'sandbox:/mnt/data/', '【', '】', '1:0†', '🧀', ' ', '.', 's', 'x.csv', '\n');
    fc.assert(
      fc.property(fc.array(atom, { maxLength: 14 }), fc.array(fc.nat(), { maxLength: 30 }), (atoms, cuts) => {
        const said = atoms.join('');
        const whole = new SpokenParts({ cited, links });
        const inPieces = new SpokenParts({ cited, links });
        whole.say('text', said);
        whole.end();
        const ends = [...new Set(cuts.map((cut) => cut % (said.length + 1)))].sort((a, b) => a - b);
        const told = [...ends, said.length].flatMap((end, at) => inPieces.say('text', said.slice(ends[at - 1] ?? 0, end)));
        told.push(...inPieces.end());
        expect(inPieces.content).toEqual(whole.content);
        const [part] = inPieces.content;
        if (part?.type !== 'text') throw new Error('no text');
        expect(told.map((delta) => (delta.type === 'text' ? delta.text.value : '')).join('')).toBe(part.text.value);
        expect(told.flatMap((delta) => (delta.type === 'text' ? (delta.text.annotations ?? []) : []))).toEqual(part.text.annotations.map((annotation, index) => ({ index, ...annotation })));
        const points = [...part.text.value];
        for (const { start_index, end_index, text: named } of part.text.annotations) expect(points.slice(start_index, end_index).join('')).toBe(named);
        // All that looks like one is one: nothing of what is left of a text is told without its annotation, and nothing else has one.
        expect(part.text.annotations.filter(({ type }) => type === 'file_citation')).toHaveLength(part.text.value.split(MARKER).length - 1);
      }),
      { numRuns: 1000 },
    );
  });
});
