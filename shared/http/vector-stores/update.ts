import { updateStore } from '../../actions/vector-stores/update-store.ts';
import { ModifyVectorStore } from '../../wire/requests/vector-stores.ts';
import { toWireVectorStore } from '../../wire/vector-store.ts';
import { endpoint } from '../endpoint.ts';
import { over } from '../modify.ts';

/** `metadata` is replaced whole. */
export const updateVectorStore = endpoint({
  body: ModifyVectorStore,
  async handle({ world, projectId, id, body }) {
    const store = await updateStore(world, projectId, id('vector_store_id'), (before) => ({
      ...before,
      name: over(body.name, before.name),
      expiresAfterDays: over(body.expires_after === null ? null : body.expires_after?.days, before.expiresAfterDays),
      metadata: over(body.metadata, before.metadata) ?? {},
    }));
    return toWireVectorStore(store, world.clock.nowMs());
  },
});
