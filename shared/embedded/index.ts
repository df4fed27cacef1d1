/** Assembly of the embedded world, and nothing else. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { makeDocuments } from '../documents/index.ts';
import { makeOutbound } from '../outbound/index.ts';
import type { Feed } from '../ports/feed.ts';
import type { Log } from '../ports/log.ts';
import type { Queue } from '../ports/queue.ts';
import type { Config, World } from '../ports/world.ts';
import { makeBlobs } from './blobs.ts';
import { makeCommit } from './commit.ts';
import { type Database, holdFolder, openDatabase } from './database.ts';
import { makeFeed } from './feed.ts';
import { ensureLocalKey } from './keys.ts';
import { type ModelSettings, makeModel } from './model.ts';
import { makeQueue } from './queue.ts';
import { type EmbeddedSandbox, makeSandbox, type SandboxSettings } from './sandbox.ts';
import { makeSearchIndex } from './search-index.ts';
import { makeStore } from './store.ts';

export interface EmbeddedSettings {
  dataFolder: string;
  model: ModelSettings;
  config: Config;
  clock: Clock;
  log: Log;
  /** Webhooks may go to this machine too, and by http. */
  loopback?: boolean;
  codeInterpreter?: Pick<SandboxSettings, 'python' | 'withoutIsolation'>;
}

export interface EmbeddedWorld extends World {
  queue: Queue;
  feed: Feed;
  sandbox: EmbeddedSandbox;
  db: Database;
  close(): void;
  /** Like `close`, and ends what code of runs is at work. Its outcome is nobody's any more: the files are closed before. */
  stop(): Promise<void>;
}

/** The keys of a folder, for a moment, beside the server that may be using it. A folder without any gets the local key first. */
export async function openKeyRing(dataFolder: string, clock: Clock) {
  const db = openDatabase(dataFolder);
  const ring = { clock, store: makeStore(db, clock), commit: makeCommit(db, clock), close: () => db.close() };
  await ensureLocalKey(db, ring);
  return ring;
}

/** Opens the folder for this process alone; DataFolderInUseError when another server has it. */
export async function openEmbeddedWorld({ dataFolder, model, config, clock, log, loopback = false, codeInterpreter }: EmbeddedSettings): Promise<EmbeddedWorld> {
  const letGo = holdFolder(dataFolder);
  const blobs = orLetGo(letGo, () => makeBlobs(join(dataFolder, 'blobs'), clock));
  const sandbox = orLetGo(letGo, () => makeSandbox({ clock, folder: join(dataFolder, 'sandbox'), ...codeInterpreter }));
  const db = orLetGo(letGo, () => openDatabase(dataFolder));
  const owner = randomUUID();
  const world = {
    clock,
    log,
    config,
    store: makeStore(db, clock),
    commit: makeCommit(db, clock),
    queue: makeQueue(db, clock, log),
    feed: makeFeed(db, clock, log),
    model: makeModel(model),
    blobs,
    outbound: makeOutbound({ clock, loopback }),
    index: makeSearchIndex(join(dataFolder, 'index')),
    documents: makeDocuments({ folder: join(dataFolder, 'documents') }),
    sandbox,
    owner,
    // One process holds the folder, so whoever else holds a lease died with the process before.
    isGone: (other: string) => other !== owner,
    db,
    close() {
      db.close();
      letGo();
    },
    async stop() {
      db.close();
      await sandbox.stop().finally(letGo);
    },
  };
  await ensureLocalKey(db, world);
  return world;
}

function orLetGo<T>(letGo: () => void, open: () => T): T {
  try {
    return open();
  } catch (error) {
    letGo();
    throw error;
  }
}
