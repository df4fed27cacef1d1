import { endpoint } from '../../endpoint.ts';
import { runResponse } from './poll-after.ts';
import { showRun } from './show-run.ts';

export const retrieveRun = endpoint({
  async handle(call) {
    return runResponse(call, await showRun(call.world, call.projectId, call.id('thread_id'), call.id('run_id')));
  },
});
