import { attachFile } from '../../../actions/vector-stores/attach-files.ts';
import { CreateVectorStoreFile } from '../../../wire/requests/vector-stores.ts';
import { toWireVectorStoreFile } from '../../../wire/vector-store-file.ts';
import { endpoint } from '../../endpoint.ts';
import { pollResponse } from '../poll-response.ts';

/** Needs no Idempotency-Key to be sent twice: a file is in a store once. */
export const createVectorStoreFile = endpoint({
  body: CreateVectorStoreFile,
  async handle(call) {
    const { file_id: fileId, attributes, chunking_strategy: chunking } = call.body;
    const file = await attachFile(call.world, call.projectId, call.id('vector_store_id'), { fileId, attributes, chunking });
    return pollResponse(call, file, toWireVectorStoreFile(file));
  },
});
