import { findMessage } from '../../../actions/find.ts';
import { toWireMessage } from '../../../wire/message.ts';
import { endpoint } from '../../endpoint.ts';

export const retrieveMessage = endpoint({
  handle: async ({ world, projectId, id }) => toWireMessage(await findMessage(world, projectId, id('thread_id'), id('message_id'))),
});
