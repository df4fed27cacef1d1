import { armWarning } from '../../actions/arm-warning.ts';
import { placeCodeFiles } from '../../actions/code-files.ts';
import { demandFeature } from '../../actions/features.ts';
import { findThread } from '../../actions/find.ts';
import { checkToolResources } from '../../actions/known-files.ts';
import { type Thread, withRetention } from '../../domain/thread.ts';
import { ModifyThread } from '../../wire/requests/threads.ts';
import { toWireThread } from '../../wire/thread.ts';
import { endpoint } from '../endpoint.ts';
import { modify, over } from '../modify.ts';

export const updateThread = endpoint({
  body: ModifyThread,
  async handle({ world, projectId, id, body }) {
    await checkToolResources(world, projectId, body.tool_resources);
    if (body.export_on_expiry) demandFeature(world, 'histories', 'export_on_expiry');
    const find = () => findThread(world, projectId, id('thread_id'));
    const change = (before: Thread): Thread => {
      const after = {
        ...before,
        exportOnExpiry: over(body.export_on_expiry, before.exportOnExpiry),
        metadata: over(body.metadata, before.metadata) ?? {},
        toolResources: body.tool_resources === null ? {} : { ...before.toolResources, ...body.tool_resources },
      };
      return body.retention === undefined ? after : withRetention(after, body.retention);
    };
    const thread = await modify(world, 'thread', find, change, (after, before) => placeCodeFiles(world, after, after.toolResources, before.toolResources));
    // It may have come nearer its end than its timer knows.
    if (body.retention !== undefined) await armWarning(world, thread);
    return toWireThread(thread);
  },
});
