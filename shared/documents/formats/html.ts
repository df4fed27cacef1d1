/** What a reader of a page would read: no scripts, no styles, a line for each block. */
import { Readable } from 'node:stream';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { decode } from '../text.ts';
import type { TextFile } from '../text-file.ts';
import type { Reading } from './index.ts';

type Node = DefaultTreeAdapterTypes.ChildNode | DefaultTreeAdapterTypes.Document;

const hidden = new Set(['script', 'style', 'template', 'noscript', 'iframe', 'object', 'svg', 'math', 'canvas', 'audio', 'video', 'select', 'datalist']);
const blocks = new Set(
  `title address article aside blockquote body caption dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre
  section summary table tbody tfoot thead tr ul`.split(/\s+/),
);
/** A blank line stands around these. */
const paragraphs = new Set(['title', 'p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'pre', 'table', 'ul', 'ol', 'dl', 'article', 'section']);
const verbatim = new Set(['pre', 'textarea']);

export async function readHtml({ document, text }: Reading): Promise<void> {
  const pieces: string[] = [];
  const bytes = document.all();
  for await (const piece of decode(bytes, Readable.from([bytes]))) pieces.push(piece);
  write(parse(pieces.join('')), new Lines(text));
}

/** The tree is walked without recursion: a page may be deeper than any stack. */
function write(root: Node, lines: Lines): void {
  let depthOfVerbatim = 0;
  const ahead: (Node | { leave: string })[] = [root];
  for (let node = ahead.pop(); node; node = ahead.pop()) {
    if ('leave' in node) {
      if (verbatim.has(node.leave)) depthOfVerbatim--;
      lines.around(node.leave);
      continue;
    }
    if (node.nodeName === '#text') lines.add((node as DefaultTreeAdapterTypes.TextNode).value, depthOfVerbatim > 0);
    if (!('childNodes' in node) || hidden.has(node.nodeName)) continue;
    const { nodeName } = node;
    if (verbatim.has(nodeName)) depthOfVerbatim++;
    lines.around(nodeName);
    if (nodeName === 'li') lines.add('- ', true);
    if (nodeName === 'br') lines.add('\n', true);
    if (nodeName === 'img') lines.add(altOf(node), false);
    ahead.push({ leave: nodeName });
    for (let n = node.childNodes.length - 1; n >= 0; n--) ahead.push(node.childNodes[n] as Node);
  }
}

const altOf = (node: Node): string => ('attrs' in node ? (node.attrs.find(({ name }) => name === 'alt')?.value ?? '') : '');

/** Joins texts as a browser does: blanks are one, and none at the beginning of a line. */
class Lines {
  private readonly text: TextFile;
  /** Line breaks and blanks that the next text begins with, if one comes. */
  private breaks = 0;
  private blank = '';
  private isFirst = true;

  constructor(text: TextFile) {
    this.text = text;
  }

  around(name: string): void {
    if (blocks.has(name)) this.breaks = Math.max(this.breaks, paragraphs.has(name) ? 2 : 1);
    else if (name === 'td' || name === 'th') this.blank = '\t';
  }

  add(text: string, isVerbatim: boolean): void {
    if (isVerbatim) return this.put(text);
    const words = text.replace(/[ \t\n\r\f]+/g, ' ');
    if (words.startsWith(' ')) this.blank ||= ' ';
    const trimmed = words.trim();
    if (trimmed === '') return;
    this.put(trimmed);
    if (words.endsWith(' ')) this.blank ||= ' ';
  }

  private put(text: string): void {
    if (text === '') return;
    if (!this.isFirst) this.text.write(this.breaks > 0 ? '\n'.repeat(this.breaks) : this.blank);
    this.text.write(text);
    this.breaks = 0;
    this.blank = '';
    this.isFirst = false;
  }
}
