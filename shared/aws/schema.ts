/**
 * The one table: where each kind of record lives. Nothing else in the repository writes a key by hand.
 *
 * | record           | pk                          | sk           | lpk (index `list`)             | lsk  |
 * |------------------|-----------------------------|--------------|--------------------------------|------|
 * | assistant        | A#<project>#<id>            | #            | A#<project>#<shard>            | id   |
 * | thread           | T#<project>#<id>            | #            | T#<project>#<shard>            | id   |
 * | message          | T#<project>#<thread>        | M#<id>       |                                |      |
 * | run              | T#<project>#<thread>        | R#<id>       |                                |      |
 * | step             | T#<project>#<thread>        | S#<run>#<id> |                                |      |
 * | alias            | T#<project>#<thread>        | N#<id>       |                                |      |
 * | code_session     | T#<project>#<thread>        | C#<thread>   |                                |      |
 * | api_key          | K#<id>                      | #            | K#<shard>                      | id   |
 * | idempotency      | I#<project>#<id>            | #            |                                |      |
 * | project          | P#<project>                 | #            |                                |      |
 * | webhook_endpoint | W#<project>#<id>            | #            | W#<project>#<shard>            | id   |
 * | delivery         | D#<project>#<endpoint>#<id> | #            | D#<project>#<endpoint>#<shard> | id   |
 * | export           | E#<project>#<id>            | #            | E#<project>#<shard>            | id   |
 * | tool_endpoint    | F#<project>#<name>          | #            | F#<project>#<shard>            | name |
 * | file             | B#<project>#<id>            | #            | B#<project>#<shard>            | id   |
 * | file_place       | B#<project>#<file>          | V#<id>       |                                |      |
 * | upload           | U#<project>#<id>            | #            | U#<project>#<shard>            | id   |
 * | upload_part      | U#<project>#<upload>        | P#<id>       |                                |      |
 * | vector_store     | V#<project>#<id>            | #            | V#<project>#<shard>            | id   |
 * | vector_store_file| V#<project>#<store>         | B#<file>     |                                |      |
 * | file_batch       | V#<project>#<store>         | G#<id>       |                                |      |
 *
 * So all that hangs under a thread is one partition, and no key is hotter than its own thread; likewise under a file, an upload and a vector store. Ids sort by time: a page of
 * messages, runs or steps is one key range. Records of the other kinds have a partition each. Those that can be listed are so through the
 * index: four shards, so that a project may make several thousand threads a second. The index holds keys alone and these
 * never change, so a change of the record does not write to it. Reads of an index are eventually consistent: a thread
 * made this moment may be missing from the list for some milliseconds.
 *
 * Further attributes, beside the keys: see items.ts.
 */
import { createHash } from 'node:crypto';
import type { Key, Kind, Scope } from '../ports/store.ts';

/** Names that the table is created with. */
export const TABLE = {
  partitionKey: 'pk',
  sortKey: 'sk',
  timeToLive: 'ttl',
  index: { name: 'list', partitionKey: 'lpk', sortKey: 'lsk' },
} as const;

export const SHARDS = 4;

/** A record's primary key. */
export interface Place {
  pk: string;
  sk: string;
}

/** Kinds that are found through the index, and the letter that their keys begin with. */
const LISTED = { assistant: 'A', thread: 'T', api_key: 'K', webhook_endpoint: 'W', delivery: 'D', export: 'E', tool_endpoint: 'F', file: 'B', upload: 'U', vector_store: 'V' } as const;
type ListedKind = keyof typeof LISTED;

/** Kinds that are found by their keys alone, and the letter that those begin with. */
const APART = { idempotency: 'I', project: 'P' } as const;

/** Kinds in the partition of what they hang under: the letter that this begins with, and the one that their sort keys begin with. */
const HUNG = {
  message: ['T', 'M'],
  run: ['T', 'R'],
  step: ['T', 'S'],
  alias: ['T', 'N'],
  code_session: ['T', 'C'],
  file_place: ['B', 'V'],
  upload_part: ['U', 'P'],
  vector_store_file: ['V', 'B'],
  file_batch: ['V', 'G'],
} as const;
type HungKind = keyof typeof HUNG;

const OWN = '#';
/** DynamoDB's limits, in bytes of UTF-8. */
const MOST_PK = 2048;
const MOST_SK = 1024;
/** Ours: far above any id that is made, and low enough for a cursor longer than any id to be a key still. */
const MOST_ID = 256;
const CURSOR_CUT = 300;

/** Scope parts and ids come from URLs and may hold anything: unescaped, ['a#b', 'c'] and ['a', 'b#c'] would be one place. */
const escaped = (part: string): string => (/[%#]/.test(part) ? part.replaceAll('%', '%25').replaceAll('#', '%23') : part);

const joined = (...parts: string[]): string => parts.map(escaped).join('#');

const isListed = (kind: Kind): kind is ListedKind => kind in LISTED;
const isHung = (kind: Kind): kind is HungKind => kind in HUNG;

/** Undefined for a key that no stored record can have: DynamoDB would refuse to look for it. */
export function placeOf({ kind, scope, id }: Key): Place | undefined {
  if (Buffer.byteLength(id) > MOST_ID || !id.isWellFormed() || !scope.every((part) => part.isWellFormed())) return undefined;
  const place = isHung(kind) ? { pk: hungPk(kind, scope), sk: hungPrefix(kind, scope) + id } : { pk: `${isListed(kind) ? LISTED[kind] : APART[kind]}#${joined(...scope, id)}`, sk: OWN };
  return fits(place) ? place : undefined;
}

const fits = ({ pk, sk }: Place): boolean => Buffer.byteLength(pk) <= MOST_PK && Buffer.byteLength(sk) <= MOST_SK;

/** Of a thread's own record and of all that hangs under it. Of its scope: [project, thread]. */
export const threadPk = (scope: Scope): string => hungPk('message', scope);

const hungPk = (kind: HungKind, [projectId = '', parentId = '']: Scope): string => `${HUNG[kind][0]}#${joined(projectId, parentId)}`;

const hungPrefix = (kind: HungKind, [, , runId = '']: Scope): string => (kind === 'step' ? `S#${escaped(runId)}#` : `${HUNG[kind][1]}#`);

/** The one key range that holds all records of a kind in a scope. `last` is no record's key and behind all of them. */
export interface Range {
  pk: string;
  prefix: string;
  last: string;
}

/** Undefined for kinds that live apart, and for a scope that nothing can be in. */
export function rangeOf(kind: Kind, scope: Scope): Range | undefined {
  if (!isHung(kind) || scope.length !== (kind === 'step' ? 3 : 2) || !scope.every((part) => part.isWellFormed())) return undefined;
  const range = { pk: hungPk(kind, scope), prefix: hungPrefix(kind, scope) };
  // '$' follows '#'. The margin leaves room for any id or cursor behind the prefix.
  if (!fits({ pk: range.pk, sk: range.prefix + 'x'.repeat(CURSOR_CUT + 2) })) return undefined;
  return { ...range, last: `${range.prefix.slice(0, -1)}$` };
}

/** A cursor as it can stand in a key. Ids are shorter than where it is cut, so they compare with it as with the whole. */
export function cursorText(cursor: string): string {
  const text = cursor.toWellFormed();
  return text.length <= CURSOR_CUT / 4 ? text : cut(text);
}

const cut = (text: string): string => {
  const bytes = Buffer.from(text);
  return bytes.length <= CURSOR_CUT ? text : bytes.subarray(0, CURSOR_CUT).toString();
};

/** What an item carries to be found through the index; nothing for the kinds that are not. */
export function listPlace({ kind, scope, id }: Key): { lpk: string; lsk: string } | undefined {
  return isListed(kind) ? { lpk: listPk(kind, scope, shardOf(id)), lsk: id } : undefined;
}

/** The index's partitions that hold a kind's records in a scope; undefined for kinds that it does not hold. */
export function listShards(kind: Kind, scope: Scope): string[] | undefined {
  if (!isListed(kind)) return undefined;
  return Array.from({ length: SHARDS }, (_, shard) => listPk(kind, scope, shard));
}

const listPk = (kind: ListedKind, scope: Scope, shard: number): string => [LISTED[kind], ...scope.map(escaped), shard].join('#');

/** By the whole id: its beginning is the time, which many ids share. */
const shardOf = (id: string): number => (createHash('sha256').update(id).digest()[0] ?? 0) % SHARDS;

/** Compares as DynamoDB does: by the bytes of UTF-8, which is not always JavaScript's order. */
export const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The place of the thread that a record hangs under. */
export const ownPlaceOfThread = ({ pk }: Place): Place => ({ pk, sk: OWN });
