import { createThreadAndRun } from '../../actions/create-run.ts';
import { CreateThreadAndRun, toOverrides } from '../../wire/requests/runs.ts';
import { toThreadInput } from '../../wire/requests/threads.ts';
import { endpoint } from '../endpoint.ts';
import { runResponse } from './runs/poll-after.ts';
import { leaseIf, streamRun } from './runs/start.ts';

export const createAndRun = endpoint({
  body: CreateThreadAndRun,
  creates: 'run',
  async handle(call) {
    const { world, projectId, body } = call;
    const created = await createThreadAndRun(world, toThreadInput(body.thread), {
      projectId,
      assistantId: body.assistant_id,
      overrides: { ...toOverrides(body), toolResources: body.tool_resources },
      lease: leaseIf(call, body.stream),
    });
    if (!body.stream) return runResponse(call, created.run);
    return streamRun(call, created, (emit) => {
      emit({ type: 'thread.created', thread: created.thread });
      emit({ type: 'thread.run.created', run: created.queued });
      emit({ type: 'thread.run.queued', run: created.queued });
    });
  },
});
