import { findToolEndpoint } from '../../actions/find.ts';
import { toWireToolEndpoint } from '../../wire/tool-endpoint.ts';
import { endpoint } from '../endpoint.ts';

export const retrieveToolEndpoint = endpoint({
  handle: async ({ world, projectId, id }) => toWireToolEndpoint(await findToolEndpoint(world, projectId, id('function_name'))),
});
