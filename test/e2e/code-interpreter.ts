/** Code for runs to execute, and what came of it. */
import { type CallSpec, calls, text } from '../support/scripted-model.ts';
import type { Message, Run, RunStep, ToolCall } from './clients/client.ts';
import type { Stage } from './stage.ts';

export const CODE = { type: 'code_interpreter' as const };
export const SALES = 'month,units\nJan,3\nFeb,5\nMar,4\n';

/** A call of the model's. */
export const code = (...lines: string[]): CallSpec => ({ name: 'code_interpreter', arguments: { code: lines.join('\n') } });

export type CodeCall = Extract<ToolCall, { type: 'code_interpreter' }>;

export const codeCalls = (step: RunStep | undefined): CodeCall[] => (step?.step_details.type === 'tool_calls' ? step.step_details.tool_calls.filter((call) => call.type === 'code_interpreter') : []);

/** What the code of a step has written. */
export const logsOf = (step: RunStep | undefined): string => codeCalls(step).flatMap(({ code_interpreter: { outputs } }) => outputs.flatMap((output) => (output.type === 'logs' ? [output.logs] : []))).join('');

/** The ids of the pictures that the code of a step has shown. */
export const imagesOf = (step: RunStep | undefined): string[] => codeCalls(step).flatMap(({ code_interpreter: { outputs } }) => outputs.flatMap((output) => (output.type === 'image' ? [output.image.file_id ?? ''] : [])));

/** The ids of the pictures in a message. */
export const picturesIn = (message: Message | undefined): string[] => (message?.content ?? []).flatMap((part) => (part.type === 'image_file' ? [part.image_file.file_id] : []));

/** The ids of the files that a message names as its own. */
export const attachedTo = (message: Message | undefined): (string | undefined)[] => (message?.attachments ?? []).map(({ file_id }) => file_id);

export const linksIn = (message: Message | undefined) => (message?.content ?? []).flatMap((part) => (part.type === 'text' ? part.text.annotations : []));

/** An assistant that can execute code, and a thread. */
export const newCoder = (stage: Stage, settings: Parameters<Stage['newAssistant']>[0] = {}) => stage.newPair({ tools: [CODE], ...settings });

type Pair = { assistant_id: string; thread_id: string };

export interface Executed {
  run: Run;
  steps: RunStep[];
  /** What each call has written. */
  logs: string[];
  message: Message | undefined;
}

/** A run whose model has each of these executed, one answer each, and then says that it is done. */
export async function execute(stage: Stage, { assistant_id, thread_id }: Pair, ...codes: string[]): Promise<Executed> {
  stage.model.script(...codes.map((each) => calls([code(each)])), text('Done.'));
  return finished(stage, { assistant_id, thread_id });
}

/** A run to its end, with what its model was scripted to say. */
export const finished = async (stage: Stage, { assistant_id, thread_id }: Pair): Promise<Executed> => outcome(stage, await stage.runs.createAndPoll(thread_id, { assistant_id }));

export async function outcome(stage: Stage, run: Run): Promise<Executed> {
  const [steps, messages] = await Promise.all([stage.stepsOf(run), stage.messagesOf(run.thread_id)]);
  const executed = steps.filter((step) => codeCalls(step).length > 0);
  return { run, steps, logs: executed.map(logsOf), message: messages.at(-1) };
}

/** What the model was shown of a call, the last one unless told otherwise. */
export function shownToModel(stage: Stage, callId?: string): string {
  const messages = stage.model.requests.at(-1)?.body.messages ?? [];
  const shown = messages.findLast((message) => message.role === 'tool' && (callId === undefined || message.tool_call_id === callId));
  return typeof shown?.content === 'string' ? shown.content : '';
}

export const contentOf = async (stage: Stage, fileId: string | undefined): Promise<Buffer> => Buffer.from(await (await stage.client.files.content(fileId ?? '')).arrayBuffer());

/** Width and height, as a PNG's header says. */
export function sizeOf(png: Buffer): [number, number] {
  if (png.subarray(0, 8).toString('latin1') !== '\u0089PNG\r\n\u001a\n') throw new Error(`no PNG: ${png.subarray(0, 20).toString()}`);
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}
