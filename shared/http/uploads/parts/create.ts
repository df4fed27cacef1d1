import { addPart, findOpenUpload } from '../../../actions/uploads/add-part.ts';
import { MOST_PART_BYTES } from '../../../domain/upload.ts';
import { toWireUploadPart } from '../../../wire/upload.ts';
import { endpoint } from '../../endpoint.ts';
import { receive } from '../../files/receive.ts';

export const createUploadPart = endpoint({
  isStream: true,
  creates: 'upload_part',
  async handle(call) {
    const { world, projectId, id } = call;
    const upload = await findOpenUpload(world, projectId, id('upload_id'));
    return receive(call, { field: 'data', what: 'part', mostBytes: Math.min(MOST_PART_BYTES, upload.bytes), make: async ({ incoming }) => toWireUploadPart(await addPart(world, upload, incoming)) });
  },
});
