import type { Emit, RunEvent } from '../../shared/domain/run-event.ts';
import { toFrame } from '../../shared/wire/sse.ts';
import { SseFrames } from './sse-frames.ts';
import { StreamRules } from './stream-rules.ts';

/** Hears what a run's stream is told, as it was at that moment, and what of it breaks the rules of a stream. */
export function ruledListener(): { events: RunEvent[]; problems: string[]; emit: Emit } {
  const events: RunEvent[] = [];
  const problems: string[] = [];
  const rules = new StreamRules('run', (problem) => problems.push(problem));
  const frames = new SseFrames((frame) => rules.accept(frame), (problem) => problems.push(problem));
  const emit = (event: RunEvent): void => {
    events.push(structuredClone(event));
    frames.push(Buffer.from(toFrame(event)));
  };
  return { events, problems, emit };
}
