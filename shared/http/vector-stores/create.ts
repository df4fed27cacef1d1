import { createStore } from '../../actions/vector-stores/create-store.ts';
import { fileToAdd } from '../../actions/vector-stores/plan.ts';
import { CreateVectorStore } from '../../wire/requests/vector-stores.ts';
import { toWireVectorStore } from '../../wire/vector-store.ts';
import { endpoint } from '../endpoint.ts';

export const createVectorStore = endpoint({
  body: CreateVectorStore,
  creates: 'vector_store',
  async handle({ world, projectId, body }) {
    const { name, description, metadata, chunking_strategy: chunking } = body;
    const files = (body.file_ids ?? []).map((fileId) => fileToAdd(fileId, { chunking }));
    const store = await createStore(world, projectId, { name, description, metadata, expiresAfterDays: body.expires_after?.days, files });
    return toWireVectorStore(store, world.clock.nowMs());
  },
});
