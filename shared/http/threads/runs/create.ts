import { createRun as create } from '../../../actions/create-run.ts';
import { toMessageInput } from '../../../wire/requests/messages.ts';
import { Include } from '../../../wire/requests/page.ts';
import { CreateRun, toOverrides } from '../../../wire/requests/runs.ts';
import { endpoint } from '../../endpoint.ts';
import { runResponse } from './poll-after.ts';
import { leaseIf, streamRun } from './start.ts';

export const createRun = endpoint({
  body: CreateRun,
  query: Include,
  creates: 'run',
  async handle(call) {
    const { world, projectId, id, body } = call;
    const created = await create(world, id('thread_id'), (body.additional_messages ?? []).map(toMessageInput), {
      projectId,
      assistantId: body.assistant_id,
      overrides: { ...toOverrides(body), additionalInstructions: body.additional_instructions },
      lease: leaseIf(call, body.stream),
    });
    if (!body.stream) return runResponse(call, created.run);
    return streamRun(call, created, (emit) => {
      emit({ type: 'thread.run.created', run: created.queued });
      emit({ type: 'thread.run.queued', run: created.queued });
    });
  },
});
