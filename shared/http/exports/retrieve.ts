import { findExport } from '../../actions/find.ts';
import { toWireExport } from '../../wire/export.ts';
import { endpoint } from '../endpoint.ts';

export const retrieveExport = endpoint({
  handle: async ({ world, projectId, id }) => toWireExport(await findExport(world, projectId, id('export_id'))),
});
