import { cancelUpload as cancel } from '../../actions/uploads/cancel-upload.ts';
import { toWireUpload } from '../../wire/upload.ts';
import { endpoint } from '../endpoint.ts';

export const cancelUpload = endpoint({
  handle: async ({ world, projectId, id }) => toWireUpload(await cancel(world, projectId, id('upload_id')), world.clock.nowMs()),
});
