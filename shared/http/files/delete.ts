import { deleteFile as remove } from '../../actions/delete-file.ts';
import { endpoint } from '../endpoint.ts';

export const deleteFile = endpoint({
  async handle({ world, projectId, id }) {
    await remove(world, projectId, id('file_id'));
    return { id: id('file_id'), object: 'file', deleted: true };
  },
});
