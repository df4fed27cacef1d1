import type { Clock } from '../domain/clock.ts';
import type { Retention } from '../domain/thread.ts';
import type { Embedding } from '../domain/vector-store.ts';
import type { Blobs } from './blobs.ts';
import type { Commit } from './commit.ts';
import type { Documents } from './documents.ts';
import type { Functions } from './functions.ts';
import type { Log } from './log.ts';
import type { Model } from './model.ts';
import type { Outbound } from './outbound.ts';
import type { Sandbox } from './sandbox.ts';
import type { SearchIndex } from './search-index.ts';
import type { Store } from './store.ts';

/** What Threadkeep has beside the Assistants API, and not yet in every world. `histories`: exports and imports. */
export type Feature = 'histories' | 'webhooks' | 'tool_endpoints';

/** What an operator may set, the same in both worlds. */
export interface Config {
  /** How long a run may take in all, waiting for tool outputs included, in seconds. */
  runWindowSeconds: number;
  /** For threads that do not say otherwise. */
  retention: Retention;
  /** Tokens that the model takes in one call, prompt and answer together. */
  contextWindow(model: string): number;
  /** For vector stores made from now on, where the model's provider has it; absent for keyword search alone. */
  embedding?: Embedding | undefined;
  /** A file with more of them is refused for a vector store. */
  mostFileTokens: number;
  mostFilesPerStore: number;
  /** What this world cannot do yet: it is refused, not ignored. */
  lacks?: ReadonlySet<Feature>;
}

/**
 * The whole outside, as everything above the adapters sees it. Who delivers jobs and the feed's events is not part of it: the
 * embedded world has consumers (queue.ts, feed.ts), on AWS the event sources invoke functions.
 */
export interface World {
  clock: Clock;
  store: Store;
  commit: Commit;
  model: Model;
  log: Log;
  config: Config;
  /** Names this process on the leases it takes. */
  owner: string;
  /** True when the lease's holder is known to be gone, as every earlier process is where only one can run at a time. */
  isGone(owner: string): boolean;
  blobs: Blobs;
  outbound: Outbound;
  index: SearchIndex;
  documents: Documents;
  /** Absent where code_interpreter is not available: runs with it are refused. */
  sandbox?: Sandbox | undefined;
  /** Absent where there are none. */
  functions?: Functions | undefined;
}
