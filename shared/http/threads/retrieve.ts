import { findThread } from '../../actions/find.ts';
import { toWireThread } from '../../wire/thread.ts';
import { endpoint } from '../endpoint.ts';

export const retrieveThread = endpoint({
  handle: async ({ world, projectId, id }) => toWireThread(await findThread(world, projectId, id('thread_id'))),
});
