import { demandFeature } from '../../actions/features.ts';
import { updateProject as change } from '../../actions/project-settings.ts';
import { newProject } from '../../domain/project.ts';
import { toWireProject } from '../../wire/project.ts';
import { UpdateProject } from '../../wire/requests/project.ts';
import { endpoint } from '../endpoint.ts';
import { over } from '../modify.ts';

export const updateProject = endpoint({
  body: UpdateProject,
  async handle({ world, projectId, body }) {
    if (body.export_on_expiry) demandFeature(world, 'histories', 'export_on_expiry');
    if (body.expiring_days) demandFeature(world, 'webhooks', 'expiring_days');
    const unset = newProject(projectId);
    const project = await change(world, projectId, (before) => ({
      ...before,
      retention: over(body.retention, before.retention),
      exportOnExpiry: over(body.export_on_expiry, before.exportOnExpiry) ?? unset.exportOnExpiry,
      expiringDays: over(body.expiring_days, before.expiringDays),
      whenBusy: over(body.when_busy, before.whenBusy) ?? unset.whenBusy,
    }));
    return toWireProject(project);
  },
});
