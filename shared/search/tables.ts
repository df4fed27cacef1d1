/** The tables of stores: opened, made, kept open while they are used. */
import type { Connection, Session, Table } from '@lancedb/lancedb';
import type { StorePlace } from '../ports/search-index.ts';
import { type Library, loadLibrary } from './library.ts';
import { folderOf } from './place.ts';
import { schemaOf } from './rows.ts';

/** Where the tables' files are. */
export interface Ground {
  /** A folder, or `s3://bucket/folder`. */
  uri: string;
  storageOptions?: Record<string, string> | undefined;
  /** Whether there is any file in a folder below `uri`. */
  has(folder: string): Promise<boolean>;
  /** Removes all that is in it. */
  removeAll(folder: string): Promise<void>;
}

export interface OpenTable extends Library {
  table: Table;
  /** Numbers in each vector; undefined while there are none. */
  vectorLength: number | undefined;
}

const NAME = 'chunks';
/** Where a table's versions are: it is there when one is. */
const VERSIONS = `${NAME}.lance/_versions`;
/** Most tables kept open. Each holds little: what is read of them is in the caches below. */
const MOST_OPEN = 64;
/** In bytes, of all tables together; LanceDB's own defaults are 6 and 1 GB. */
const INDEX_CACHE = 128n * 1024n * 1024n;
const METADATA_CACHE = 32n * 1024n * 1024n;

export class Tables {
  readonly #ground: Ground;
  /** In the order of their last use. */
  readonly #open = new Map<string, Promise<OpenTable | undefined>>();
  #session: Session | undefined;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** Undefined where there is none. */
  get(place: StorePlace): Promise<OpenTable | undefined> {
    // To connect alone would write a file, into a store that is gone, or with the rights of one who only reads.
    return this.#keep(place, async (folder) => ((await this.#ground.has(`${folder}/${VERSIONS}`)) ? this.#connect(folder, openTable) : undefined));
  }

  /** Made where there is none. Several processes may do so at once: one makes it. */
  async getOrMake(place: StorePlace): Promise<OpenTable> {
    const there = await this.get(place);
    if (there) return there;
    const made = this.#keep(place, (folder) =>
      this.#connect(folder, async (connection, library) => {
        await connection.createEmptyTable(NAME, schemaOf(library), { mode: 'create', existOk: true });
        return openTable(connection);
      }),
    );
    return (await made) ?? Promise.reject(new Error('the table that was made is not there'));
  }

  /** The next use opens it anew. */
  forget(place: StorePlace): void {
    this.#open.delete(folderOf(place));
  }

  async drop(place: StorePlace): Promise<void> {
    this.forget(place);
    await this.#ground.removeAll(folderOf(place));
  }

  /** What is not there is not kept either: another process may be making it. */
  #keep(place: StorePlace, open: (folder: string) => Promise<OpenTable | undefined>): Promise<OpenTable | undefined> {
    const folder = folderOf(place);
    const opened = this.#open.get(folder) ?? open(folder);
    this.#open.delete(folder);
    this.#open.set(folder, opened);
    const forget = () => {
      if (this.#open.get(folder) === opened) this.#open.delete(folder);
    };
    opened.then((table) => table ?? forget(), forget);
    for (const [oldest] of this.#open) {
      if (this.#open.size <= MOST_OPEN) break;
      // Not closed, for it may be in use: it is when nobody holds it any more.
      this.#open.delete(oldest);
    }
    return opened;
  }

  async #connect(folder: string, open: (connection: Connection, library: Library) => Promise<Table | undefined>): Promise<OpenTable | undefined> {
    const library = await loadLibrary();
    this.#session ??= new library.lance.Session(INDEX_CACHE, METADATA_CACHE);
    const { uri, storageOptions } = this.#ground;
    // Every read looks for the latest version: another process may have written it.
    const connection = await library.lance.connect({ uri: `${uri}/${folder}`, readConsistencyInterval: 0, session: this.#session, ...(storageOptions && { storageOptions }) });
    const table = await open(connection, library);
    return table && { ...library, table, vectorLength: await vectorLengthOf(table) };
  }
}

async function openTable(connection: Connection): Promise<Table | undefined> {
  try {
    return await connection.openTable(NAME);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export async function vectorLengthOf(table: Table): Promise<number | undefined> {
  const schema = await table.schema();
  const type = schema.fields.find(({ name }) => name === 'vector')?.type as { listSize?: number } | undefined;
  return type?.listSize;
}

/** A file of the table, or the table, is not there (any more). LanceDB has no codes, only words. */
export const isMissing = (error: unknown): boolean => says(error, /not found/i);

/** Native code makes errors that need not be of this realm's class. */
export const says = (error: unknown, words: RegExp): boolean => words.test(String((error as { message?: unknown } | undefined)?.message));
