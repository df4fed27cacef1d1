import { type Project, newProject } from '../domain/project.ts';
import type { Retention } from '../domain/thread.ts';
import { create, retryOnConflict, update } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { warningsJob } from './arm-warnings.ts';

/** What holds for a project: what it has set, and the server's own settings for the rest. */
export type ProjectSettings = Omit<Project, 'rev'> & { retention: Retention };

export async function readProject(world: Pick<World, 'store' | 'config'>, projectId: string): Promise<ProjectSettings> {
  return settingsOf(world, (await world.store.get(keys.project(projectId))) ?? newProject(projectId));
}

/** Changes what the project has set; done again when somebody else changed it in between. */
export function updateProject(world: World, projectId: string, change: (before: Project) => Project): Promise<ProjectSettings> {
  return retryOnConflict(async () => {
    const before = await world.store.get(keys.project(projectId));
    const write = before ? update('project', before, change(before)) : create('project', change(newProject(projectId)));
    // Fewer days need nothing: a timer that goes off too early sets itself again.
    const isSooner = (write.record.expiringDays ?? 0) > (before?.expiringDays ?? 0);
    await world.commit({ name: 'update-project', writes: [write], jobs: isSooner ? [warningsJob(projectId, world.clock.nowMs())] : [] });
    return settingsOf(world, write.record);
  });
}

const settingsOf = ({ config }: Pick<World, 'config'>, { rev: _, ...project }: Project): ProjectSettings => ({ ...project, retention: project.retention ?? config.retention });
