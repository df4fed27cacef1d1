import { findMessage } from '../../../actions/find.ts';
import { remove, retryOnConflict } from '../../../ports/commit.ts';
import { endpoint } from '../../endpoint.ts';

export const deleteMessage = endpoint({
  async handle({ world, projectId, id }) {
    await retryOnConflict(async () => {
      const message = await findMessage(world, projectId, id('thread_id'), id('message_id'));
      await world.commit({ name: 'delete-message', writes: [remove('message', message)] });
    });
    return { id: id('message_id'), object: 'thread.message.deleted', deleted: true };
  },
});
