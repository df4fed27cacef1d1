import { findRun } from '../../../actions/find.ts';
import { ModifyRun } from '../../../wire/requests/runs.ts';
import { endpoint } from '../../endpoint.ts';
import { modify, over } from '../../modify.ts';
import { runResponse } from './poll-after.ts';

export const updateRun = endpoint({
  body: ModifyRun,
  async handle(call) {
    const { world, projectId, id, body } = call;
    const find = () => findRun(world, projectId, id('thread_id'), id('run_id'));
    const run = await modify(world, 'run', find, (before) => ({ ...before, metadata: over(body.metadata, before.metadata) ?? {} }));
    return runResponse(call, run);
  },
});
