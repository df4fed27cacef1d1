/** Word documents of 97 to 2003, as little of [MS-CFB] and [MS-DOC] as it takes. */

const SECTOR = 512;
const END = 0xfffffffe;
const FAT = 0xfffffffd;
const FREE = 0xffffffff;

interface Stream {
  name: string;
  content: Buffer;
}

const padded = (content: Buffer): Buffer => Buffer.concat([content, Buffer.alloc((SECTOR - (content.length % SECTOR)) % SECTOR)]);

function directoryEntry(name: string, { type, start, size, child = FREE, right = FREE }: { type: number; start: number; size: number; child?: number; right?: number }): Buffer {
  const entry = Buffer.alloc(128);
  entry.write(name, 0, 'utf16le');
  entry.writeUInt16LE(name === '' ? 0 : (name.length + 1) * 2, 64);
  entry.writeUInt8(type, 66);
  entry.writeUInt8(1, 67);
  entry.writeUInt32LE(FREE, 68);
  entry.writeUInt32LE(right, 72);
  entry.writeUInt32LE(child, 76);
  entry.writeUInt32LE(start >>> 0, 116);
  entry.writeUInt32LE(size, 120);
  return entry;
}

/** A compound file. Streams are to be 4096 bytes or more each: smaller ones would go into a stream of their own kind. At most three of them. `loop`: no chain ends. */
export function compoundFile(streams: readonly Stream[], { loop = false }: { loop?: boolean } = {}): Buffer {
  const bodies = streams.map(({ content }) => padded(content));
  // Sector 0 is the table of sectors, 1 the directory, then the streams.
  const table: number[] = [FAT, END];
  const starts = bodies.map((body) => {
    const start = table.length;
    for (let n = 0; n < body.length / SECTOR; n++) table.push(start + n + 1);
    table[table.length - 1] = loop ? start : END;
    return start;
  });
  while (table.length < 128) table.push(FREE);
  if (table.length > 128) throw new Error('too large for one sector of the table');
  const header = Buffer.alloc(SECTOR);
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(header);
  for (const [value, at] of [[0x3e, 24], [3, 26], [0xfffe, 28], [9, 30], [6, 32]] as const) header.writeUInt16LE(value, at);
  for (const [value, at] of [[1, 44], [1, 48], [4096, 56], [END, 60], [0, 64], [END, 68], [0, 72], [0, 76]] as const) header.writeUInt32LE(value, at);
  for (let at = 80; at < SECTOR; at += 4) header.writeUInt32LE(FREE, at);
  const fat = Buffer.alloc(SECTOR);
  table.forEach((next, n) => fat.writeUInt32LE(next >>> 0, n * 4));
  const entries = streams.map(({ name, content }, n) => directoryEntry(name, { type: 2, start: starts[n] as number, size: content.length, right: n + 1 < streams.length ? n + 2 : FREE }));
  const directory = Buffer.concat([directoryEntry('Root Entry', { type: 5, start: END, size: 0, child: 1 }), ...entries]);
  return Buffer.concat([header, fat, padded(directory), ...bodies]);
}

const HEADER_BYTES = 0x0600;
const CLX_AT = 0x01a2;

/** One piece of text in UTF-16. */
export function doc(text: string, { encrypted = false, loop = false }: { encrypted?: boolean; loop?: boolean } = {}): Buffer {
  const body = Buffer.from(text, 'utf16le');
  const main = Buffer.alloc(Math.max(4096, HEADER_BYTES + body.length));
  main.writeUInt16LE(0xa5ec, 0);
  main.writeUInt16LE(0x00c1, 2);
  // fWhichTblStm, and fEncrypted.
  main.writeUInt16LE(0x0200 | (encrypted ? 0x0100 : 0), 0x0a);
  main.writeUInt16LE(0x000e, 0x20);
  main.writeUInt16LE(0x0016, 0x3e);
  main.writeUInt32LE(text.length, 0x4c);
  main.writeUInt16LE(0x005d, 0x98);
  body.copy(main, HEADER_BYTES);
  const pieces = Buffer.alloc(5 + 8 + 8);
  pieces.writeUInt8(2, 0);
  pieces.writeUInt32LE(16, 1);
  pieces.writeUInt32LE(0, 5);
  pieces.writeUInt32LE(text.length, 9);
  pieces.writeUInt16LE(0, 13);
  pieces.writeUInt32LE(HEADER_BYTES, 15);
  const table = Buffer.alloc(4096);
  pieces.copy(table);
  main.writeUInt32LE(0, CLX_AT);
  main.writeUInt32LE(pieces.length, CLX_AT + 4);
  return compoundFile([{ name: 'WordDocument', content: main }, { name: '1Table', content: table }], { loop });
}
