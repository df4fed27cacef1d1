/** What the three endpoints that start or resume a run have in common: stream it here, or leave it to the queue. */
import type { ReadAhead } from '../../../actions/read-ahead.ts';
import type { Emit } from '../../../domain/run-event.ts';
import { type Lease, type Run, isActive } from '../../../domain/run.ts';
import { executeRun } from '../../../engine/execute-run.ts';
import { newLease } from '../../../engine/hold.ts';
import type { StepView } from '../../../wire/run-step.ts';
import { StreamLostError } from '../../../wire/http-errors.ts';
import { eventStream } from '../../event-stream.ts';
import type { Service } from '../../service.ts';

/** The lease to take for a request that streams: its own process drives the run, so no hop comes before the first token. */
export const leaseIf = (service: Service, stream: boolean | undefined): Lease | undefined => (stream ? newLease(service.world) : undefined);

interface Started {
  run: Run;
  ahead?: Promise<ReadAhead | undefined> | undefined;
}

/** Tells `beginning`, then drives the run that the caller has leased, whether or not anybody goes on listening. */
export function streamRun(service: Service, { run, ahead }: Started, beginning: (emit: Emit) => void, view?: StepView): Response {
  if (run.status !== 'in_progress') throw new Error(`${run.id} cannot be streamed while it is ${run.status}`);
  const produce = async (emit: Emit) => {
    beginning(emit);
    emit({ type: 'thread.run.in_progress', run });
    const left = await executeRun(service.world, service.signals, run, emit, { ahead });
    if (left.how === 'lost' && (!left.stored || isActive(left.stored))) throw new StreamLostError(run.id, left.stored !== undefined);
  };
  return eventStream(service, produce, { view });
}
