import { deleteExport as remove } from '../../actions/delete-export.ts';
import { endpoint } from '../endpoint.ts';

export const deleteExport = endpoint({
  async handle({ world, projectId, id }) {
    await remove(world, projectId, id('export_id'));
    return { id: id('export_id'), object: 'export.deleted', deleted: true };
  },
});
