import { readProject } from '../../actions/project-settings.ts';
import { toWireProject } from '../../wire/project.ts';
import { endpoint } from '../endpoint.ts';

/** Threadkeep's own: the settings of the project that the API key belongs to. */
export const retrieveProject = endpoint({
  handle: async ({ world, projectId }) => toWireProject(await readProject(world, projectId)),
});
