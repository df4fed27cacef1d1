/** Documents that are broken, lie or attack, each made here, with what is to become of it. */
import type { Limits } from '../../../shared/documents/limits.ts';

export interface Hostile {
  name: string;
  filename: string;
  content(): Buffer | Iterable<Uint8Array>;
  /** What the error's sentence has in it … */
  fails?: RegExp;
  code?: 'unsupported_file';
  /** … or what is found in the text; both where either will do. */
  text?: RegExp;
  /** What must not be in it. */
  without?: RegExp;
  limits?: Partial<Limits>;
}

export const MB = 1024 * 1024;

/** The same bytes each time, that no compression makes smaller and no decoder takes for text. */
export function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = 1; at < length; at++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    bytes[at] = state >> 16;
  }
  return bytes;
}
