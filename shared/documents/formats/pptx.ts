/** Slides in the order of the show, each with its speaker's notes. */
import type { TextFile } from '../text-file.ts';
import { attributeOf, readXml } from '../xml.ts';
import type { Zip } from '../zip.ts';

const PRESENTATION = 'ppt/presentation.xml';
const SLIDE = /^ppt\/slides\/slide(\d+)\.xml$/;
const relationsOf = (part: string): string => part.replace(/([^/]+)$/, '_rels/$1.rels');

export async function readPptx(zip: Zip, text: TextFile): Promise<void> {
  for (const slide of await slidesOf(zip)) {
    writeText(await zip.readText(slide), text);
    for (const [, { target, type }] of await relations(zip, slide)) if (type.endsWith('/notesSlide')) writeText(await zip.readText(target), text);
  }
}

/** As the presentation lists them; those that it does not list are not shown. By their numbers where the list leads nowhere. */
async function slidesOf(zip: Zip): Promise<string[]> {
  const targets = await relations(zip, PRESENTATION);
  const listed: string[] = [];
  for (const part of readXml(await zip.readText(PRESENTATION))) {
    if (part.type !== 'open' || part.name !== 'sldId') continue;
    const target = targets.get(attributeOf(part.attributes, 'r:id') ?? '')?.target;
    if (target !== undefined && zip.names.has(target) && !listed.includes(target)) listed.push(target);
  }
  const number = (name: string) => Number(SLIDE.exec(name)?.[1]);
  return listed.length > 0 ? listed : [...zip.names].filter((name) => SLIDE.test(name)).sort((one, other) => number(one) - number(other));
}

async function relations(zip: Zip, part: string): Promise<Map<string, { target: string; type: string }>> {
  const found = new Map<string, { target: string; type: string }>();
  const base = `zip:///${part}`;
  for (const { type, ...tag } of readXml(await zip.readText(relationsOf(part)))) {
    if (type !== 'open' || !('name' in tag) || tag.name !== 'Relationship' || attributeOf(tag.attributes, 'TargetMode') === 'External') continue;
    const [id, target] = [attributeOf(tag.attributes, 'Id'), attributeOf(tag.attributes, 'Target')];
    if (id === undefined || target === undefined || !URL.canParse(target, base)) continue;
    found.set(id, { target: decodeURI(new URL(target, base).pathname.slice(1)), type: attributeOf(tag.attributes, 'Type') ?? '' });
  }
  return found;
}

/** Runs of text, a line for each paragraph and row. */
function writeText(xml: string, text: TextFile): void {
  let inRun = 0;
  for (const part of readXml(xml)) {
    if (part.type === 'text') {
      if (inRun > 0) text.write(part.text);
    } else if (part.name === 't') inRun += part.type === 'open' ? 1 : -1;
    else if (part.type === 'close' && part.name === 'p') text.write('\n');
    else if (part.type === 'close' && part.name === 'br') text.write('\n');
    else if (part.type === 'close' && part.name === 'tab') text.write('\t');
  }
  text.write('\n');
}
