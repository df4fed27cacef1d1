/** Archives made byte by byte, so that they can lie. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface Part {
  name: string;
  content: Buffer | string;
  /** What the directory says of its size, when that is not the truth. */
  saysSize?: number;
  saysPacked?: number;
  flags?: number;
  stored?: boolean;
  /** The local header that it shares with an earlier part. */
  at?: number;
}

interface Packed extends Part {
  raw: Buffer;
  packed: Buffer;
  offset: number;
}

const header = (signature: number, part: Packed, isCentral: boolean): Buffer => {
  const name = Buffer.from(part.name);
  const fields = Buffer.alloc(isCentral ? 46 : 30);
  fields.writeUInt32LE(signature, 0);
  let at = 4;
  const put = (value: number, bytes: 2 | 4) => {
    if (bytes === 2) fields.writeUInt16LE(value, at);
    else fields.writeUInt32LE(value >>> 0, at);
    at += bytes;
  };
  if (isCentral) put(20, 2);
  put(20, 2);
  put(part.flags ?? 0x800, 2);
  put(part.stored ? 0 : 8, 2);
  put(0, 2);
  put(0x21, 2);
  put(crc32(part.raw), 4);
  put(part.saysPacked ?? part.packed.length, 4);
  put(part.saysSize ?? part.raw.length, 4);
  put(name.length, 2);
  put(0, 2);
  if (isCentral) {
    put(0, 2);
    put(0, 2);
    put(0, 2);
    put(0, 4);
    put(part.offset, 4);
  }
  return Buffer.concat([fields, name]);
};

/** `entries`: how many parts its end says that there are, when that is not the truth. */
export function zipOf(parts: readonly Part[], { entries = parts.length }: { entries?: number } = {}): Buffer {
  const pieces: Buffer[] = [];
  let length = 0;
  const all = parts.map((part): Packed => {
    const raw = Buffer.from(part.content);
    const packed = part.stored ? raw : deflateRawSync(raw);
    const offset = part.at ?? length;
    const whole = { ...part, raw, packed, offset };
    if (part.at === undefined) {
      pieces.push(header(0x04034b50, whole, false), packed);
      length += (pieces.at(-2) as Buffer).length + packed.length;
    }
    return whole;
  });
  const directory = Buffer.concat(all.map((part) => header(0x02014b50, part, true)));
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(length, 16);
  return Buffer.concat([...pieces, directory, end]);
}
