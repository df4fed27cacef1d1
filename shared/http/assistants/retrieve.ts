import { findAssistant } from '../../actions/find.ts';
import { toWireAssistant } from '../../wire/assistant.ts';
import { endpoint } from '../endpoint.ts';

export const retrieveAssistant = endpoint({
  handle: async ({ world, projectId, id }) => toWireAssistant(await findAssistant(world, projectId, id('assistant_id'))),
});
