import { deleteThread as remove } from '../../actions/delete-thread.ts';
import { endpoint } from '../endpoint.ts';

export const deleteThread = endpoint({
  async handle({ world, signals, projectId, id }) {
    const thread = await remove(world, projectId, id('thread_id'));
    if (thread.activeRun) signals.changed(thread.activeRun.id);
    return { id: id('thread_id'), object: 'thread.deleted', deleted: true };
  },
});
