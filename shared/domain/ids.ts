/**
 * Ids sort by time: a prefix and 24 base62 characters, of which the first 8 are the Unix milliseconds and the
 * other 16 are random (95 bits). Keys, list order and page cursors are therefore one and the same thing.
 */
import { createHash, randomBytes } from 'node:crypto';

/** In ASCII order, so that comparing two ids as strings compares their times. */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const TIME_LENGTH = 8;
const RANDOM_LENGTH = 16;

export const PREFIX = {
  assistant: 'asst_',
  thread: 'thread_',
  message: 'msg_',
  run: 'run_',
  step: 'step_',
  call: 'call_',
  webhook_endpoint: 'whe_',
  event: 'evt_',
  delivery: 'whd_',
  export: 'exp_',
  file: 'file-',
  upload: 'upload_',
  upload_part: 'part_',
  vector_store: 'vs_',
  file_batch: 'vsfb_',
} as const;
export type IdKind = keyof typeof PREFIX;

/**
 * A new id that sorts behind every id this process has made of its kind, and behind `after`: the newest id of the same
 * kind in its thread, which another process with a faster clock may have made.
 */
export function newId(kind: IdKind, nowMs: number, after?: string): string {
  const prefix = PREFIX[kind];
  const floor = later(lastMade.get(kind), after?.startsWith(prefix) ? after.slice(prefix.length) : undefined);
  const fresh = encodeTime(nowMs) + randomPart();
  const body = floor !== undefined && fresh <= floor ? increment(floor) : fresh;
  // A caller's `after` may be far in the future; remembering it would drag every other thread along.
  if (after === undefined) lastMade.set(kind, body);
  return prefix + body;
}

const lastMade = new Map<IdKind, string>();

/**
 * The id of what follows from something that happened at `atMs`: the same whenever it is made of the same `parts`, so that
 * making it twice makes one record. It sorts by that time; within a millisecond in no order.
 */
export function derivedId(kind: IdKind, atMs: number, ...parts: (string | number)[]): string {
  const digest = createHash('sha256').update(JSON.stringify([kind, atMs, ...parts])).digest();
  return PREFIX[kind] + encodeTime(atMs) + base62(digest);
}

const later = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;

function encodeTime(ms: number): string {
  let rest = ms;
  let text = '';
  for (let i = 0; i < TIME_LENGTH; i++) {
    text = ALPHABET.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

/** One byte a character: 256 is not a multiple of 62, so eight characters are slightly likelier, which uniqueness does not feel. */
const base62 = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes.subarray(0, RANDOM_LENGTH)) text += ALPHABET.charAt(byte % 62);
  return text;
};

const randomPart = (): string => base62(randomBytes(RANDOM_LENGTH));

/** The next string in alphabet order. An imported id may hold foreign characters, which have no next: a longer id sorts behind it. */
function increment(body: string): string {
  if (/[^0-9A-Za-z]/.test(body)) return `${body}0`;
  const digits = [...body];
  for (let i = digits.length - 1; i >= 0; i--) {
    const value = ALPHABET.indexOf(digits[i] ?? '');
    if (value < ALPHABET.length - 1) {
      digits[i] = ALPHABET.charAt(value + 1);
      return digits.join('');
    }
    digits[i] = ALPHABET.charAt(0);
  }
  return `${body}0`;
}

/** No id of ours is older than this: what seems to be so was made elsewhere. */
const OLDEST_MS = Date.UTC(2023, 0, 1);

/** When an id was made, in Unix milliseconds. Undefined for one that is certainly not of our making. */
export function timeOfId(kind: IdKind, id: string): number | undefined {
  if (!id.startsWith(PREFIX[kind])) return undefined;
  const body = id.slice(PREFIX[kind].length);
  if (!/^[0-9A-Za-z]{24}$/.test(body)) return undefined;
  let ms = 0;
  for (const digit of body.slice(0, TIME_LENGTH)) ms = ms * 62 + ALPHABET.indexOf(digit);
  return ms >= OLDEST_MS ? ms : undefined;
}

/** Sorts before every id of the kind that is made at `ms` or later, and behind those made earlier. */
export const earliestId = (kind: IdKind, ms: number): string => PREFIX[kind] + encodeTime(Math.max(ms, 0));
