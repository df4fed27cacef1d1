import { findFileBatch } from '../../../actions/find.ts';
import { toWireFileBatch } from '../../../wire/file-batch.ts';
import { endpoint } from '../../endpoint.ts';
import { pollResponse } from '../poll-response.ts';

export const retrieveFileBatch = endpoint({
  async handle(call) {
    const batch = await findFileBatch(call.world, call.projectId, call.id('vector_store_id'), call.id('batch_id'));
    return pollResponse(call, batch, toWireFileBatch(batch));
  },
});
