import { createRunWhenFree } from '../../../actions/create-run-when-free.ts';
import { toMessageInput } from '../../../wire/requests/messages.ts';
import { Include, toStepView } from '../../../wire/requests/page.ts';
import { CreateRun, WHEN_BUSY, WhenBusyHeader, toOverrides } from '../../../wire/requests/runs.ts';
import { validate } from '../../../wire/validate.ts';
import { endpoint } from '../../endpoint.ts';
import { followStream } from './follow.ts';
import { runResponse } from './poll-after.ts';
import { leaseIf, streamRun } from './start.ts';

export const createRun = endpoint({
  body: CreateRun,
  query: Include,
  creates: 'run',
  async handle(call) {
    const { world, projectId, id, body } = call;
    const { [WHEN_BUSY]: whenBusy } = validate(WhenBusyHeader, { [WHEN_BUSY]: call.header(WHEN_BUSY) });
    const created = await createRunWhenFree(world, id('thread_id'), (body.additional_messages ?? []).map(toMessageInput), {
      projectId,
      assistantId: body.assistant_id,
      overrides: { ...toOverrides(body), additionalInstructions: body.additional_instructions },
      whenBusy,
      lease: () => leaseIf(call, body.stream),
      onCancel: (runId) => call.signals.changed(runId),
    });
    if (!body.stream) return runResponse(call, created.run);
    const view = toStepView(call.query);
    if (created.run.status === 'queued') return followStream(call, created.run, view);
    return streamRun(call, created, (emit) => {
      emit({ type: 'thread.run.created', run: created.queued });
      emit({ type: 'thread.run.queued', run: created.queued });
    }, view);
  },
});
