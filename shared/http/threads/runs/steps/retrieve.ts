import { findRun, findStep } from '../../../../actions/find.ts';
import { Include, toStepView } from '../../../../wire/requests/page.ts';
import { endpoint } from '../../../endpoint.ts';
import { viewStep } from './view-step.ts';

export const retrieveStep = endpoint({
  query: Include,
  async handle({ world, projectId, id, query }) {
    const [threadId, runId] = [id('thread_id'), id('run_id')];
    const [run, step] = await Promise.all([
      findRun(world, projectId, threadId, runId),
      findStep(world, projectId, threadId, runId, id('step_id')),
    ]);
    return viewStep(step, run, world.clock.nowMs(), toStepView(query));
  },
});
