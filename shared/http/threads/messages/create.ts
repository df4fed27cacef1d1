import { createMessage as create } from '../../../actions/create-message.ts';
import { toWireMessage } from '../../../wire/message.ts';
import { CreateMessage, toMessageInput } from '../../../wire/requests/messages.ts';
import { endpoint } from '../../endpoint.ts';

export const createMessage = endpoint({
  body: CreateMessage,
  creates: 'message',
  handle: async ({ world, projectId, id, body }) => toWireMessage(await create(world, projectId, id('thread_id'), toMessageInput(body))),
});
