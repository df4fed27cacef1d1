/** A thread whose run is under way, and what is asked of it meanwhile. */
import { type Step, hold } from '../support/scripted-model.ts';
import type { AssistantCreateParams, Run, RunBody } from './clients/client.ts';
import { type Stage, textOf } from './stage.ts';

type WhenBusy = 'reject' | 'queue' | 'cancel_active';
export const when = (whenBusy: WhenBusy, key?: string) => ({ headers: { 'x-threadkeep-when-busy': whenBusy, ...(key !== undefined && { 'Idempotency-Key': key }) } });

export const asking = (content: string): Partial<RunBody> => ({ additional_messages: [{ role: 'user', content }] });
export const ended = (stage: Stage, { id, thread_id }: Run): Promise<Run> => stage.runs.poll(id, { thread_id });
export const wordsOf = async (stage: Stage, threadId: string): Promise<string[]> => (await stage.messagesOf(threadId)).map((message) => `${message.role}: ${textOf(message)}`);

/** A thread whose run is under way until it is told to go on, and a way to ask for more runs on it. */
export async function busyThread(stage: Stage, step: Step = hold('First answer'), settings: Partial<AssistantCreateParams> = {}) {
  const { assistant_id, thread_id } = await stage.newPair(settings, 'Hello');
  stage.model.script(step);
  const first = await stage.runs.create(thread_id, { assistant_id });
  await step.reached;
  const ask = (whenBusy: WhenBusy, body: Partial<RunBody> = {}, key?: string): Promise<Run> => stage.runs.create(thread_id, { assistant_id, ...body }, when(whenBusy, key));
  const stream = (whenBusy: WhenBusy, body: Partial<RunBody> = {}) => stage.runs.create(thread_id, { assistant_id, ...body, stream: true }, when(whenBusy));
  return { assistant_id, thread_id, first, step, ask, stream };
}
