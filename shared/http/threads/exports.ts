import { createExport } from '../../actions/create-export.ts';
import { toWireExport } from '../../wire/export.ts';
import { CreateThreadExport } from '../../wire/requests/exports.ts';
import { endpoint } from '../endpoint.ts';

export const createThreadExport = endpoint({
  body: CreateThreadExport,
  creates: 'export',
  handle: async ({ world, projectId, id, body }) => toWireExport(await createExport(world, projectId, { threadId: id('thread_id') }, body.format)),
});
