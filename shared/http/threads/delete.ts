import { deleteThread as remove } from '../../actions/delete-thread.ts';
import { endpoint } from '../endpoint.ts';

export const deleteThread = endpoint({
  async handle({ world, projectId, id }) {
    await remove(world, projectId, id('thread_id'));
    return { id: id('thread_id'), object: 'thread.deleted', deleted: true };
  },
});
