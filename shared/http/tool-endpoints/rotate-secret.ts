import { rotateToolSecret as rotate } from '../../actions/tool-endpoints.ts';
import { RotateToolSecret } from '../../wire/requests/tool-endpoints.ts';
import { toWireToolEndpointWithSecret } from '../../wire/tool-endpoint.ts';
import { endpoint } from '../endpoint.ts';

export const rotateToolSecret = endpoint({
  body: RotateToolSecret,
  handle: async ({ world, projectId, id, body }) =>
    toWireToolEndpointWithSecret(await rotate(world, projectId, id('function_name'), body.keep_old_secret_active_for_24_hours ?? false)),
});
