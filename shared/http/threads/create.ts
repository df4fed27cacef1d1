import { createThread as create } from '../../actions/create-thread.ts';
import { CreateThread, toThreadInput } from '../../wire/requests/threads.ts';
import { toWireThread } from '../../wire/thread.ts';
import { endpoint } from '../endpoint.ts';

export const createThread = endpoint({
  body: CreateThread,
  creates: 'thread',
  handle: async ({ world, projectId, body }) => toWireThread(await create(world, projectId, toThreadInput(body))),
});
