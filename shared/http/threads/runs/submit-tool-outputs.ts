import { submitToolOutputs as submit } from '../../../actions/submit-tool-outputs.ts';
import { SubmitToolOutputs } from '../../../wire/requests/runs.ts';
import { endpoint } from '../../endpoint.ts';
import { runResponse } from './poll-after.ts';
import { leaseIf, streamRun } from './start.ts';

export const submitToolOutputs = endpoint({
  body: SubmitToolOutputs,
  async handle(call) {
    const { world, projectId, id, body } = call;
    const outputs = body.tool_outputs.map(({ tool_call_id, output }) => ({ toolCallId: tool_call_id, output }));
    const ids = { projectId, threadId: id('thread_id'), runId: id('run_id') };
    const resumed = await submit(world, ids, outputs, leaseIf(call, body.stream));
    if (!body.stream) return runResponse(call, resumed.run);
    return streamRun(call, resumed, (emit) => {
      // One that endpoints of the project still answer calls of is told when they have.
      if (resumed.step.status === 'completed') emit({ type: 'thread.run.step.completed', step: resumed.step });
      emit({ type: 'thread.run.queued', run: resumed.queued });
    });
  },
});
