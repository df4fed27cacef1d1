import { deleteToolEndpoint as remove } from '../../actions/tool-endpoints.ts';
import { endpoint } from '../endpoint.ts';

export const deleteToolEndpoint = endpoint({
  async handle({ world, projectId, id }) {
    await remove(world, projectId, id('function_name'));
    return { id: id('function_name'), object: 'tool_endpoint.deleted', deleted: true };
  },
});
