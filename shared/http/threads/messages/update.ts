import { findMessage } from '../../../actions/find.ts';
import { toWireMessage } from '../../../wire/message.ts';
import { ModifyMessage } from '../../../wire/requests/messages.ts';
import { endpoint } from '../../endpoint.ts';
import { modify, over } from '../../modify.ts';

export const updateMessage = endpoint({
  body: ModifyMessage,
  async handle({ world, projectId, id, body }) {
    const find = () => findMessage(world, projectId, id('thread_id'), id('message_id'));
    return toWireMessage(await modify(world, 'message', find, (before) => ({ ...before, metadata: over(body.metadata, before.metadata) ?? {} })));
  },
});
