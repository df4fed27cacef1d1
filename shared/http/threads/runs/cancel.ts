import { cancelRun as cancel } from '../../../actions/cancel-run.ts';
import { endpoint } from '../../endpoint.ts';
import { runResponse } from './poll-after.ts';

export const cancelRun = endpoint({
  async handle(call) {
    const run = await cancel(call.world, call.projectId, call.id('thread_id'), call.id('run_id'));
    call.signals.changed(run.id);
    return runResponse(call, run);
  },
});
