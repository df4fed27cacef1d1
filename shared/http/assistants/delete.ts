import { findAssistant } from '../../actions/find.ts';
import { remove, retryOnConflict } from '../../ports/commit.ts';
import { endpoint } from '../endpoint.ts';

/** Runs of the assistant keep the settings they copied. */
export const deleteAssistant = endpoint({
  async handle({ world, projectId, id }) {
    await retryOnConflict(async () => {
      const assistant = await findAssistant(world, projectId, id('assistant_id'));
      await world.commit({ name: 'delete-assistant', writes: [remove('assistant', assistant)] });
    });
    return { id: id('assistant_id'), object: 'assistant.deleted', deleted: true };
  },
});
