import { findRun } from '../../../actions/find.ts';
import type { Run } from '../../../domain/run.ts';
import { followRun as follow } from '../../../engine/follow-run.ts';
import { Include, toStepView } from '../../../wire/requests/page.ts';
import type { StepView } from '../../../wire/run-step.ts';
import { endpoint } from '../../endpoint.ts';
import { eventStream } from '../../event-stream.ts';
import type { Service } from '../../service.ts';

/** Threadkeep's own: a run's stream once more, from its beginning, for whoever has lost it or never had it. */
export const followRun = endpoint({
  query: Include,
  async handle(call) {
    return followStream(call, await findRun(call.world, call.projectId, call.id('thread_id'), call.id('run_id')), toStepView(call.query));
  },
});

/** The stream of a run that somebody else drives, or will. */
export const followStream = (service: Service, { projectId, threadId, id: runId }: Run, view?: StepView): Response =>
  eventStream(service, (emit, gone) => follow(service.world, service.signals, { projectId, threadId, runId }, emit, gone), { isLazy: true, view });
