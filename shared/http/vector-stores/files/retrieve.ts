import { findVectorStoreFile } from '../../../actions/find.ts';
import { toWireVectorStoreFile } from '../../../wire/vector-store-file.ts';
import { endpoint } from '../../endpoint.ts';
import { pollResponse } from '../poll-response.ts';

export const retrieveVectorStoreFile = endpoint({
  async handle(call) {
    const file = await findVectorStoreFile(call.world, call.projectId, call.id('vector_store_id'), call.id('file_id'));
    return pollResponse(call, file, toWireVectorStoreFile(file));
  },
});
