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
  /** Removes all that is in a folder below `uri`. */
  removeAll(folder: string): Promise<void>;
}

export interface OpenTable extends Library {
  table: Table;
  /** Numbers in each vector; undefined while there are none. */
  vectorLength: number | undefined;
}

const NAME = 'chunks';
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
    return this.#keep(place, (connection) => openTable(connection));
  }

  /** Made where there is none. Several processes may do so at once: one makes it. */
  async getOrMake(place: StorePlace): Promise<OpenTable> {
    const there = await this.get(place);
    if (there) return there;
    const made = this.#keep(place, async (connection, library) => {
      await connection.createEmptyTable(NAME, schemaOf(library), { mode: 'create', existOk: true });
      return openTable(connection);
    });
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
  #keep(place: StorePlace, open: (connection: Connection, library: Library) => Promise<Table | undefined>): Promise<OpenTable | undefined> {
    const folder = folderOf(place);
    const opened = this.#open.get(folder) ?? this.#connect(folder, open);
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
export const isMissing = (error: unknown): boolean => error instanceof Error && /not found/i.test(error.message);
