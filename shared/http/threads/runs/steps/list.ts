import { findRun } from '../../../../actions/find.ts';
import { toWireList } from '../../../../wire/list.ts';
import { StepPage, toPageQuery, toStepView } from '../../../../wire/requests/page.ts';
import { endpoint } from '../../../endpoint.ts';
import { viewStep } from './view-step.ts';

export const listSteps = endpoint({
  query: StepPage,
  async handle({ world, projectId, id, query }) {
    const [threadId, runId] = [id('thread_id'), id('run_id')];
    const [page, run] = await Promise.all([
      world.store.page('step', [projectId, threadId, runId], toPageQuery(query)),
      findRun(world, projectId, threadId, runId),
    ]);
    return toWireList(page, (step) => viewStep(step, run, world.clock.nowMs(), toStepView(query)));
  },
});
