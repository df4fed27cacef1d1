import { updateToolEndpoint as update } from '../../actions/tool-endpoints.ts';
import { UpdateToolEndpoint } from '../../wire/requests/tool-endpoints.ts';
import { toWireToolEndpoint } from '../../wire/tool-endpoint.ts';
import { endpoint } from '../endpoint.ts';
import { toGiven } from './given.ts';

export const updateToolEndpoint = endpoint({
  body: UpdateToolEndpoint,
  handle: async ({ world, projectId, id, body }) => toWireToolEndpoint(await update(world, projectId, id('function_name'), toGiven(body))),
});
