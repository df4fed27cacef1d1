import type { Project, WhenBusy } from '../domain/project.ts';
import type { Retention } from '../domain/thread.ts';

/** What holds for the project that the API key belongs to. */
export interface WireProject {
  id: string;
  object: 'project';
  retention: Retention;
  export_on_expiry: boolean;
  expiring_days: number | null;
  when_busy: WhenBusy;
}

export const toWireProject = (project: Omit<Project, 'rev'> & { retention: Retention }): WireProject => ({
  id: project.id,
  object: 'project',
  retention: project.retention,
  export_on_expiry: project.exportOnExpiry,
  expiring_days: project.expiringDays ?? null,
  when_busy: project.whenBusy,
});
