import { createUpload as create } from '../../actions/uploads/create-upload.ts';
import { CreateUpload } from '../../wire/requests/uploads.ts';
import { toWireUpload } from '../../wire/upload.ts';
import { endpoint } from '../endpoint.ts';

export const createUpload = endpoint({
  body: CreateUpload,
  creates: 'upload',
  async handle({ world, projectId, body: { filename, purpose, bytes, expires_after: expires } }) {
    const upload = await create(world, projectId, { filename, purpose, bytes, ...(expires && { fileExpiresAfterSeconds: expires.seconds }) });
    return toWireUpload(upload, world.clock.nowMs());
  },
});
