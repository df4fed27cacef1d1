import { InvalidRequestError } from '../../../domain/errors.ts';
import { createBatch } from '../../../actions/vector-stores/attach-files.ts';
import { fileToAdd } from '../../../actions/vector-stores/plan.ts';
import { toWireFileBatch } from '../../../wire/file-batch.ts';
import { CreateFileBatch } from '../../../wire/requests/vector-stores.ts';
import { endpoint } from '../../endpoint.ts';
import { pollResponse } from '../poll-response.ts';

export const createFileBatch = endpoint({
  body: CreateFileBatch,
  creates: 'file_batch',
  async handle(call) {
    const { file_ids: ids, files, attributes, chunking_strategy: chunking } = call.body;
    if (ids && files) throw new InvalidRequestError("Give either 'file_ids' or 'files', not both.", 'files', 'invalid_value');
    if (!ids && !files) throw new InvalidRequestError("Missing required parameter: 'file_ids'.", 'file_ids', 'missing_required_parameter');
    const named = files?.map((file) => fileToAdd(file.file_id, { attributes: file.attributes, chunking: file.chunking_strategy }));
    const adds = named ?? (ids ?? []).map((id) => fileToAdd(id, { attributes, chunking }));
    const batch = await createBatch(call.world, call.projectId, call.id('vector_store_id'), adds, files ? 'files' : 'file_ids');
    return pollResponse(call, batch, toWireFileBatch(batch));
  },
});
