import { completeUpload as complete } from '../../actions/uploads/complete-upload.ts';
import { CompleteUpload } from '../../wire/requests/uploads.ts';
import { toWireUpload } from '../../wire/upload.ts';
import { endpoint } from '../endpoint.ts';

export const completeUpload = endpoint({
  body: CompleteUpload,
  async handle({ world, projectId, id, body: { part_ids: partIds, md5 } }) {
    const { upload, file } = await complete(world, projectId, id('upload_id'), partIds, md5);
    return toWireUpload(upload, world.clock.nowMs(), file);
  },
});
