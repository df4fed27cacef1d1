import { findRun } from '../../../actions/find.ts';
import { endpoint } from '../../endpoint.ts';
import { runResponse } from './poll-after.ts';

export const retrieveRun = endpoint({
  async handle(call) {
    return runResponse(call, await findRun(call.world, call.projectId, call.id('thread_id'), call.id('run_id')));
  },
});
