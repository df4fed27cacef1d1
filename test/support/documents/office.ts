/** The least that a Word document and a presentation are made of. */
import { type Part, zipOf } from './zip.ts';

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const WORD = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';
const types = (overrides: string) =>
  `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${overrides}</Types>`;
const relations = (...list: [id: string, type: string, target: string][]) =>
  `${XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${list.map(([id, type, target]) => `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`).join('')}</Relationships>`;

const wordPart = (name: string, content: string): Part => ({ name, content });

export const wordXml = (body: string, before = ''): string => `${XML}${before}<w:document xmlns:w="${WORD}"><w:body>${body}</w:body></w:document>`;
export const paragraph = (text: string): string => `<w:p><w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;

export const docxParts = (document: string): Part[] => [
  wordPart('[Content_Types].xml', types('<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>')),
  wordPart('_rels/.rels', relations(['rId1', 'officeDocument', 'word/document.xml'])),
  wordPart('word/document.xml', document),
];

export const docx = (...paragraphs: string[]): Buffer => zipOf(docxParts(wordXml(paragraphs.map(paragraph).join(''))));

const DRAWING = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"';
export const slideXml = (paragraphs: readonly string[], root = 'sld', before = ''): string =>
  `${XML}${before}<p:${root} ${DRAWING}><p:cSld><p:spTree><p:sp><p:txBody>${paragraphs.map((text) => `<a:p><a:r><a:rPr lang="en"/><a:t>${text}</a:t></a:r></a:p>`).join('')}</p:txBody></p:sp></p:spTree></p:cSld></p:${root}>`;

export interface Slide {
  paragraphs: readonly string[];
  notes?: readonly string[];
}

/** `order`: the numbers of the slides as they are shown. */
export function pptxParts(slides: readonly Slide[], order = slides.map((_, n) => n + 1)): Part[] {
  const numbered = slides.map((slide, n) => ({ ...slide, n: n + 1 }));
  return [
    { name: '[Content_Types].xml', content: types('') },
    { name: '_rels/.rels', content: relations(['rId1', 'officeDocument', 'ppt/presentation.xml']) },
    { name: 'ppt/presentation.xml', content: `${XML}<p:presentation ${DRAWING} xmlns:r="${OFFICE}"><p:sldIdLst>${order.map((n) => `<p:sldId id="${255 + n}" r:id="rId${n}"/>`).join('')}</p:sldIdLst></p:presentation>` },
    { name: 'ppt/_rels/presentation.xml.rels', content: relations(...numbered.map(({ n }): [string, string, string] => [`rId${n}`, 'slide', `slides/slide${n}.xml`])) },
    ...numbered.map(({ n, paragraphs }) => ({ name: `ppt/slides/slide${n}.xml`, content: slideXml(paragraphs) })),
    ...numbered.flatMap(({ n, notes }) =>
      notes
        ? [
            { name: `ppt/slides/_rels/slide${n}.xml.rels`, content: relations(['rId1', 'notesSlide', `../notesSlides/notesSlide${n}.xml`]) },
            { name: `ppt/notesSlides/notesSlide${n}.xml`, content: slideXml(notes, 'notes') },
          ]
        : [],
    ),
  ];
}

export const pptx = (...slides: Slide[]): Buffer => zipOf(pptxParts(slides));
