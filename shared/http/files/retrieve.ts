import { findFile } from '../../actions/find.ts';
import { toWireFile } from '../../wire/file.ts';
import { endpoint } from '../endpoint.ts';

export const retrieveFile = endpoint({
  handle: async ({ world, projectId, id }) => toWireFile(await findFile(world, projectId, id('file_id'))),
});
