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
  config: { runWindowSeconds: 600, retention: 'never', contextWindow: refuse('config.contextWindow') },
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
  outbound: { check: refuse('outbound.check'), post: refuse('outbound.post') },
  ...parts,
});
