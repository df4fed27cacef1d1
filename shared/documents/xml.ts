/** As much of XML as it takes to find texts in it: no document type is obeyed, no entity but the five and characters by number is known, nothing is fetched. */

export type XmlPart =
  | { type: 'open' | 'close'; /** Without its prefix. */ name: string; /** As written between the name and the end. */ attributes: string }
  | { type: 'text'; text: string };

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const unescape = (text: string): string =>
  text.includes('&')
    ? text.replace(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|(\w{1,16}));/g, (whole, decimal?: string, hex?: string, name?: string) => {
        if (name !== undefined) return Object.hasOwn(entities, name) ? (entities[name] as string) : whole;
        const code = decimal !== undefined ? Number(decimal) : parseInt(hex as string, 16);
        return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
      })
    : text;

/** The parts in order; a tag that closes itself is an open and a close. Whatever is cut off at the end is left out. */
export function* readXml(xml: string): Generator<XmlPart, void, void> {
  for (let at = 0; at < xml.length; ) {
    const tag = xml.indexOf('<', at);
    const end = tag === -1 ? xml.length : tag;
    if (end > at) yield { type: 'text', text: unescape(xml.slice(at, end)) };
    if (tag === -1) return;
    const [stop, cdata] = endOfMarkup(xml, tag);
    if (stop === -1) return;
    if (cdata) yield { type: 'text', text: xml.slice(tag + 9, stop - 3) };
    else yield* tagOf(xml.slice(tag + 1, stop - 1));
    at = stop;
  }
}

/** Behind the markup that begins at `start`, or -1 where it does not end; and whether it is a section of plain characters. */
function endOfMarkup(xml: string, start: number): [end: number, isCdata: boolean] {
  const behind = (what: string, from: number): number => {
    const at = xml.indexOf(what, from);
    return at === -1 ? -1 : at + what.length;
  };
  if (xml.startsWith('<!--', start)) return [behind('-->', start + 4), false];
  if (xml.startsWith('<![CDATA[', start)) return [behind(']]>', start + 9), true];
  if (xml.startsWith('<?', start)) return [behind('?>', start + 2), false];
  // A document type may declare entities between brackets; quotes may hold either.
  let depth = 0;
  for (let at = start + 1; at < xml.length; at++) {
    const unit = xml[at];
    if (unit === '"' || unit === "'") {
      at = xml.indexOf(unit, at + 1);
      if (at === -1) return [-1, false];
    } else if (unit === '<' || unit === '[') depth++;
    else if (unit === ']') depth--;
    else if (unit === '>') {
      if (depth <= 0) return [at + 1, false];
      if (xml[start + 1] === '!') depth = Math.max(1, depth - 1);
      else return [at + 1, false];
    }
  }
  return [-1, false];
}

function* tagOf(inside: string): Generator<XmlPart, void, void> {
  if (inside.startsWith('!') || inside.startsWith('?')) return;
  const isClose = inside.startsWith('/');
  const isEmpty = inside.endsWith('/');
  const qualified = /^\/?([^\s/>]+)/.exec(inside)?.[1] ?? '';
  const name = qualified.slice(qualified.indexOf(':') + 1);
  if (name === '') return;
  if (isClose) return yield { type: 'close', name, attributes: '' };
  const attributes = inside.slice(qualified.length, isEmpty ? -1 : undefined);
  yield { type: 'open', name, attributes };
  if (isEmpty) yield { type: 'close', name, attributes: '' };
}

/** Of an attribute by its name as written, its prefix included. */
export const attributeOf = (attributes: string, name: string): string | undefined => {
  const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(attributes);
  const value = found?.[1] ?? found?.[2];
  return value === undefined ? undefined : unescape(value);
};
