/** A world of which nothing may be used but what a test puts in. */
import type { World } from '../../shared/ports/world.ts';

const refuse = (what: string) => () => {
  throw new Error(`unexpected call of ${what}`);
};

export const bareWorld = (parts: Partial<World> = {}): World => ({
  clock: { nowMs: refuse('clock.nowMs'), after: refuse('clock.after') },
  store: { get: refuse('store.get'), page: refuse('store.page') },
  commit: refuse('commit'),
  model: { stream: refuse('model.stream'), list: refuse('model.list') },
  log: { info: refuse('log.info'), error: refuse('log.error') },
  config: { runWindowSeconds: 600, retention: 'never', mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: refuse('config.contextWindow') },
  owner: 'test',
  isGone: refuse('isGone'),
  blobs: {
    begin: refuse('blobs.begin'),
    putPart: refuse('blobs.putPart'),
    complete: refuse('blobs.complete'),
    abort: refuse('blobs.abort'),
    put: refuse('blobs.put'),
    read: refuse('blobs.read'),
    remove: refuse('blobs.remove'),
    link: refuse('blobs.link'),
  },
  index: {
    add: refuse('index.add'),
    standing: refuse('index.standing'),
    remove: refuse('index.remove'),
    drop: refuse('index.drop'),
    search: refuse('index.search'),
    read: refuse('index.read'),
    tidy: refuse('index.tidy'),
  },
  documents: { refuses: refuse('documents.refuses'), read: refuse('documents.read') },
  outbound: { check: refuse('outbound.check'), post: refuse('outbound.post') },
  ...parts,
});
