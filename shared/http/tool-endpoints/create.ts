import { createToolEndpoint as create } from '../../actions/tool-endpoints.ts';
import { CreateToolEndpoint } from '../../wire/requests/tool-endpoints.ts';
import { toWireToolEndpointWithSecret } from '../../wire/tool-endpoint.ts';
import { endpoint } from '../endpoint.ts';
import { toGiven } from './given.ts';

export const createToolEndpoint = endpoint({
  body: CreateToolEndpoint,
  handle: async ({ world, projectId, body }) => toWireToolEndpointWithSecret(await create(world, projectId, body.name, toGiven(body))),
});
